// Which signals have come that this process listens for, and whose listeners have not run yet: that is what ends a blocked
// wait, since listeners run in turns of the event loop alone. It installs no handler of its own: libuv's writes to a pipe
// of the loop and counts in the handle of each listener, both of which are only looked at. Knows nothing of waiting.
#pragma once

#include <uv.h>

#include <cstdint>
#include <map>
#include <vector>

namespace dugong {

// False in a runtime that has Node-API, and of libuv a few names only (Deno).
bool haveLibuv();

class Signals {
 public:
  explicit Signals(uv_loop_t* loop) : loop_(loop) {}

  // Becomes readable when a signal comes that has a handle in this loop, Node's own for the ends of its child processes
  // included, and stays so until the loop turns. -1 if there is no such pipe.
  int pipe();

  // Whether there are signals with listeners, other than `except` (0: none), that the last call with this answer did not
  // report. Each ends one wait only: the code that gives up may have to wait for something, too. One whose listener runs does
  // not count (on Linux; elsewhere it does, if another one comes meanwhile).
  bool caught(int except);

  // Those that the last `caught()` found.
  const std::vector<int>& reported() const { return reported_; }

 private:
  uv_loop_t* loop_;
  // Looked for once; see pipe().
  bool known_ = false;
  int pipe_ = -1;
  std::vector<int> reported_;
  // By signal: how often it had come when it was reported, and in which turn of the loop. In another turn the handle may
  // be a new one, which counts from the start.
  struct Report {
    unsigned int count;
    uint64_t turn;
  };
  std::map<int, Report> reports_;
};

}  // namespace dugong
