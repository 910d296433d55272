// See alarm.h.
#include "alarm.h"

#include "environment.h"

// Weak, as in signals.cc.
#pragma weak uv_update_time

namespace dugong {

Alarm::Alarm(Environment& environment) : environment_(environment) {
  // uv_timer_init() cannot fail.
  uv_timer_init(environment.loop(), &handle_);
  handle_.data = this;
  hold(false);
}

void Alarm::set(uint64_t milliseconds) {
  // The loop's time is that of the start of its turn, which may be long ago.
  uv_update_time(environment_.loop());
  uv_timer_start(&handle_, onTimer, milliseconds, 0);
}

void Alarm::hold(bool holding) {
  if (holding) {
    uv_ref(reinterpret_cast<uv_handle_t*>(&handle_));
  } else {
    uv_unref(reinterpret_cast<uv_handle_t*>(&handle_));
  }
}

void Alarm::close() {
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_), [](uv_handle_t* handle) {
    Alarm* alarm = static_cast<Alarm*>(handle->data);
    Environment& environment = alarm->environment_;
    delete alarm;
    environment.handleClosed();
  });
}

void Alarm::onTimer(uv_timer_t* handle) { static_cast<Alarm*>(handle->data)->environment_.report(-1, 0); }

}  // namespace dugong
