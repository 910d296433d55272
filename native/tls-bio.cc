// The bytes below a TLSConnection (tls-connection.h). OpenSSL reads and writes through a BIO of the addon, for three reasons: send(2)
// must not raise SIGPIPE; the connection learns the true errno and the true end of the stream without OpenSSL's error queue; another
// connection can take the place of the descriptor. Sees records as bytes only.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "platform.h"
#include "tls-connection.h"

namespace dugong {

using namespace openssl;

namespace {

constexpr size_t kReadAhead = 131072;
// The unit of work is the byte; a portion of bytes, however small, costs this many more. In one turn OpenSSL then takes some 250
// KeyUpdates, the most expensive records for their size, in a few milliseconds; or more full records than are received ahead.
constexpr size_t kPortion = 512;
constexpr size_t kTurn = 262144;
constexpr int kRetryFlags = BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY;

// Keeps errno as OpenSSL's own allocations leave it, for takeFailure(): a failure below OpenSSL has a result of its own.
class KeptErrno {
 public:
  KeptErrno() : kept_(errno) {}
  KeptErrno(const KeptErrno&) = delete;
  KeptErrno& operator=(const KeptErrno&) = delete;
  ~KeptErrno() { errno = kept_; }

 private:
  const int kept_;
};

}  // namespace

int TLSConnection::receive(uint8_t* data, size_t length) {
  if (exhausted()) return kTLSAgain;
  if (sending_) {
    if (read_result_ != 0 || (api.SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0) return UV_EPIPE;
    kept_waiting_ = true;
    return kTLSBusy;
  }
  return lower_ != nullptr ? lower_->read(data, length) : receiveAhead(data, length);
}

// OpenSSL asks for a record's header, then for the record. To receive many records at a time costs a cheap copy of each, and saves
// two system calls per record and an acknowledgement that wakes the sender. (OpenSSL's own read-ahead moves the rest of its buffer at
// each record.)
int TLSConnection::receiveAhead(uint8_t* data, size_t length) {
  if (ahead_start_ == ahead_end_) {
    // Not initialized: pages that nothing touches take no memory.
    if (ahead_ == nullptr) ahead_.reset(new (std::nothrow) uint8_t[kReadAhead]);
    if (ahead_ == nullptr) return UV_ENOMEM;
    const int result = dugong::receive(fd_, ahead_.get(), kReadAhead);
    if (result <= 0) return result;
    ahead_start_ = 0;
    ahead_end_ = static_cast<size_t>(result);
  }
  const size_t count = std::min(length, ahead_end_ - ahead_start_);
  std::memcpy(data, ahead_.get() + ahead_start_, count);
  ahead_start_ += count;
  return static_cast<int>(count);
}

int TLSConnection::transmit(const uint8_t* data, size_t length) {
  const int before = sendRest();
  if (before < 0) return before;
  const int result = transmitNow(data, length);
  if (result == static_cast<int>(length) || !sending_ || api.SSL_in_init(ssl_.get()) == 1) return result;
  if (result < 0 && !wouldBlock(result) && !wanting(result)) return result;
  return keepRest(data, length, std::max(result, 0)) ? static_cast<int>(length) : result;
}

int TLSConnection::transmitNow(const uint8_t* data, size_t length) {
  if (lower_ != nullptr) return lower_->write(data, length);
  return dugong::transmit(fd_, data, length);
}

// Keeps the unsent part of a record, so that OpenSSL never has a record of content half sent: two HelloRequests would then make it
// start a handshake in the middle of the record, and fail.
bool TLSConnection::keepRest(const uint8_t* data, size_t length, int sent) {
  const size_t start = static_cast<size_t>(sent);
  rest_.reset(new (std::nothrow) uint8_t[length - start]);
  if (rest_ == nullptr) return false;
  std::memcpy(rest_.get(), data + start, length - start);
  rest_start_ = 0;
  rest_end_ = length - start;
  return true;
}

// Returns 0 once the whole record has left.
int TLSConnection::sendRest() {
  while (rest_start_ < rest_end_) {
    const int result = transmitNow(rest_.get() + rest_start_, rest_end_ - rest_start_);
    if (result < 0) return result;
    rest_start_ += static_cast<size_t>(result);
  }
  rest_.reset();
  return 0;
}

// One call of OpenSSL goes on for as long as records without content arrive, in a handshake and after it. Only the BIO can stop it.
bool TLSConnection::exhausted() {
  if (without_content_ > kTLSMostWithoutContent) refusal_ = "too much without content";
  return refusal_ != nullptr || work_ >= kTurn;
}

int TLSConnection::onRead(BIO* bio, char* data, size_t length, size_t* read) {
  const KeptErrno kept;
  TLSConnection& self = *static_cast<TLSConnection*>(api.BIO_get_data(bio));
  api.BIO_clear_flags(bio, kRetryFlags);
  const int result = self.receive(reinterpret_cast<uint8_t*>(data), std::min(length, kMaxTransfer));
  if (result > 0) {
    *read = static_cast<size_t>(result);
    self.work_ += kPortion + *read;
    self.without_content_ += *read;
    return 1;
  }
  *read = 0;
  if (result == 0) {
    self.ended_ = true;
  } else if (wouldBlock(result) || wanting(result)) {
    self.blocked_ = wanting(result) ? result : kTLSWantRead;
    api.BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
  } else {
    self.lost_ = result;
  }
  return 0;
}

int TLSConnection::onWrite(BIO* bio, const char* data, size_t length, size_t* written) {
  const KeptErrno kept;
  TLSConnection& self = *static_cast<TLSConnection*>(api.BIO_get_data(bio));
  api.BIO_clear_flags(bio, kRetryFlags);
  const int result = self.transmit(reinterpret_cast<const uint8_t*>(data), std::min(length, kMaxTransfer));
  if (result >= 0) {
    *written = static_cast<size_t>(result);
    return 1;
  }
  *written = 0;
  if (wouldBlock(result) || wanting(result)) {
    self.blocked_ = wanting(result) ? result : kTLSWantWrite;
    api.BIO_set_flags(bio, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY);
  } else {
    self.lost_ = result;
  }
  return 0;
}

long TLSConnection::onControl(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return static_cast<TLSConnection*>(api.BIO_get_data(bio))->ended_ ? 1 : 0;
  return 0;
}

IOMethod TLSConnection::createBIOMethod() {
  IOMethod method(api.BIO_meth_new(BIO_TYPE_SOURCE_SINK, "dugong"));
  if (!method) return method;
  api.BIO_meth_set_read_ex(method.get(), onRead);
  api.BIO_meth_set_write_ex(method.get(), onWrite);
  api.BIO_meth_set_ctrl(method.get(), onControl);
  return method;
}

}  // namespace dugong
