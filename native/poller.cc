// Interest in many descriptors, held by the kernel: epoll(7) on Linux, kqueue(2) elsewhere. The poller is a descriptor itself,
// readable while one of its descriptors is ready, so that any loop can wait for it. Does not know the waiters.
#ifdef __linux__
#include <sys/epoll.h>
#else
#include <sys/event.h>
#include <sys/time.h>
#endif

#include <algorithm>
#include <vector>

#include "arguments.h"
#include "calls.h"
#include "environment.h"
#include "platform.h"
#include "wait.h"

namespace dugong {

namespace {

struct Ready {
  int fd;
  int events;
};

#ifdef __linux__

int openPoller() { return orError(epoll_create1(EPOLL_CLOEXEC)); }

int change(int poller, int fd, int mask, int old) {
  epoll_event event{};
  // The bits of epoll(7) are those of poll(2).
  event.events = static_cast<uint32_t>(mask);
  event.data.fd = fd;
  const int operation = mask == 0 ? EPOLL_CTL_DEL : old == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  return orError(epoll_ctl(poller, operation, fd, &event));
}

int readyNow(int poller, std::vector<Ready>& out) {
  std::vector<epoll_event> events(out.size());
  const int count = orError(epoll_wait(poller, events.data(), static_cast<int>(events.size()), 0));
  if (count < 0) return count == UV_EINTR ? 0 : count;
  for (size_t i = 0; i < static_cast<size_t>(count); i++) {
    out[i] = {events[i].data.fd, static_cast<int>(events[i].events)};
  }
  return count;
}

#else

int openPoller() {
  const int fd = orError(kqueue());
  if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

int change(int poller, int fd, int mask, int old) {
  const struct {
    int event;
    int16_t filter;
  } directions[] = {{POLLIN, EVFILT_READ}, {POLLOUT, EVFILT_WRITE}};
  struct kevent changes[2];
  int count = 0;
  for (const auto& each : directions) {
    const bool wanted = (mask & each.event) != 0;
    if (wanted == ((old & each.event) != 0)) continue;
    EV_SET(&changes[count++], static_cast<uintptr_t>(fd), each.filter, wanted ? EV_ADD : EV_DELETE, 0, 0, nullptr);
  }
  return orError(kevent(poller, changes, count, nullptr, 0, nullptr));
}

int readyNow(int poller, std::vector<Ready>& out) {
  std::vector<struct kevent> events(out.size());
  const timespec none{};
  const int count = orError(kevent(poller, nullptr, 0, events.data(), static_cast<int>(events.size()), &none));
  if (count < 0) return count == UV_EINTR ? 0 : count;
  for (size_t i = 0; i < static_cast<size_t>(count); i++) {
    const int direction = events[i].filter == EVFILT_READ ? POLLIN : POLLOUT;
    out[i] = {static_cast<int>(events[i].ident), direction | ((events[i].flags & EV_EOF) != 0 ? POLLHUP : 0)};
  }
  return count;
}

#endif

}  // namespace

napi_value OpenPoller(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "openPoller");
  const int fd = openPoller();
  if (fd >= 0) arguments.environment().own(fd);
  return arguments.result(fd);
}

napi_value OpenBell(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "openBell");
  int ends[2];
  const int opened = openPipe(ends);
  if (opened < 0) return arguments.result(opened);
  closeDescriptor(ends[1]);
  arguments.environment().own(ends[0]);
  return arguments.result(ends[0]);
}

napi_value ChangePoller(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info, "changePoller");
  int poller = 0;
  int fd = 0;
  int mask = 0;
  int old = 0;
  if (!arguments.descriptor(0, &poller) || !arguments.descriptor(1, &fd) || !arguments.integer(2, "mask", &mask) ||
      !arguments.integer(3, "oldMask", &old)) {
    return nullptr;
  }
  if (!arguments.environment().owns(poller)) return arguments.result(UV_EBADF);
  return arguments.result(change(poller, fd, mask, old));
}

napi_value WaitPoller(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info, "waitPoller");
  int poller = 0;
  napi_typedarray_type type;
  size_t length;
  void* data = nullptr;
  Wait wait;
  if (!arguments.descriptor(0, &poller)) return nullptr;
  if (napi_get_typedarray_info(env, arguments[1], &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_int32_array) {
    return arguments.typeError("events", "must be an Int32Array");
  }
  if (length < 2 || length % 2 != 0) return arguments.rangeError("events", "must hold pairs of fd, events");
  if (!waitArguments(arguments, 2, &wait)) return nullptr;
  if (!arguments.environment().owns(poller)) return arguments.result(UV_EBADF);
  std::vector<Ready> ready(length / 2);
  int count = 1;
  // Comes first even if descriptors are ready: only a wait notices signals.
  if (wait.timeout != 0 || wait.signals.any) {
    pollfd entries[2] = {{poller, POLLIN, 0}, {}};
    count = waitForDescriptors(arguments.environment(), entries, 2, wait);
  }
  if (count > 0) count = readyNow(poller, ready);
  int32_t* const pairs = static_cast<int32_t*>(data);
  for (size_t i = 0; i < static_cast<size_t>(std::max(count, 0)); i++) {
    pairs[2 * i] = ready[i].fd;
    pairs[2 * i + 1] = ready[i].events;
  }
  return arguments.result(count);
}

}  // namespace dugong
