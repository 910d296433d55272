// One descriptor on the environment's event loop: a uv_poll_t, which libuv allows once per fd, and the directions that JavaScript
// waits for. Avoids system calls where it can. Does not touch the bytes.
#pragma once

#include <uv.h>

namespace dugong {

class Environment;

class Watcher {
 public:
  // Registers itself with the environment. 0 or an error.
  static int open(Environment& environment, int fd, Watcher** out);

  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  int fd() const { return fd_; }
  int interest() const { return interest_; }

  // Waits for these directions (POLLIN | POLLOUT) and no others, until each is reported once. Keeps the loop alive until then. 0 or
  // an error.
  int await(int interest);
  // These directions no longer keep the loop alive.
  void release(int directions);
  // Detaches from the environment at once; libuv's close callback frees the memory.
  void close();

 private:
  Watcher(Environment& environment, int fd) : environment_(environment), fd_(fd) {}
  ~Watcher() = default;

  static void onPoll(uv_poll_t* handle, int status, int events);
  int arm(int events);
  // No direction has a waiter now.
  void rest();
  // Keeps the loop alive if a direction in `holding_` has a waiter.
  void hold();

  Environment& environment_;
  const int fd_;
  // The directions that JavaScript waits for, and those that the kernel watches: a superset, or out of date, on purpose (see
  // watcher.cc).
  int interest_ = 0;
  int armed_ = 0;
  // The directions in `interest_` that keep the loop alive.
  int holding_ = 0;
  uv_poll_t handle_;
};

}  // namespace dugong
