// Finds signals that have come and whose listeners in this process have not run yet. They end a blocked wait, since listeners run
// only in turns of the event loop. Installs no handler: libuv's handler writes to a pipe of the loop and counts in the handle of each
// listener; this class only reads both. Does not wait.
#pragma once

#include <uv.h>

#include <cstdint>
#include <map>
#include <vector>

namespace dugong {

// False in a runtime that has Node-API, but only a few functions of libuv (Deno).
bool haveLibuv();

class Signals {
 public:
  explicit Signals(uv_loop_t* loop) : loop_(loop) {}

  // Readable from the arrival of a signal that has a handle in this loop (Node's own for SIGCHLD included) until the loop turns. -1
  // without such a pipe.
  int pipe();

  // Whether there are new signals with listeners, other than `except` (0: none). A signal counts once, and so ends one wait only: the
  // code that gives up then may have to wait itself. A signal whose listener runs does not count (on Linux; elsewhere it does if
  // another signal comes meanwhile).
  bool caught(int except);

  // The signals that the last caught() found.
  const std::vector<int>& reported() const { return reported_; }

 private:
  uv_loop_t* loop_;
  // Whether `pipe_` is set; see pipe().
  bool known_ = false;
  int pipe_ = -1;
  std::vector<int> reported_;
  // By signal: its count at the last report, and the turn of the loop then. In another turn the handle may be a new one, which counts
  // from 0.
  struct Report {
    unsigned int count;
    uint64_t turn;
  };
  std::map<int, Report> reports_;
};

}  // namespace dugong
