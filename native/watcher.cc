// See watcher.h.
//
// A client waits for one direction of the same socket again and again. uv_poll_stop and uv_poll_start cost an epoll_ctl each, so an
// *owned* descriptor stays armed after a report, but unreferenced; to wait for the same direction again is then free. An event
// without a waiter brings the registration up to date. The owner of a *foreign* descriptor may close it at any moment between two
// waits: the watcher closes its handle as soon as it has no waiter.
#include "watcher.h"

#include "arguments.h"
#include "calls.h"
#include "environment.h"
#include "platform.h"

namespace dugong {

namespace {

int toUv(int events) {
  return ((events & POLLIN) != 0 ? UV_READABLE : 0) | ((events & POLLOUT) != 0 ? UV_WRITABLE : 0);
}

int fromUv(int events) {
  return ((events & UV_READABLE) != 0 ? POLLIN : 0) | ((events & UV_WRITABLE) != 0 ? POLLOUT : 0);
}

}  // namespace

int Watcher::open(Environment& environment, int fd, Watcher** out) {
  Watcher* watcher = new Watcher(environment, fd);
  const auto init = environment.owns(fd) ? uv_poll_init : initForeignPoll;
  const int status = init(environment.loop(), &watcher->handle_, fd);
  if (status < 0) {
    // The handle is not initialized, so that it needs no uv_close().
    delete watcher;
    return status;
  }
  watcher->handle_.data = watcher;
  environment.watcherOpened(watcher);
  *out = watcher;
  return 0;
}

int Watcher::await(int interest) {
  interest_ = interest;
  holding_ = interest;
  if ((interest & ~armed_) != 0) {
    const int status = arm(interest);
    if (status < 0) {
      interest_ = 0;
      holding_ = 0;
      rest();
      return status;
    }
  }
  if (interest == 0) {
    rest();
  } else {
    hold();
  }
  return 0;
}

void Watcher::release(int directions) {
  holding_ &= ~directions;
  if (interest_ != 0) hold();
}

void Watcher::hold() {
  if (holding_ != 0) {
    uv_ref(reinterpret_cast<uv_handle_t*>(&handle_));
  } else {
    uv_unref(reinterpret_cast<uv_handle_t*>(&handle_));
  }
}

void Watcher::rest() {
  if (environment_.owns(fd_)) {
    uv_unref(reinterpret_cast<uv_handle_t*>(&handle_));
  } else {
    close();
  }
}

int Watcher::arm(int events) {
  armed_ = 0;
  const int status = events == 0 ? uv_poll_stop(&handle_) : uv_poll_start(&handle_, toUv(events), onPoll);
  if (status == 0) armed_ = events;
  return status;
}

void Watcher::close() {
  interest_ = 0;
  environment_.watcherDetached(this);
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_), [](uv_handle_t* handle) {
    Watcher* watcher = static_cast<Watcher*>(handle->data);
    Environment& environment = watcher->environment_;
    delete watcher;
    environment.handleClosed();
  });
}

void Watcher::onPoll(uv_poll_t* handle, int status, int events) {
  Watcher* watcher = static_cast<Watcher*>(handle->data);
  // libuv stops the handle before it reports an error (POLLERR).
  if (status < 0) watcher->armed_ = 0;
  const int ready = status < 0 ? watcher->interest_ : fromUv(events) & watcher->interest_;
  if (ready == 0) {
    if (status == 0) watcher->arm(watcher->interest_);
    return;
  }
  watcher->interest_ &= ~ready;
  watcher->holding_ &= ~ready;
  // Before JavaScript runs: it may close a foreign descriptor, and a new one of the same number may get a watcher.
  if (watcher->interest_ == 0) {
    watcher->rest();
  } else {
    watcher->hold();
  }
  watcher->environment_.report(watcher->fd_, ready);
}

napi_value OnReady(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "onReady");
  napi_valuetype type;
  if (napi_typeof(env, arguments[0], &type) != napi_ok || type != napi_function) {
    return arguments.typeError("callback", "must be a function");
  }
  arguments.environment().setReadyCallback(arguments[0]);
  return nullptr;
}

napi_value Watch(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info, "watch");
  int fd = 0;
  int mask = 0;
  if (!arguments.descriptor(0, &fd) || !arguments.integer(1, "mask", &mask)) return nullptr;
  if ((mask & ~(POLLIN | POLLOUT)) != 0) {
    return arguments.rangeError("mask", "must be a combination of POLLIN and POLLOUT");
  }
  Environment& environment = arguments.environment();
  if (environment.readyCallback() == nullptr) return arguments.error("onReady()", "must be called first");
  Watcher* watcher = environment.watcher(fd);
  if (watcher == nullptr) {
    if (mask == 0) return arguments.result(0);
    const int status = Watcher::open(environment, fd, &watcher);
    if (watcher == nullptr) return arguments.result(status);
  }
  return arguments.result(watcher->await(mask));
}

napi_value Release(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info, "release");
  int fd = 0;
  int mask = 0;
  if (!arguments.descriptor(0, &fd) || !arguments.integer(1, "mask", &mask)) return nullptr;
  Watcher* watcher = arguments.environment().watcher(fd);
  if (watcher != nullptr) watcher->release(mask);
  return arguments.result(0);
}

}  // namespace dugong
