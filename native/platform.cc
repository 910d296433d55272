// See platform.h.
#include "platform.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>

namespace dugong {

namespace {

#ifdef __linux__
constexpr int kSendFlags = MSG_NOSIGNAL;
#else
constexpr int kSendFlags = 0;  // the socket has SO_NOSIGPIPE
#endif

template <typename Call>
int retried(Call call) {
  int result;
  do {
    result = orError(call());
  } while (result == UV_EINTR);
  return result;
}

#ifndef __linux__

// macOS has neither SOCK_NONBLOCK nor pipe2(). Returns 0, or an error after it has closed the descriptor.
int makeNonBlocking(int fd) {
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0) return 0;
  const int error = lastError();
  closeDescriptor(fd);
  return error;
}

#endif

}  // namespace

int openSocket(int family) {
#ifdef __linux__
  return orError(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
#else
  const int fd = orError(socket(family, SOCK_STREAM, 0));
  if (fd < 0) return fd;
  const int error = makeNonBlocking(fd);
  if (error < 0) return error;
  setOption(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
  return fd;
#endif
}

int setOption(int fd, int level, int option, int value) {
  return orError(setsockopt(fd, level, option, &value, sizeof value));
}

int keepAlive(int fd, int idle_seconds) {
#ifdef TCP_KEEPIDLE
  constexpr int kIdle = TCP_KEEPIDLE;
#else
  constexpr int kIdle = TCP_KEEPALIVE;
#endif
  const int error = setOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  return error < 0 ? error : setOption(fd, IPPROTO_TCP, kIdle, idle_seconds);
}

int startConnecting(int fd, const sockaddr* address, socklen_t length) {
  const int result = orError(connect(fd, address, length));
  // After EINTR the connect goes on by itself; a second call would return EALREADY.
  return result == UV_EINTR ? kInProgress : result;
}

int takeSocketError(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  const int result = orError(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
  return result < 0 ? result : named(error);
}

int receive(int fd, void* data, size_t length) {
  return retried([&] { return recv(fd, data, std::min(length, kMaxTransfer), 0); });
}

int transmit(int fd, const void* data, size_t length) {
  return retried([&] { return send(fd, data, std::min(length, kMaxTransfer), kSendFlags); });
}

int transmitVectors(int fd, iovec* vectors, size_t count) {
  msghdr message{};
  message.msg_iov = vectors;
  message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(count);
  return retried([&] { return sendmsg(fd, &message, kSendFlags); });
}

int closeDescriptor(int fd) {
  const int result = orError(close(fd));
  // No second try after EINTR: the number is free then, and may already name a descriptor of another thread.
  return result == UV_EINTR ? 0 : result;
}

int openPipe(int ends[2]) {
#ifdef __linux__
  return orError(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
#else
  if (pipe(ends) != 0) return lastError();
  for (int i = 0; i < 2; i++) {
    const int error = makeNonBlocking(ends[i]);
    if (error == 0) continue;
    closeDescriptor(ends[1 - i]);
    return error;
  }
  return 0;
#endif
}

void writeByte(int end) {
  const char byte = 0;
  retried([&] { return write(end, &byte, 1); });
}

int initForeignPoll(uv_loop_t* loop, uv_poll_t* handle, int fd) {
  const int flags = orError(fcntl(fd, F_GETFL));
  if (flags < 0) return flags;
  const int status = uv_poll_init(loop, handle, fd);
  if ((flags & O_NONBLOCK) == 0) fcntl(fd, F_SETFL, flags);
  return status;
}

int startThread(void* (*body)(void*), void* argument) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  // Not std::thread: it reports a failure by an exception only.
  const int error = pthread_create(&thread, nullptr, body, argument);
  if (error == 0) pthread_detach(thread);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return -error;
}

void stayLoaded() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&stayLoaded), &info) == 0 || info.dli_fname == nullptr) return;
  dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

void* findExported(const char* name) { return dlsym(RTLD_DEFAULT, name); }

}  // namespace dugong
