// Common to every transfer over a socket, plain or below TLS: a call that a signal interrupts is repeated, and a peer that is gone is
// an errno, not a signal.
#pragma once

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>

namespace dugong {

#ifdef MSG_NOSIGNAL
constexpr int kSendFlags = MSG_NOSIGNAL;
#else
constexpr int kSendFlags = 0;  // the socket has SO_NOSIGPIPE
#endif

// Linux transfers at most 2^31 - 4096 bytes at a time and macOS refuses 2^31; no socket buffer comes near this.
constexpr size_t kMaxTransfer = size_t{1} << 30;

// The count that `call` returns, or the negated errno.
template <typename Call>
int retried(Call call) {
  ssize_t result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : static_cast<int>(result);
}

}  // namespace dugong
