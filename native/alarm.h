// The one timer of an environment's event loop: a uv_timer_t. It reports that a time has come. JavaScript keeps what is due then,
// and sets the next time.
#pragma once

#include <uv.h>

#include <cstdint>

namespace dugong {

class Environment;

class Alarm {
 public:
  explicit Alarm(Environment& environment);

  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  // Goes off once, this many milliseconds from now (at least 1). Replaces the time that was set before.
  void set(uint64_t milliseconds);
  // Whether the alarm keeps the loop alive until it goes off.
  void hold(bool holding);
  // libuv's close callback frees the memory.
  void close();

 private:
  ~Alarm() = default;

  static void onTimer(uv_timer_t* handle);

  Environment& environment_;
  uv_timer_t handle_;
};

}  // namespace dugong
