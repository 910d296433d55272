// See tls-connection.h: the calls of OpenSSL and the meaning of their results. tls-bio.cc moves the bytes below, and
// tls-verification.cc decides which peer is accepted.
#include "tls-connection.h"

#include <algorithm>
#include <new>
#include <utility>

#include "heap.h"
#include "platform.h"

namespace dugong {

using namespace openssl;

namespace {

// The most that one call of write() sends, however fast the peer is.
constexpr size_t kMostSent = size_t{1} << 20;

}  // namespace

std::unique_ptr<TLSConnection> TLSConnection::create(int fd, std::shared_ptr<TLSContext> context, TLSPeer peer,
                                                     Failure* failure) {
  forgetFailures();
  std::unique_ptr<TLSConnection> connection(new TLSConnection(fd, std::move(context), std::move(peer)));
  if (connection->setUp()) return connection;
  *failure = takeFailure();
  return nullptr;
}

bool TLSConnection::setUp() {
  ssl_.reset(api.SSL_new(context_->handle()));
  IO bio(api.BIO_new(context_->bioMethod()));
  if (!ssl_ || !bio) return false;
  api.BIO_set_data(bio.get(), this);
  api.BIO_set_init(bio.get(), 1);
  api.SSL_set_bio(ssl_.get(), bio.get(), bio.get());
  bio.release_pointer();
  if (api.SSL_set_ex_data(ssl_.get(), 0, this) != 1) return false;
  api.SSL_set_connect_state(ssl_.get());
  if (!peer_.servername.empty()) {
    void* name = const_cast<char*>(peer_.servername.c_str());
    if (api.SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) != 1) return false;
  }
  if (!expectPeer()) return false;
  resume();
  return true;
}

TLSConnection::~TLSConnection() {
  // Without I/O: OpenSSL asks no BIO to flush. Comes before the end of `lower_`, which the BIO refers to.
  ssl_.reset(nullptr);
  api.ERR_clear_error();
}

void TLSConnection::resume() {
  if (peer_.session_key.empty()) return;
  const Session session = context_->sessions().take(peer_.session_key);
  if (session) api.SSL_set_session(ssl_.get(), session.get());
}

bool TLSConnection::setSession(const unsigned char* data, size_t length, Failure* failure) {
  begin();
  const Session session(api.d2i_SSL_SESSION(nullptr, &data, static_cast<long>(length)));
  const bool done = session && api.SSL_set_session(ssl_.get(), session.get()) == 1;
  *failure = takeFailure();
  return done;
}

void TLSConnection::beginTurn() {
  work_ = 0;
  if (lower_ != nullptr) lower_->beginTurn();
}

// Comes before every call of OpenSSL: the error queue belongs to the thread, and may hold failures of other code.
void TLSConnection::begin() {
  forgetFailures();
  if (established_) short_of_memory_ = false;
  blocked_ = 0;
  lost_ = 0;
}

// The result for a call of OpenSSL that did not succeed. `lasting` keeps a result that is also that of all later calls. 0 means the
// peer's close_notify and nothing else: an unexplained failure is a failure.
int TLSConnection::problem(int result, int* lasting) {
  if (refusal_ != nullptr) return giveUp({kOwnFailure, refusal_});
  const int error = api.SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  if ((error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) && blocked_ != 0) return blocked_;
  if (lost_ == 0 && !ended_) return giveUp(takeFailure());
  return lostBelow(lost_ != 0 ? lost_ : kTLSTruncated, lasting);
}

int TLSConnection::lostBelow(int code, int* lasting) {
  failed_below_ = lost_ == kTLSFailed || lost_ == kTLSTruncated;
  api.ERR_clear_error();
  return *lasting = code;
}

// Ends the connection in both directions.
int TLSConnection::giveUp(Failure failure) {
  failed_below_ = false;
  failure_.error = std::move(failure);
  if (failure_.error.reason.empty()) {
    failure_.error.library = kOwnFailure;
    failure_.error.reason = "failure without a reason";
  }
  api.ERR_clear_error();
  return read_result_ = write_result_ = failed();
}

// The result once OpenSSL has given up: out of memory is no failure of TLS.
int TLSConnection::failed() const {
  if (refusal_ != nullptr) return kTLSFailed;
  if (refuses() && failure_.verification == X509_V_ERR_OUT_OF_MEM) return UV_ENOMEM;
  return failure_.error.out_of_memory || short_of_memory_ ? UV_ENOMEM : kTLSFailed;
}

// The result of a call that may receive: for kTLSBusy, the layer below receives first.
int TLSConnection::waiting(int code, int* lasting) {
  if (code != kTLSBusy) return code;
  const int below = lower_->settle();
  if (wanting(below)) return below;
  failed_below_ = true;
  return *lasting = below;
}

// Continues a renegotiation for a layer above that cannot send before its end. Reads no content.
int TLSConnection::settle() {
  begin();
  uint8_t byte = 0;
  size_t count = 0;
  const int result = api.SSL_peek_ex(ssl_.get(), &byte, 1, &count);
  if (result == 1) return giveUp({kOwnFailure, "content inside of a handshake"});
  const int code = problem(result, &read_result_);
  if (code == 0) return read_result_ = kTLSTruncated;
  return wanting(code) && api.SSL_in_init(ssl_.get()) == 0 ? kTLSAgain : code;
}

// Comes after each call that may take part in a renegotiation.
bool TLSConnection::accepts() {
  if (api.SSL_ctrl(ssl_.get(), SSL_CTRL_GET_TOTAL_RENEGOTIATIONS, 0, nullptr) > kTLSMostRenegotiations) {
    refusal_ = "too many renegotiations";
  }
  return refusal_ == nullptr;
}

