// Time: the monotonic clock, and the alarm.
#include <uv.h>

#include "alarm.h"
#include "arguments.h"
#include "calls.h"
#include "environment.h"

namespace dugong {

napi_value Now(napi_env env, napi_callback_info) {
  napi_value result;
  if (napi_create_double(env, static_cast<double>(uv_hrtime()) / 1e6, &result) != napi_ok) return nullptr;
  return result;
}

napi_value SetAlarm(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "setAlarm");
  int milliseconds = 0;
  if (!arguments.integer(0, "milliseconds", &milliseconds)) return nullptr;
  if (milliseconds < 1) {
    arguments.fail<Napi::RangeError>("milliseconds", "must be at least 1");
    return nullptr;
  }
  Environment& environment = arguments.environment();
  if (environment.readyCallback() == nullptr) {
    arguments.fail<Napi::Error>("onReady()", "must be called first");
    return nullptr;
  }
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
