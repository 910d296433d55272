// Waiting with the thread blocked: poll(2) on one descriptor or many, owned or not. JavaScript cannot run meanwhile.
#include <poll.h>
#include <uv.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <vector>

#include "arguments.h"
#include "calls.h"
#include "environment.h"
#include "wait.h"

namespace dugong {

namespace {

// However long the wait, look up this often whether the environment is being stopped: worker.terminate() and
// process.exit() wait for a worker's thread, and can interrupt its JavaScript but not its syscalls.
constexpr double kLookUpEvery = 250;

double now() { return static_cast<double>(uv_hrtime()) / 1e6; }

int pollOnce(pollfd* entries, nfds_t count, double timeout) {
  // Up, since waking before the time would make the caller come back to wait for the rest, again and again.
  const int ready = poll(entries, count, static_cast<int>(std::ceil(timeout)));
  return ready < 0 ? -errno : ready;
}

}  // namespace

int waitForDescriptors(const Environment& environment, pollfd* entries, nfds_t count, double timeout) {
  const bool forever = timeout < 0 || std::isinf(timeout);
  double left = forever ? kLookUpEvery : timeout;
  const double deadline = forever || timeout == 0 ? 0 : now() + timeout;
  for (;;) {
    const int ready = pollOnce(entries, count, std::min(left, kLookUpEvery));
    if (ready > 0 || (ready < 0 && ready != -EINTR)) return ready;
    // Interrupted, a look without waiting has not taken place.
    if (timeout == 0 && ready == 0) return 0;
    if (!forever && timeout != 0) {
      left = deadline - now();
      if (left <= 0 && ready == 0) return 0;
      left = std::max(left, 0.0);
    }
    if (environment.stopping()) return 0;
  }
}

napi_value PollOne(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info, "pollOne");
  int fd = 0;
  int mask = 0;
  double timeout = 0;
  if (!arguments.descriptor(0, &fd) || !arguments.integer(1, "mask", &mask) ||
      !timeoutArgument(arguments, 2, &timeout)) {
    return nullptr;
  }
  pollfd entry{fd, static_cast<short>(mask), 0};
  const int ready = waitForDescriptors(arguments.environment(), &entry, 1, timeout);
  return arguments.result(ready > 0 ? entry.revents : ready);
}

napi_value Poll(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info, "poll");
  napi_typedarray_type type;
  size_t length;
  void* data = nullptr;
  double timeout = 0;
  if (napi_get_typedarray_info(env, arguments[0], &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_int32_array) {
    arguments.fail<Napi::TypeError>("entries", "must be an Int32Array");
    return nullptr;
  }
  if (length % 3 != 0) {
    arguments.fail<Napi::RangeError>("entries", "must hold triples of fd, events, revents");
    return nullptr;
  }
  if (!timeoutArgument(arguments, 1, &timeout)) return nullptr;
  int32_t* const triples = static_cast<int32_t*>(data);
  std::vector<pollfd> entries(length / 3);
  for (size_t i = 0; i < entries.size(); i++) {
    entries[i] = {triples[3 * i], static_cast<short>(triples[3 * i + 1]), 0};
  }
  const int ready = waitForDescriptors(arguments.environment(), entries.data(), static_cast<nfds_t>(entries.size()), timeout);
  if (ready < 0) return arguments.result(ready);
  for (size_t i = 0; i < entries.size(); i++) triples[3 * i + 2] = entries[i].revents;
  return arguments.result(ready);
}

}  // namespace dugong
