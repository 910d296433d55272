// The file to which connections append their secrets (SSLKEYLOGFILE), for a tool that reads captured TLS.
#pragma once

#include <string>

namespace dugong {

class KeyLog {
 public:
  KeyLog() = default;
  KeyLog(const KeyLog&) = delete;
  KeyLog& operator=(const KeyLog&) = delete;
  ~KeyLog();

  // False with the reason in `problem`. Never waits: a plain open() of a FIFO waits for a reader.
  bool open(const std::string& path, std::string* problem);
  void append(const char* line) const;

 private:
  int fd_ = -1;
};

}  // namespace dugong
