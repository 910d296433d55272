// Time: the monotonic clock, and the alarm.
#include <uv.h>

#include "alarm.h"
#include "arguments.h"
#include "calls.h"
#include "environment.h"
#include "values.h"

namespace dugong {

napi_value Now(napi_env env, napi_callback_info) { return valueOf(env, static_cast<double>(uv_hrtime()) / 1e6); }

napi_value SetAlarm(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "setAlarm");
  int milliseconds = 0;
  if (!arguments.integer(0, "milliseconds", &milliseconds)) return nullptr;
  if (milliseconds < 1) return arguments.rangeError("milliseconds", "must be at least 1");
  Environment& environment = arguments.environment();
  if (environment.readyCallback() == nullptr) return arguments.error("onReady()", "must be called first");
  environment.alarm().set(static_cast<uint64_t>(milliseconds));
  return arguments.result(0);
}

napi_value HoldAlarm(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "holdAlarm");
  int holding = 0;
  if (!arguments.integer(0, "holding", &holding)) return nullptr;
  arguments.environment().alarm().hold(holding != 0);
  return arguments.result(0);
}

}  // namespace dugong
