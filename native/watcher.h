// One descriptor on the environment's event loop: a uv_poll_t, which libuv allows once per fd, and the directions that
// JavaScript waits for on it. Knows when to bother the kernel and when not; knows nothing of what the bytes mean.
#pragma once

#include <uv.h>

namespace dugong {

class Environment;

class Watcher {
 public:
  // Registers itself with the environment. 0 or -errno.
  static int open(Environment& environment, int fd, Watcher** out);

  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  int fd() const { return fd_; }
  int interest() const { return interest_; }

  // Waits for these directions (POLLIN | POLLOUT) and no others, until each was reported once. 0 or -errno. The loop stays
  // alive meanwhile,
  int await(int interest);
  // unless that is released for all of them.
  void release(int directions);
  // Detaches from the environment at once; the memory goes when libuv is done with the handle.
  void close();

 private:
  Watcher(Environment& environment, int fd) : environment_(environment), fd_(fd) {}
  ~Watcher() = default;

  static void onPoll(uv_poll_t* handle, int status, int events);
  int arm(int events);
  // Nothing is of interest now.
  void rest();
  // Keeps the loop alive if that is wanted for something of interest.
  void hold();

  Environment& environment_;
  const int fd_;
  // What JavaScript waits for, and what the kernel was asked for: a superset, or out of date, on purpose (see
  // watcher.cc).
  int interest_ = 0;
  int armed_ = 0;
  // Those of interest that keep the loop alive.
  int holding_ = 0;
  uv_poll_t handle_;
};

}  // namespace dugong
