// See signals.h. uv_signal_t says in its (public) structure how often its signal was caught, and how often that was handed
// on; the handles are found by uv_walk(), which leaves out those that libuv has for itself (SIGCHLD).
#include "signals.h"

#include <sys/stat.h>

#include "arguments.h"
#include "calls.h"
#include "environment.h"

// Runtimes without libuv lack these, and are to load the addon all the same: nothing here is called there.
#pragma weak uv_walk
#pragma weak uv_metrics_info

namespace dugong {

namespace {

struct Pending {
  int signal;
  unsigned int count;
};

void collect(uv_handle_t* handle, void* data) {
  if (handle->type != UV_SIGNAL || !uv_is_active(handle)) return;
  const uv_signal_t* const signal = reinterpret_cast<uv_signal_t*>(handle);
  if (signal->caught_signals == signal->dispatched_signals) return;
  static_cast<std::vector<Pending>*>(data)->push_back({signal->signum, signal->caught_signals});
}

uint64_t turnOf(uv_loop_t* loop) {
  uv_metrics_t metrics{};
  uv_metrics_info(loop, &metrics);
  return metrics.loop_count;
}

}  // namespace

bool haveLibuv() { return uv_walk != nullptr && uv_metrics_info != nullptr; }

int Signals::pipe() {
  if (known_) return pipe_;
  known_ = true;
  struct stat status;
  const int fd = loop_->signal_pipefd[0];
  if (fd >= 0 && fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode)) pipe_ = fd;
  return pipe_;
}

bool Signals::caught(int except) {
  std::vector<Pending> pending;
  uv_walk(loop_, collect, &pending);
  const uint64_t turn = turnOf(loop_);
  reported_.clear();
  for (const Pending& each : pending) {
    if (each.signal == except) continue;
    const auto [place, first] = reports_.try_emplace(each.signal, Report{each.count, turn});
    if (!first && place->second.count == each.count && place->second.turn == turn) continue;
    place->second = {each.count, turn};
    reported_.push_back(each.signal);
  }
  return !reported_.empty();
}

napi_value CaughtSignals(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "caughtSignals");
  const std::vector<int>& reported = arguments.environment().signals().reported();
  napi_value list;
  if (napi_create_array_with_length(env, reported.size(), &list) != napi_ok) return nullptr;
  for (size_t i = 0; i < reported.size(); i++) {
    napi_set_element(env, list, static_cast<uint32_t>(i), arguments.result(reported[i]));
  }
  return list;
}

}  // namespace dugong
