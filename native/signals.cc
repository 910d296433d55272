// See signals.h. The (public) structure uv_signal_t counts how often its signal was caught, and how often libuv dispatched it.
// uv_walk() finds the handles, except libuv's own (SIGCHLD). While a listener runs, its signal does not count as dispatched yet, but
// libuv's message about it has left the pipe.
#include "signals.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <optional>

#include "arguments.h"
#include "calls.h"
#include "environment.h"
#include "platform.h"
#include "values.h"

// Weak, so that the addon also loads in a runtime without libuv, where nothing calls them.
#pragma weak uv_walk
#pragma weak uv_metrics_info

namespace dugong {

namespace {

struct Pending {
  const uv_signal_t* handle;
  int signal;
  unsigned int count;
};

// The message that libuv's handler writes for each handle (its unix/signal.c).
struct Message {
  const uv_signal_t* handle;
  int signal;
};

void collect(uv_handle_t* handle, void* data) {
  if (handle->type != UV_SIGNAL || uv_is_active(handle) == 0) return;
  const uv_signal_t* const signal = reinterpret_cast<uv_signal_t*>(handle);
  if (signal->caught_signals == signal->dispatched_signals) return;
  static_cast<std::vector<Pending>*>(data)->push_back({signal, signal->signum, signal->caught_signals});
}

// Copies of the messages that the loop has not read; they stay in the pipe. Nothing where the system cannot do that.
std::optional<std::vector<Message>> unread([[maybe_unused]] int pipe) {
#ifdef __linux__
  int length = 0;
  int ends[2];
  if (ioctl(pipe, FIONREAD, &length) != 0 || openPipe(ends) < 0) return std::nullopt;
  std::vector<Message> messages(static_cast<size_t>(length) / sizeof(Message));
  const size_t size = messages.size() * sizeof(Message);
  const bool copied = size > 0 && tee(pipe, ends[1], size, SPLICE_F_NONBLOCK) == static_cast<ssize_t>(size) &&
                      read(ends[0], messages.data(), size) == static_cast<ssize_t>(size);
  closeDescriptor(ends[0]);
  closeDescriptor(ends[1]);
  if (copied || length == 0) return messages;
#endif
  return std::nullopt;
}

// Removes signals whose listener runs, or runs next: a blocked call inside that listener goes on.
void keepUnread(std::vector<Pending>* pending, int pipe) {
  if (pending->empty()) return;
  const std::optional<std::vector<Message>> messages = unread(pipe);
  if (!messages) return;
  const auto read = [&](const Pending& each) {
    return std::none_of(messages->begin(), messages->end(),
                        [&](const Message& message) { return message.handle == each.handle; });
  };
  pending->erase(std::remove_if(pending->begin(), pending->end(), read), pending->end());
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
  keepUnread(&pending, pipe());
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
  return valueOf(env, arguments.environment().signals().reported());
}

}  // namespace dugong
