// See environment.h. Order matters everywhere. A watcher ends before its descriptor is closed: otherwise the loop could poll a
// number that already names another descriptor. The memory of a uv handle lives until its close callback.
#include "environment.h"

#include <utility>

#include "alarm.h"
#include "lookup.h"
#include "platform.h"
#include "tls-connection.h"
#include "values.h"
#include "watcher.h"

namespace dugong {

// Defined here, where TLSConnection is a complete type.
Environment::Descriptor::Descriptor() = default;
Environment::Descriptor::Descriptor(Descriptor&&) noexcept = default;
Environment::Descriptor::~Descriptor() = default;
Environment::Environment(napi_env env, uv_loop_t* loop) : env_(env), loop_(loop), signals_(loop) {}
Environment::~Environment() = default;

Environment* Environment::open(napi_env env) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return nullptr;
  Environment* environment = new Environment(env, loop);
  if (!haveLibuv()) {
    // Deno 2.9 frees an asynchronous hook twice. The addon has no handles in its loop, so that a plain hook is enough.
    napi_add_env_cleanup_hook(
        env, [](void* data) { static_cast<Environment*>(data)->end(nullptr); }, environment);
    return environment;
  }
  // Asynchronous: Node must run the loop until the handles are closed, since a worker's loop aborts if one is left.
  const napi_status status = napi_add_async_cleanup_hook(
      env, [](napi_async_cleanup_hook_handle hook, void* data) { static_cast<Environment*>(data)->end(hook); },
      environment, nullptr);
  if (status == napi_ok) return environment;
  delete environment;
  return nullptr;
}

Environment::Descriptor& Environment::descriptor(int fd) {
  const size_t index = static_cast<size_t>(fd);
  if (index >= descriptors_.size()) descriptors_.resize(index + 1);
  return descriptors_[index];
}

void Environment::own(int fd) {
  // A watcher of this number belongs to a foreign descriptor that its owner has closed meanwhile.
  if (Watcher* stale = watcher(fd)) stale->close();
  descriptor(fd).owned = true;
  owned_count_++;
}

void Environment::own(int fd, std::shared_ptr<Lookup> lookup) {
  own(fd);
  lookups_.emplace(fd, std::move(lookup));
}

int Environment::close(int fd) {
  if (!owns(fd)) return UV_EBADF;
  if (Watcher* live = watcher(fd)) live->close();
  const auto found = lookups_.find(fd);
  if (found != lookups_.end()) {
    found->second->abandon();
    lookups_.erase(found);
  }
  descriptors_[static_cast<size_t>(fd)].tls.reset();
  descriptors_[static_cast<size_t>(fd)].owned = false;
  owned_count_--;
  return closeDescriptor(fd);
}

void Environment::startTLS(int fd, std::unique_ptr<TLSConnection> connection) {
  std::unique_ptr<TLSConnection>& place = descriptor(fd).tls;
  if (place != nullptr) connection->setLower(std::move(place));
  place = std::move(connection);
}

Lookup* Environment::lookup(int fd) const {
  const auto found = lookups_.find(fd);
  return found == lookups_.end() ? nullptr : found->second.get();
}

Watcher* Environment::watcher(int fd) const {
  const size_t index = static_cast<size_t>(fd);
  return index < descriptors_.size() ? descriptors_[index].watcher : nullptr;
}

void Environment::watcherOpened(Watcher* watcher) {
  descriptor(watcher->fd()).watcher = watcher;
  open_handles_++;
}

void Environment::watcherDetached(Watcher* watcher) { descriptor(watcher->fd()).watcher = nullptr; }

void Environment::handleClosed() {
  open_handles_--;
  if (ending_ != nullptr && open_handles_ == 0) finish();
}

Alarm& Environment::alarm() {
  if (alarm_ == nullptr) {
    alarm_ = new Alarm(*this);
    open_handles_++;
  }
  return *alarm_;
}

bool Environment::setReadyCallback(napi_value callback) {
  napi_ref next;
  if (napi_create_reference(env_, callback, 1, &next) != napi_ok) return false;
  if (ready_callback_ != nullptr) napi_delete_reference(env_, ready_callback_);
  ready_callback_ = next;
  return true;
}

void Environment::report(int fd, int events) {
  const HandleScope scope(env_);
  napi_value callback;
  napi_value global;
  napi_value arguments[2];
  if (!scope.isOpen() || napi_get_reference_value(env_, ready_callback_, &callback) != napi_ok ||
      napi_get_global(env_, &global) != napi_ok || napi_create_int32(env_, fd, &arguments[0]) != napi_ok ||
      napi_create_int32(env_, events, &arguments[1]) != napi_ok) {
    return;
  }
  if (napi_make_callback(env_, nullptr, global, callback, 2, arguments, nullptr) == napi_ok) return;
  // Either the environment is stopping and runs no more JavaScript, or the callback has thrown. An exception goes to
  // 'uncaughtException', as that of any other callback from the event loop.
  bool thrown = false;
  napi_value error;
  if (napi_is_exception_pending(env_, &thrown) == napi_ok && thrown &&
      napi_get_and_clear_last_exception(env_, &error) == napi_ok) {
    napi_fatal_exception(env_, error);
  }
}

bool Environment::stopping() const {
  // N-API has no function for this. But a stopping environment refuses every call that could run JavaScript; this one does not, on a
  // plain object.
  const HandleScope scope(env_);
  napi_value object;
  bool has;
  return !scope.isOpen() || napi_create_object(env_, &object) != napi_ok ||
         napi_has_element(env_, object, 0, &has) != napi_ok;
}

int Environment::watchedCount() const {
  int count = 0;
  for (const Descriptor& each : descriptors_) {
    if (each.watcher != nullptr && each.watcher->interest() != 0) count++;
  }
  return count;
}

void Environment::end(napi_async_cleanup_hook_handle hook) {
  ending_ = hook;
  Lookup::forgetWaiting(this);
  if (alarm_ != nullptr) alarm_->close();
  for (size_t fd = 0; fd < descriptors_.size(); fd++) {
    if (descriptors_[fd].watcher != nullptr) descriptors_[fd].watcher->close();
    if (descriptors_[fd].owned) close(static_cast<int>(fd));
  }
  if (ready_callback_ != nullptr) napi_delete_reference(env_, ready_callback_);
  if (open_handles_ == 0) finish();
}

void Environment::finish() {
  if (ending_ != nullptr) napi_remove_async_cleanup_hook(ending_);
  delete this;
}

}  // namespace dugong
