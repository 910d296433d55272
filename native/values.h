// JavaScript values made of C++ ones. Node-API makes none while an exception is pending, once the environment stops, or without memory:
// the value is null then, as is every value that would hold it, and an exception is pending unless JavaScript runs no more.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <string>
#include <vector>

namespace dugong {

// Values belong to a scope. A call from JavaScript comes with one; a callback of libuv opens its own.
class HandleScope {
 public:
  explicit HandleScope(napi_env env) : env_(env), open_(napi_open_handle_scope(env, &scope_) == napi_ok) {}
  HandleScope(const HandleScope&) = delete;
  HandleScope& operator=(const HandleScope&) = delete;
  ~HandleScope() {
    if (open_) napi_close_handle_scope(env_, scope_);
  }

  bool isOpen() const { return open_; }

 private:
  const napi_env env_;
  napi_handle_scope scope_ = nullptr;
  const bool open_;
};

// Has no effect while an exception is pending.
inline napi_value noValue(napi_env env) {
  napi_throw_error(env, nullptr, "dugong: Node-API made no value");
  return nullptr;
}

// The value that `create`, a function of Node-API, makes of the arguments.
template <typename Create, typename... Arguments>
napi_value make(napi_env env, Create create, Arguments... arguments) {
  napi_value value = nullptr;
  return create(env, arguments..., &value) == napi_ok ? value : noValue(env);
}

inline napi_value valueOf(napi_env, napi_value value) { return value; }
inline napi_value valueOf(napi_env env, bool value) { return make(env, napi_get_boolean, value); }
inline napi_value valueOf(napi_env env, int value) { return make(env, napi_create_int32, value); }
inline napi_value valueOf(napi_env env, double value) { return make(env, napi_create_double, value); }
inline napi_value valueOf(napi_env env, const char* text) {
  return make(env, napi_create_string_utf8, text, NAPI_AUTO_LENGTH);
}
inline napi_value valueOf(napi_env env, const std::string& text) {
  return make(env, napi_create_string_utf8, text.data(), text.size());
}

template <typename Type>
napi_value valueOf(napi_env env, const std::vector<Type>& elements) {
  const napi_value array = make(env, napi_create_array_with_length, elements.size());
  for (uint32_t i = 0; array != nullptr && i < elements.size(); i++) {
    const napi_value element = valueOf(env, elements[i]);
    if (element == nullptr || napi_set_element(env, array, i, element) != napi_ok) return noValue(env);
  }
  return array;
}

// An object that gets its properties one by one.
class Object {
 public:
  explicit Object(napi_env env) : Object(env, make(env, napi_create_object)) {}
  Object(napi_env env, napi_value value) : env_(env), value_(value) {}

  // Null if it lacks a property that it was to get.
  napi_value value() const { return value_; }

  template <typename Type>
  void set(const char* name, const Type& value) {
    if (value_ == nullptr) return;
    const napi_value property = valueOf(env_, value);
    if (property == nullptr || napi_set_named_property(env_, value_, name, property) != napi_ok) value_ = noValue(env_);
  }

 private:
  const napi_env env_;
  napi_value value_;
};

}  // namespace dugong
