// Waiting in poll(2) with the thread blocked, for those who have a pollfd.
#pragma once

#include <poll.h>

#include <cmath>

#include "arguments.h"
#include "environment.h"

namespace dugong {

// Which signals end a wait: of those that the process listens for, none, or all but one (0: all).
struct Heeded {
  bool any = false;
  int except = 0;
};

struct Wait {
  // Milliseconds; negative or infinite is for ever.
  double timeout = 0;
  Heeded signals;
};

// The last of the entries is filled in here: it is for the signals. The number of the others that are ready, 0 when the
// time is over, or -errno: -EINTR for a signal that is heeded, also if it came before and its listener has not run yet. Any
// other does not shorten the wait. Returns 0 early when the environment is being stopped.
int waitForDescriptors(Environment& environment, pollfd* entries, nfds_t count, const Wait& wait);

template <size_t count>
bool timeoutArgument(const Arguments<count>& arguments, size_t index, double* out) {
  if (!arguments.number(index, "timeoutMs", out)) return false;
  return std::isnan(*out) ? arguments.template fail<Napi::RangeError>("timeoutMs", "must not be NaN") : true;
}

// The arguments `timeoutMs, signals?` from `index` on. `signals` is undefined (none is heeded), or the one that is not.
template <size_t count>
bool waitArguments(const Arguments<count>& arguments, size_t index, Wait* out) {
  if (!timeoutArgument(arguments, index, &out->timeout)) return false;
  if (!arguments.given(index + 1)) return true;
  out->signals.any = true;
  return arguments.integer(index + 1, "signals", &out->signals.except);
}

}  // namespace dugong
