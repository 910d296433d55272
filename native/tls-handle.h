// JavaScript's hold on an object of the addon with several owners: a value without properties, tagged with its type, so that any
// other value is refused. The garbage collector, or the end of the environment, ends the hold.
//
// Finalizers run in turns of the event loop; a thread that only makes blocking calls may never have one. So each new hold
// also looks at a few older ones, and lets go of those whose value the collector has taken; and the collector learns that
// more memory is behind these values than it sees.
#pragma once

#include <node_api.h>

#include <algorithm>
#include <list>
#include <memory>
#include <utility>

namespace dugong {

class Hold;

// The holds of one environment. The list lives as long as any of them, which may be longer than the environment.
// The hold that was looked at longest ago comes first.
using Holds = std::list<Hold*>;

class Hold {
 public:
  // nullptr with an error pending.
  static napi_value create(napi_env env, const std::shared_ptr<Holds>& holds, std::shared_ptr<void> object,
                           const napi_type_tag& tag) {
    sweep(env, *holds);
    napi_value value;
    if (napi_create_object(env, &value) != napi_ok || napi_type_tag_object(env, value, &tag) != napi_ok) return nullptr;
    Hold* hold = new Hold(holds, std::move(object));
    const auto finalize = [](napi_env env, void* data, void*) {
      Hold* const hold = static_cast<Hold*>(data);
      hold->letGo(env);
      delete hold;
    };
    if (napi_wrap(env, value, hold, finalize, nullptr, nullptr) != napi_ok) {
      delete hold;
      return nullptr;
    }
    hold->take(env, value);
    return value;
  }

  // The object behind the value.
  const std::shared_ptr<void>& object() const { return object_; }

 private:
  // About the size of a TLS context.
  static constexpr int64_t kBehind = 32768;
  // Number of older holds to look at for each new one: its cost does not grow with their number. With more than one, the dead holds
  // become fewer.
  static constexpr size_t kLooks = 4;

  Hold(const std::shared_ptr<Holds>& holds, std::shared_ptr<void> object) : holds_(holds), object_(std::move(object)) {}

  void take(napi_env env, napi_value value) {
    if (napi_create_reference(env, value, 0, &weak_) != napi_ok) return;
    place_ = holds_->insert(holds_->end(), this);
    adjust(env, kBehind);
  }

  void letGo(napi_env env) {
    object_.reset();
    if (weak_ == nullptr) return;
    napi_delete_reference(env, weak_);
    weak_ = nullptr;
    holds_->erase(place_);
    adjust(env, -kBehind);
  }

  static void sweep(napi_env env, Holds& holds) {
    for (size_t looks = std::min(holds.size(), kLooks); looks > 0 && !holds.empty(); looks--) {
      Hold* const hold = holds.front();
      holds.splice(holds.end(), holds, holds.begin());
      napi_value value = nullptr;
      if (napi_get_reference_value(env, hold->weak_, &value) == napi_ok && value == nullptr) hold->letGo(env);
    }
  }

  static void adjust(napi_env env, int64_t change) {
    int64_t total = 0;
    napi_adjust_external_memory(env, change, &total);
  }

  const std::shared_ptr<Holds> holds_;
  std::shared_ptr<void> object_;
  // Empty once the collector has taken the value. While there is a reference, `place_` is this hold's place in `holds_`.
  napi_ref weak_ = nullptr;
  Holds::iterator place_;
};

template <typename Type>
class Handle {
 public:
  static napi_value create(napi_env env, const std::shared_ptr<Holds>& holds, std::shared_ptr<Type> object,
                           const napi_type_tag& tag) {
    return Hold::create(env, holds, std::move(object), tag);
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
    return std::static_pointer_cast<Type>(static_cast<Hold*>(data)->object());
  }
};

constexpr napi_type_tag kTrustTag = {0x5d1c0a7be1f34c02, 0x9f6a2b7d44c0e811};
constexpr napi_type_tag kContextTag = {0x5d1c0a7be1f34c03, 0x9f6a2b7d44c0e812};

}  // namespace dugong
