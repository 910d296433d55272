// Waiting in poll(2) with the thread blocked, for those who have a pollfd.
#pragma once

#include <poll.h>

#include <cmath>

#include "arguments.h"
#include "environment.h"

namespace dugong {

// Milliseconds; negative or infinite is for ever. The number of ready entries, 0 when the time is over, or -errno. EINTR
// does not shorten the wait. Returns 0 early when the environment is being stopped.
int waitForDescriptors(const Environment& environment, pollfd* entries, nfds_t count, double timeout);

template <size_t count>
bool timeoutArgument(const Arguments<count>& arguments, size_t index, double* out) {
  if (!arguments.number(index, "timeoutMs", out)) return false;
  return std::isnan(*out) ? arguments.template fail<Napi::RangeError>("timeoutMs", "must not be NaN") : true;
}

}  // namespace dugong
