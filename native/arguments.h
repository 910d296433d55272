// Checked extraction of a call's arguments, and its numeric result.
//
// Every recv and send runs these accessors, so they call N-API directly and check nothing twice. A wrong argument leaves a
// TypeError or RangeError pending that names the function and the argument; the accessor then returns false and its caller
// returns at once. No conversions: "5" is not 5, 3.7 is not 3, NaN is not 0. Knows no sockets.
#pragma once

#include <node_api.h>

#include <climits>
#include <cstdint>
#include <string>

#include "environment.h"

namespace dugong {

// The addressed part of a Uint8Array. Valid until JavaScript runs again, which could detach or shrink the buffer.
struct Bytes {
  uint8_t* data;
  size_t length;
};

// What is returned after a wrong argument: false by an accessor, undefined by the function.
struct Refusal {
  operator bool() const { return false; }
  operator napi_value() const { return nullptr; }
};

template <size_t count>
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info, const char* function) : env_(env), function_(function) {
    size_t given = count;
    void* environment = nullptr;
    napi_get_cb_info(env, info, &given, values_, nullptr, &environment);
    environment_ = static_cast<Environment*>(environment);
  }

  Environment& environment() const { return *environment_; }
  napi_value operator[](size_t index) const { return values_[index]; }

  bool given(size_t index) const {
    napi_valuetype type;
    return napi_typeof(env_, values_[index], &type) == napi_ok && type != napi_undefined;
  }

  bool number(size_t index, const char* name, double* out) const {
    if (napi_get_value_double(env_, values_[index], out) == napi_ok) return true;
    return typeError(name, "must be a number");
  }

  bool integer(size_t index, const char* name, int* out) const {
    double value;
    if (!number(index, name, &value)) return false;
    if (value >= INT_MIN && value <= INT_MAX && value == static_cast<int>(value)) {
      *out = static_cast<int>(value);
      return true;
    }
    return rangeError(name, "must be a 32-bit integer");
  }

  // 2^53: larger doubles are not exact. False for NaN, the infinities and fractions.
  static bool isCount(double value) {
    return value >= 0 && value <= 9007199254740992.0 && value == static_cast<double>(static_cast<int64_t>(value));
  }

  bool descriptor(size_t index, int* out) const { return integer(index, "fd", out); }

  bool array(size_t index, const char* name, Bytes* out) const { return array(values_[index], name, out); }

  bool array(napi_value value, const char* name, Bytes* out) const {
    napi_typedarray_type type;
    void* data = nullptr;
    // A detached buffer, or a view that a shrunk one no longer covers, has length 0 here.
    if (napi_get_typedarray_info(env_, value, &type, &out->length, &data, nullptr, nullptr) != napi_ok ||
        type != napi_uint8_array) {
      return typeError(name, "must be a Uint8Array");
    }
    out->data = static_cast<uint8_t*>(data);
    return true;
  }

  // The three arguments `buffer, offset, length` from `index` on. Doubles, since a buffer may exceed 2^31 bytes.
  bool range(size_t index, Bytes* out) const {
    double offset;
    double length;
    if (!array(index, "buffer", out) || !number(index + 1, "offset", &offset) ||
        !number(index + 2, "length", &length)) {
      return false;
    }
    if (!isCount(offset)) return rangeError("offset", "must be a non-negative integer");
    if (!isCount(length)) return rangeError("length", "must be a non-negative integer");
    const size_t start = static_cast<size_t>(offset);
    const size_t wanted = static_cast<size_t>(length);
    if (start > out->length || wanted > out->length - start) {
      return rangeError("offset + length", "is outside the buffer (detached, shrunk, or too short)");
    }
    // The pointer of an empty or detached buffer may be null, to which nothing may be added.
    if (start > 0) out->data += start;
    out->length = wanted;
    return true;
  }

  bool string(size_t index, const char* name, std::string* out) const {
    size_t length;
    if (napi_get_value_string_utf8(env_, values_[index], nullptr, 0, &length) != napi_ok) {
      return typeError(name, "must be a string");
    }
    out->resize(length);
    napi_get_value_string_utf8(env_, values_[index], out->data(), length + 1, &length);
    if (out->find('\0') != std::string::npos) return typeError(name, "must not contain a NUL");
    return true;
  }

  // Leave an exception pending: this one, or one that is pending already (a getter among the arguments has thrown).
  Refusal error(const char* name, const char* reason) const { return refuse(napi_throw_error, name, reason); }
  Refusal typeError(const char* name, const char* reason) const { return refuse(napi_throw_type_error, name, reason); }
  Refusal rangeError(const char* name, const char* reason) const {
    return refuse(napi_throw_range_error, name, reason);
  }

  napi_value result(int value) const {
    napi_value out = nullptr;
    napi_create_int32(env_, value, &out);
    return out;
  }

 private:
  Refusal refuse(decltype(&napi_throw_error) raise, const char* name, const char* reason) const {
    raise(env_, nullptr, (std::string(function_) + ": " + name + " " + reason).c_str());
    return {};
  }

  napi_env env_;
  const char* function_;
  Environment* environment_;
  napi_value values_[count];
};

}  // namespace dugong
