// Bytes between a socket and JavaScript's buffers: recv, send, sendmsg. Each makes one syscall on memory that
// JavaScript owns and keeps no pointer beyond it. Would-block is a result like any other.
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

#include "arguments.h"
#include "calls.h"
#include "environment.h"

namespace dugong {

namespace {

#ifdef MSG_NOSIGNAL
constexpr int kSendFlags = MSG_NOSIGNAL;
#else
constexpr int kSendFlags = 0;  // SO_NOSIGPIPE is set on the socket instead
#endif

// Linux transfers at most 2^31 - 4096 bytes at a time and macOS refuses 2^31; no socket buffer comes near this.
constexpr size_t kMaxTransfer = size_t{1} << 30;

// IOV_MAX of every supported system.
constexpr uint32_t kMaxVectors = 1024;

template <typename Call>
int retried(Call call) {
  ssize_t result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : static_cast<int>(result);
}

napi_value skipFailure(const Arguments<3>& arguments) {
  arguments.fail<Napi::RangeError>("skip", "must be an integer within the first buffer");
  return nullptr;
}

}  // namespace

napi_value Recv(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info, "recv");
  int fd = 0;
  Bytes bytes;
  if (!arguments.descriptor(0, &fd) || !arguments.range(1, &bytes)) return nullptr;
  if (bytes.length == 0) {
    arguments.fail<Napi::RangeError>("length", "must not be 0: the result would look like the end of the stream");
    return nullptr;
  }
  if (!arguments.environment().owns(fd)) return arguments.result(-EBADF);
  const size_t length = std::min(bytes.length, kMaxTransfer);
  return arguments.result(retried([&] { return recv(fd, bytes.data, length, 0); }));
}

napi_value Send(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info, "send");
  int fd = 0;
  Bytes bytes;
  if (!arguments.descriptor(0, &fd) || !arguments.range(1, &bytes)) return nullptr;
  if (!arguments.environment().owns(fd)) return arguments.result(-EBADF);
  const size_t length = std::min(bytes.length, kMaxTransfer);
  return arguments.result(retried([&] { return send(fd, bytes.data, length, kSendFlags); }));
}

napi_value SendV(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info, "sendv");
  int fd = 0;
  double skip = 0;
  uint32_t count;
  if (!arguments.descriptor(0, &fd) || !arguments.number(2, "skip", &skip)) return nullptr;
  if (napi_get_array_length(env, arguments[1], &count) != napi_ok) {
    arguments.fail<Napi::TypeError>("buffers", "must be an array");
    return nullptr;
  }
  if (!arguments.isCount(skip)) return skipFailure(arguments);
  // The rest is for the next call, as after any short write.
  count = std::min(count, kMaxVectors);
  napi_value elements[kMaxVectors];
  iovec vectors[kMaxVectors];
  // First all elements, then all pointers: a getter among the elements may detach a buffer that was looked at already.
  for (uint32_t i = 0; i < count; i++) {
    if (napi_get_element(env, arguments[1], i, &elements[i]) != napi_ok) return nullptr;
  }
  size_t left_out = static_cast<size_t>(skip);
  size_t total = 0;
  for (uint32_t i = 0; i < count; i++) {
    Bytes bytes;
    if (!arguments.array(elements[i], "buffers", &bytes)) return nullptr;
    if (left_out > bytes.length) break;
    if (left_out > 0) bytes.data += left_out;
    bytes.length -= left_out;
    left_out = 0;
    const size_t length = std::min(bytes.length, kMaxTransfer - total);
    vectors[i] = {bytes.data, length};
    total += length;
  }
  if (left_out > 0) return skipFailure(arguments);
  if (!arguments.environment().owns(fd)) return arguments.result(-EBADF);
  msghdr message{};
  message.msg_iov = vectors;
  message.msg_iovlen = count;
  return arguments.result(retried([&] { return sendmsg(fd, &message, kSendFlags); }));
}

}  // namespace dugong
