// Makes a descriptor non-blocking and close-on-exec where the call that created it could not (macOS has neither
// SOCK_NONBLOCK nor pipe2).
#pragma once

#include <fcntl.h>

namespace dugong {

inline bool makeNonBlocking(int fd) {
  return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0;
}

}  // namespace dugong
