// The addon's state for one Node environment (the main thread or one worker): the descriptors that it owns, the watchers, the alarm,
// and the function to which watchers and alarm report. No thread shares its Environment with another. Ends all of it when the
// environment ends. Does no I/O but close(2).
#pragma once

#include <node_api.h>
#include <uv.h>

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "signals.h"

namespace dugong {

class Alarm;
class Hold;
class Lookup;
class TLSConnection;
class Watcher;

class Environment {
 public:
  // Frees itself when the environment is cleaned up and the last of its uv handles is closed.
  static Environment* open(napi_env env);

  napi_env env() const { return env_; }
  uv_loop_t* loop() const { return loop_; }
  Signals& signals() { return signals_; }

  bool owns(int fd) const {
    return static_cast<size_t>(fd) < descriptors_.size() && descriptors_[static_cast<size_t>(fd)].owned;
  }
  void own(int fd);
  void own(int fd, std::shared_ptr<Lookup> lookup);
  // Ends the watcher, the lookup and the TLS of an owned descriptor, and closes it; 0 or an error.
  int close(int fd);
  Lookup* lookup(int fd) const;

  // The TLS on an owned descriptor, or nullptr. A second one that starts runs inside the first.
  TLSConnection* tls(int fd) const { return descriptors_[static_cast<size_t>(fd)].tls.get(); }
  void startTLS(int fd, std::unique_ptr<TLSConnection> connection);

  // The addon's objects that JavaScript holds; see tls-handle.h.
  const std::shared_ptr<std::list<Hold*>>& holds() const { return holds_; }

  // The one live watcher of a descriptor, owned or not, or nullptr.
  Watcher* watcher(int fd) const;
  void watcherOpened(Watcher* watcher);
  void watcherDetached(Watcher* watcher);
  // The close callback of every counted uv handle calls this.
  void handleClosed();

  // The timer on the event loop.
  Alarm& alarm();

  bool setReadyCallback(napi_value callback);
  napi_ref readyCallback() const { return ready_callback_; }
  // Calls the callback: a descriptor is ready for these events, or (-1, 0) the alarm has gone off.
  void report(int fd, int events);

  // True once the environment stops (worker.terminate(), process.exit()) and runs no more JavaScript.
  bool stopping() const;

  int ownedCount() const { return owned_count_; }
  int watchedCount() const;

 private:
  struct Descriptor {
    Descriptor();
    Descriptor(Descriptor&&) noexcept;
    ~Descriptor();
    Watcher* watcher = nullptr;
    std::unique_ptr<TLSConnection> tls;
    bool owned = false;
  };

  Environment(napi_env env, uv_loop_t* loop);
  ~Environment();
  Descriptor& descriptor(int fd);
  void end(napi_async_cleanup_hook_handle hook);
  void finish();

  napi_env env_;
  uv_loop_t* loop_;
  Signals signals_;
  napi_ref ready_callback_ = nullptr;
  // Indexed by fd. The kernel gives the lowest free number, so that this stays as small as the process's own table.
  std::vector<Descriptor> descriptors_;
  std::unordered_map<int, std::shared_ptr<Lookup>> lookups_;
  const std::shared_ptr<std::list<Hold*>> holds_ = std::make_shared<std::list<Hold*>>();
  int owned_count_ = 0;
  // Made by its first use.
  Alarm* alarm_ = nullptr;
  // Number of uv handles that are initialized and wait for their close callback.
  int open_handles_ = 0;
  napi_async_cleanup_hook_handle ending_ = nullptr;
};

}  // namespace dugong
