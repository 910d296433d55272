// Waits in poll(2) with the thread blocked, for callers that have a pollfd.
#pragma once

#include <cmath>

#include "arguments.h"
#include "environment.h"
#include "platform.h"

namespace dugong {

// The signals that end a wait: none, or all that the process listens for but `except` (0: all).
struct Heeded {
  bool any = false;
  int except = 0;
};

struct Wait {
  // Milliseconds; negative or infinite means for ever.
  double timeout = 0;
  Heeded signals;
};

// Fills in the last entry itself, for the signals. Returns the number of other entries that are ready, 0 when the time is over, or
// an error: UV_EINTR for a signal in `wait.signals`, also for one that came before and whose listener has not run yet. Other signals do
// not shorten the wait. Returns 0 early when the environment stops.
int waitForDescriptors(Environment& environment, pollfd* entries, nfds_t count, const Wait& wait);

template <size_t count>
bool timeoutArgument(const Arguments<count>& arguments, size_t index, double* out) {
  if (!arguments.number(index, "timeoutMs", out)) return false;
  return std::isnan(*out) ? arguments.rangeError("timeoutMs", "must not be NaN") : true;
}

// The arguments `timeoutMs, signals?` from `index` on. `signals` is undefined (none ends the wait), or the one that does not end it.
template <size_t count>
bool waitArguments(const Arguments<count>& arguments, size_t index, Wait* out) {
  if (!timeoutArgument(arguments, index, &out->timeout)) return false;
  if (!arguments.given(index + 1)) return true;
  out->signals.any = true;
  return arguments.integer(index + 1, "signals", &out->signals.except);
}

}  // namespace dugong
