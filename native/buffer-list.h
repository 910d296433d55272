// A list of Uint8Arrays that are sent as one stream, without the first `skip` bytes of the first array: the arguments of `sendv`
// and `tlsSend`. Valid until JavaScript runs again.
#pragma once

#include <algorithm>
#include <cstdint>

#include "arguments.h"
#include "platform.h"

namespace dugong {

class BufferList {
 public:
  // IOV_MAX of every supported system. The next call sends what is beyond, as after any short write.
  static constexpr uint32_t kMaxVectors = 1024;

  iovec* vectors() { return vectors_; }
  uint32_t count() const { return count_; }

  // From the arguments `buffers, skip` at 1 and 2. False with an error pending.
  bool read(napi_env env, const Arguments<3>& arguments) {
    double skip = 0;
    if (!arguments.number(2, "skip", &skip)) return false;
    if (napi_get_array_length(env, arguments[1], &count_) != napi_ok) {
      return arguments.typeError("buffers", "must be an array");
    }
    if (!Arguments<3>::isCount(skip)) return wrongSkip(arguments);
    count_ = std::min(count_, kMaxVectors);
    napi_value elements[kMaxVectors];
    // First all elements, then all pointers: a getter among the elements may detach the buffer of an earlier one.
    for (uint32_t i = 0; i < count_; i++) {
      if (napi_get_element(env, arguments[1], i, &elements[i]) != napi_ok) return false;
    }
    size_t left_out = static_cast<size_t>(skip);
    size_t total = 0;
    for (uint32_t i = 0; i < count_; i++) {
      Bytes bytes;
      if (!arguments.array(elements[i], "buffers", &bytes)) return false;
      if (left_out > bytes.length) break;
      if (left_out > 0) bytes.data += left_out;
      bytes.length -= left_out;
      left_out = 0;
      const size_t length = std::min(bytes.length, kMaxTransfer - total);
      vectors_[i] = {bytes.data, length};
      total += length;
    }
    return left_out == 0 || wrongSkip(arguments);
  }

 private:
  static bool wrongSkip(const Arguments<3>& arguments) {
    return arguments.rangeError("skip", "must be an integer within the first buffer");
  }

  uint32_t count_ = 0;
  iovec vectors_[kMaxVectors];
};

}  // namespace dugong
