// Bytes between a socket and JavaScript's buffers: recv, send, sendmsg. Each function makes one system call on memory that
// JavaScript owns, and keeps no pointer to it. Would-block is a result like any other.
#include "arguments.h"
#include "buffer-list.h"
#include "calls.h"
#include "environment.h"
#include "platform.h"

namespace dugong {

napi_value Recv(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info, "recv");
  int fd = 0;
  Bytes bytes;
  if (!arguments.descriptor(0, &fd) || !arguments.range(1, &bytes)) return nullptr;
  if (bytes.length == 0) {
    return arguments.rangeError("length", "must not be 0: the result would look like the end of the stream");
  }
  if (!arguments.environment().owns(fd)) return arguments.result(UV_EBADF);
  return arguments.result(receive(fd, bytes.data, bytes.length));
}

napi_value Send(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info, "send");
  int fd = 0;
  Bytes bytes;
  if (!arguments.descriptor(0, &fd) || !arguments.range(1, &bytes)) return nullptr;
  if (!arguments.environment().owns(fd)) return arguments.result(UV_EBADF);
  return arguments.result(transmit(fd, bytes.data, bytes.length));
}

napi_value SendV(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info, "sendv");
  int fd = 0;
  BufferList buffers;
  if (!arguments.descriptor(0, &fd) || !buffers.read(env, arguments)) return nullptr;
  if (!arguments.environment().owns(fd)) return arguments.result(UV_EBADF);
  return arguments.result(transmitVectors(fd, buffers.vectors(), buffers.count()));
}

}  // namespace dugong
