// The TLS sessions that servers have handed out for resumption, per context: the latest few for each key (the caller's name
// for a server, e.g. host and port). Sessions of TLS 1.3 are handed out once (RFC 8446 C.4), those of TLS 1.2 as often as
// they are valid. Knows no sockets; refuses to keep more than a bounded number.
#pragma once

#include <list>
#include <string>

#include "openssl.h"

namespace dugong {

class TLSSessions {
 public:
  void add(const std::string& key, openssl::Session session);
  // The newest that can still be resumed, or none.
  openssl::Session take(const std::string& key);

 private:
  struct Entry {
    std::string key;
    openssl::Session session;
  };
  // Oldest first. Short enough to be searched from end to end for each new connection.
  std::list<Entry> entries_;
};

}  // namespace dugong
