// JavaScript's hold on an object of ours that several owners share: an object of no properties, tagged with its type, so
// that any other value is refused. The garbage collector, or the end of the environment, lets go of it.
#pragma once

#include <napi.h>

#include <memory>

namespace dugong {

template <typename Type>
class Handle {
 public:
  static napi_value create(napi_env env, std::shared_ptr<Type> shared, const napi_type_tag& tag) {
    napi_value object;
    if (napi_create_object(env, &object) != napi_ok || napi_type_tag_object(env, object, &tag) != napi_ok) return nullptr;
    auto* held = new std::shared_ptr<Type>(std::move(shared));
    const auto release = [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<Type>*>(data); };
    if (napi_wrap(env, object, held, release, nullptr, nullptr) == napi_ok) return object;
    delete held;
    return nullptr;
  }

  // nullptr if `value` is no such handle.
  static std::shared_ptr<Type> get(napi_env env, napi_value value, const napi_type_tag& tag) {
    napi_valuetype type;
    bool tagged = false;
    void* data = nullptr;
    if (napi_typeof(env, value, &type) != napi_ok || type != napi_object ||
        napi_check_object_type_tag(env, value, &tag, &tagged) != napi_ok || !tagged ||
        napi_unwrap(env, value, &data) != napi_ok) {
      return nullptr;
    }
    return *static_cast<std::shared_ptr<Type>*>(data);
  }
};

constexpr napi_type_tag kTrustTag = {0x5d1c0a7be1f34c02, 0x9f6a2b7d44c0e811};
constexpr napi_type_tag kContextTag = {0x5d1c0a7be1f34c03, 0x9f6a2b7d44c0e812};

}  // namespace dugong