int TLSConnection::handshake() {
  if (established_) return 0;
  if (read_result_ != 0) return read_result_;
  begin();
  const int result = api.SSL_do_handshake(ssl_.get());
  if (result != 1) {
    const int code = waiting(problem(result, &read_result_), &read_result_);
    // The peer sent a close_notify in place of an answer.
    if (code == 0) read_result_ = kTLSTruncated;
    if (read_result_ != 0) write_result_ = read_result_;
    return code == 0 ? read_result_ : code;
  }
  if (!checkPeer()) return read_result_ = write_result_ = failed();
  // Only the first handshake may be with a server that lacks RFC 5746; renegotiation needs it.
  api.SSL_clear_options(ssl_.get(), SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
  established_ = true;
  return 0;
}

int TLSConnection::read(uint8_t* data, size_t length) {
  if (read_result_ != 0) return read_result_;
  length = std::min(length, kMaxTransfer);
  size_t total = 0;
  do {
    begin();
    size_t count = 0;
    const int result = api.SSL_read_ex(ssl_.get(), data + total, length - total, &count);
    // Content from before a refusal still goes to the caller.
    if (!accepts() || result != 1) {
      const int code = problem(result, &read_result_);
      return total > 0 ? static_cast<int>(total) : sendersTurn(waiting(code, &read_result_));
    }
    total += count;
    without_content_ = 0;
    // One call of OpenSSL returns one record at most.
  } while (total < length && buffered());
  return static_cast<int>(total);
}

// After the handshake, a sender that waits for its end goes on before the reader waits for more.
int TLSConnection::sendersTurn(int code) {
  if (!kept_waiting_ || !wanting(code) || api.SSL_in_init(ssl_.get()) == 1) return code;
  kept_waiting_ = false;
  return kTLSAgain;
}

bool TLSConnection::buffered() const {
  if (ahead_start_ < ahead_end_ || api.SSL_has_pending(ssl_.get()) == 1) return true;
  return lower_ != nullptr && lower_->buffered();
}

int TLSConnection::write(const uint8_t* data, size_t length) {
  if (write_result_ != 0) return write_result_;
  length = std::min(length, kMostSent);
  size_t total = 0;
  while (total < length) {
    // One record per call: of several, OpenSSL reports the first ones only once the last one has left.
    const int result = writeRecord(data + total, std::min(length - total, kRecord));
    if (result < 0) return total > 0 ? static_cast<int>(total) : result;
    total += static_cast<size_t>(result);
  }
  return static_cast<int>(total);
}

// Reports the content of the record as sent once all of it has left.
int TLSConnection::writeRecord(const uint8_t* data, size_t length) {
  begin();
  if (leaving_ == 0) {
    sending_ = true;
    const int result = api.SSL_write_ex(ssl_.get(), data, length, &leaving_);
    sending_ = false;
    if (!accepts()) return giveUp({kOwnFailure, refusal_});
    if (result != 1) return unsent(problem(result, &write_result_));
  }
  if (leaving_ > length) return giveUp({kOwnFailure, "fewer bytes than before"});
  const int result = sendRest();
  if (result == 0) return static_cast<int>(std::exchange(leaving_, 0));
  if (wouldBlock(result)) return kTLSWantWrite;
  if (wanting(result)) return result;
  lost_ = result;
  return unsent(lostBelow(result, &write_result_));
}

int TLSConnection::unsent(int code) {
  leaving_ = 0;
  // The peer has closed. 0 would mean that it takes no bytes now.
  if (code == 0) return write_result_ = UV_EPIPE;
  return lost_ != 0 && alerted() ? kTLSFailed : code;
}

// A peer that refuses the connection sends an alert and closes: a send then fails before the alert is read. Content before the alert
// stays for the reader.
bool TLSConnection::alerted() {
  if (read_result_ != 0) return false;
  begin();
  uint8_t byte = 0;
  size_t count = 0;
  const int result = api.SSL_peek_ex(ssl_.get(), &byte, 1, &count);
  return result != 1 && problem(result, &read_result_) == kTLSFailed;
}

void TLSConnection::shutdown() {
  // Not after a failure, when OpenSSL allows no further call, nor in a handshake, when there is nothing to close. Nor with the rest of
  // a record: it was not reported as sent, and must not leave now.
  if (established_ && write_result_ == 0 && leaving_ == 0) {
    begin();
    api.SSL_shutdown(ssl_.get());
    api.ERR_clear_error();
    write_result_ = UV_EPIPE;
  }
  if (lower_ != nullptr) lower_->shutdown();
}

const TLSConnection* TLSConnection::find(int layer) const {
  const TLSConnection* connection = this;
  while (connection != nullptr && connection->layer() != layer) connection = connection->lower_.get();
  return connection;
}

// --- callbacks of OpenSSL --------------------------------------------------------------------------------------------------

TLSConnection& TLSConnection::of(const SSL* ssl) { return *static_cast<TLSConnection*>(api.SSL_get_ex_data(ssl, 0)); }

// Runs before OpenSSL writes a record, such as an alert: the write clears errno.
void TLSConnection::onMessage(int, int, int, const void*, size_t, SSL* ssl, void*) {
  if (allocationFailed()) of(ssl).short_of_memory_ = true;
}

int TLSConnection::onNewSession(SSL* ssl, SSL_SESSION* session) {
  TLSConnection& self = of(ssl);
  if (self.peer_.session_key.empty()) return 0;
  self.context_->sessions().add(self.peer_.session_key, Session(session));
  return 1;  // TLSSessions owns the reference now
}

void TLSConnection::onKeyLog(const SSL* ssl, const char* line) { of(ssl).context_->keyLog().append(line); }

}  // namespace dugong
