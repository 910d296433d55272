// The sessions of one context that servers have sent for resumption: the latest few for each key (the caller's name for a server,
// e.g. host and port). take() returns a session of TLS 1.3 once (RFC 8446 C.4), one of TLS 1.2 as long as it is valid. Keeps a
// bounded number. Knows no sockets.
#pragma once

#include <list>
#include <string>

#include "openssl.h"

namespace dugong {

class TLSSessions {
 public:
  void add(const std::string& key, openssl::Session session);
  // The newest session that can still be resumed, or none.
  openssl::Session take(const std::string& key);

 private:
  struct Entry {
    std::string key;
    openssl::Session session;
  };
  // Oldest first. Short enough for a search from end to end for each new connection.
  std::list<Entry> entries_;
};

}  // namespace dugong
