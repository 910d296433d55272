// See key-log.h.
#include "key-log.h"

#include <cstring>

#include "platform.h"

namespace dugong {

KeyLog::~KeyLog() {
  if (fd_ >= 0) closeDescriptor(fd_);
}

bool KeyLog::open(const std::string& path, std::string* problem) {
  // The file holds secrets: only its owner may read it. An existing file keeps its mode.
  fd_ = orError(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600));
  struct stat status;
  if (fd_ >= 0 && fstat(fd_, &status) == 0 && S_ISREG(status.st_mode)) return true;
  // ENXIO: a FIFO without a reader, or a socket.
  *problem = fd_ >= 0 || fd_ == UV_ENXIO ? "it is no regular file" : std::strerror(-fd_);
  return false;
}

void KeyLog::append(const char* line) const {
  char newline = '\n';
  // In one call: lines of several processes that append to one file stay whole.
  const iovec parts[] = {{const_cast<char*>(line), std::strlen(line)}, {&newline, 1}};
  while (orError(writev(fd_, parts, 2)) == UV_EINTR) {
  }
}

}  // namespace dugong
