// The one timer of an environment's event loop: a uv_timer_t. It says that a time has come; what is due then, and when the next
// time is, JavaScript knows.
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

  // Goes off once, so many milliseconds from now, at least 1, in place of any time before.
  void set(uint64_t milliseconds);
  // Whether the loop stays alive until it goes off.
  void hold(bool holding);
  // The memory goes when libuv is done with the handle.
  void close();

 private:
  ~Alarm() = default;

  static void onTimer(uv_timer_t* handle);

  Environment& environment_;
  uv_timer_t handle_;
};

}  // namespace dugong
