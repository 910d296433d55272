// Waiting with the thread blocked: poll(2) on one descriptor or many, owned or not. JavaScript cannot run meanwhile.
#include <uv.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "arguments.h"
#include "calls.h"
#include "environment.h"
#include "platform.h"
#include "wait.h"

namespace dugong {

namespace {

// Milliseconds between two looks at whether the environment stops: worker.terminate() and process.exit() wait for a worker's thread,
// and interrupt its JavaScript, but not its system calls.
constexpr double kLookUpEvery = 250;

double now() { return static_cast<double>(uv_hrtime()) / 1e6; }

int pollOnce(pollfd* entries, nfds_t count, double timeout) {
  // Rounded up: a wait that ends too early makes the caller wait for the rest, again and again.
  return orError(poll(entries, count, static_cast<int>(std::ceil(timeout))));
}

}  // namespace

int waitForDescriptors(Environment& environment, pollfd* entries, nfds_t count, const Wait& wait) {
  const double timeout = wait.timeout;
  const bool forever = timeout < 0 || std::isinf(timeout);
  double left = forever ? kLookUpEvery : timeout;
  const double deadline = forever || timeout == 0 ? 0 : now() + timeout;
  const nfds_t others = count - 1;
  pollfd& signals = entries[others];
  signals = {wait.signals.any ? environment.signals().pipe() : -1, POLLIN, 0};
  for (;;) {
    const int result = pollOnce(entries, count, std::min(left, kLookUpEvery));
    const bool told = result > 0 && signals.revents != 0;
    const int ready = told ? result - 1 : result;
    if (wait.signals.any && (told || signals.fd < 0)) {
      if (environment.signals().caught(wait.signals.except)) return UV_EINTR;
      // The bytes in the pipe belong to no heeded signal, and stay there. From now on, EINTR or the regular look finds signals.
      if (told) signals.fd = -1;
    }
    if (ready > 0 || (ready < 0 && ready != UV_EINTR)) return ready;
    // After EINTR, a poll without waiting has not looked yet.
    if (timeout == 0 && ready == 0 && !told) return 0;
    if (!forever && timeout != 0) {
      left = deadline - now();
      if (left <= 0 && ready == 0) return 0;
      left = std::max(left, 0.0);
    }
    if (environment.stopping()) return 0;
  }
}

napi_value PollOne(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info, "pollOne");
  int fd = 0;
  int mask = 0;
  Wait wait;
  if (!arguments.descriptor(0, &fd) || !arguments.integer(1, "mask", &mask) || !waitArguments(arguments, 2, &wait)) {
    return nullptr;
  }
  pollfd entries[2] = {{fd, static_cast<short>(mask), 0}, {}};
  const int ready = waitForDescriptors(arguments.environment(), entries, 2, wait);
  return arguments.result(ready > 0 ? entries[0].revents : ready);
}

napi_value Poll(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info, "poll");
  napi_typedarray_type type;
  size_t length;
  void* data = nullptr;
  Wait wait;
  if (napi_get_typedarray_info(env, arguments[0], &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_int32_array) {
    return arguments.typeError("entries", "must be an Int32Array");
  }
  if (length % 3 != 0) return arguments.rangeError("entries", "must hold triples of fd, events, revents");
  if (!waitArguments(arguments, 1, &wait)) return nullptr;
  int32_t* const triples = static_cast<int32_t*>(data);
  const size_t count = length / 3;
  std::vector<pollfd> entries(count + 1);
  for (size_t i = 0; i < count; i++) {
    entries[i] = {triples[3 * i], static_cast<short>(triples[3 * i + 1]), 0};
  }
  const int ready = waitForDescriptors(arguments.environment(), entries.data(), static_cast<nfds_t>(count + 1), wait);
  if (ready < 0) return arguments.result(ready);
  for (size_t i = 0; i < count; i++) triples[3 * i + 2] = entries[i].revents;
  return arguments.result(ready);
}

}  // namespace dugong
