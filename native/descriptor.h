// Makes descriptors non-blocking and close-on-exec where the call that creates them cannot: macOS has neither SOCK_NONBLOCK nor
// pipe2().
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace dugong {

inline bool makeNonBlocking(int fd) {
  return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0;
}

// 0 or -errno.
inline int openPipe(int ends[2]) {
#ifdef __linux__
  return pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0 ? 0 : -errno;
#else
  if (pipe(ends) != 0) return -errno;
  if (makeNonBlocking(ends[0]) && makeNonBlocking(ends[1])) return 0;
  const int error = errno;
  close(ends[0]);
  close(ends[1]);
  return -error;
#endif
}

}  // namespace dugong
