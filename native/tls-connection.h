// TLS on one non-blocking descriptor, or inside the TLS of another connection on it: handshake, bytes in and out, closure. Results
// are counts >= 0, negated errnos, or one of the codes below. Owns the SSL and the layers below it, never the descriptor. Knows no
// JavaScript and never waits.
//
// Layers count from the descriptor upwards: 0 is on the descriptor itself. A layer reports a want only when the lowest layer could
// not get it from the descriptor: a wait for the descriptor then misses no bytes that a layer already holds.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "openssl.h"
#include "tls-context.h"

namespace dugong {

// Below every negated errno.
constexpr int kTLSWantRead = -10001;
constexpr int kTLSWantWrite = -10002;
// See failure().
constexpr int kTLSFailed = -10003;
// The peer's stream ended without a close_notify: some of it may be missing (RFC 8446 6.1).
constexpr int kTLSTruncated = -10004;
// The call has done its share of work. There may be more to do at once, after the turn of other tasks.
constexpr int kTLSAgain = -10005;
// The peer wants another handshake, and nothing can be sent before its end: read() continues it.
constexpr int kTLSBusy = -10006;

// Whether a result names a want, and no failure.
inline bool wanting(int result) { return result <= kTLSWantRead && result != kTLSFailed && result != kTLSTruncated; }

// Limit of renegotiations on one connection (TLS 1.2). Each costs the client more than the peer.
constexpr int kTLSMostRenegotiations = 32;

// Limit of bytes in a row of records without content: thousands of KeyUpdates or tickets, which cost the peer nothing and could go
// on for ever.
constexpr size_t kTLSMostWithoutContent = size_t{1} << 18;

struct TLSPeer {
  // For the server_name extension; empty for none.
  std::string servername;
  // The name, or the address, that the certificate must have. Both empty if the caller checks.
  std::string host;
  std::string address;
  // The key of its sessions; empty to keep none.
  std::string session_key;
};

struct TLSFailure {
  openssl::Failure error;
  // X509_V_OK, or the fault of the certificate at `depth` above the server's.
  long verification = X509_V_OK;
  int depth = 0;
};

class TLSConnection {
 public:
  // The largest plaintext of a record (RFC 8446 5.1).
  static constexpr size_t kRecord = 16384;

  // nullptr with the reason in `failure`.
  static std::unique_ptr<TLSConnection> create(int fd, std::shared_ptr<TLSContext> context, TLSPeer peer,
                                               openssl::Failure* failure);
  TLSConnection(const TLSConnection&) = delete;
  TLSConnection& operator=(const TLSConnection&) = delete;
  ~TLSConnection();

  void setLower(std::unique_ptr<TLSConnection> lower) { lower_ = std::move(lower); }
  // Comes before each of the calls below: gives this layer and the layers below it a new share of work.
  void beginTurn();
  // Resumes this session instead of one from the context.
  bool setSession(const unsigned char* data, size_t length, openssl::Failure* failure);

  int handshake();
  // Reads what is there, up to `length`; 0 after the peer's close_notify.
  int read(uint8_t* data, size_t length);
  // After kTLSWant... or kTLSBusy, the next call has the same bytes, or more. Receives only after the connection is lost: else a
  // reader that waits for the descriptor would miss the bytes.
  int write(const uint8_t* data, size_t length);
  // Sends a close_notify on every layer where that is possible at once.
  void shutdown();

  SSL* handle() const { return ssl_.get(); }
  const TLSFailure& failure() const { return failure_; }
  // Whether failure() is about a refused certificate. False if the context does not verify.
  bool refuses() const { return context_->verifies() && failure_.verification != X509_V_OK; }
  // The peer's certificate, refused or not.
  const openssl::Certificate& certificate() const { return certificate_; }
  // The server's certificate, then its issuers, each behind the one that it issued, as far as the server sent or the context trusts them.
  std::vector<openssl::Certificate> chain() const;
  int layer() const { return lower_ == nullptr ? 0 : lower_->layer() + 1; }
  // This layer, or the layer of that number below it; nullptr if there is none.
  const TLSConnection* find(int layer) const;
  // The layer that caused the last kTLSFailed or kTLSTruncated.
  int failedLayer() const { return failed_below_ ? lower_->failedLayer() : layer(); }

  // For the SSL_CTX.
  static openssl::IOMethod createBIOMethod();
  static int verifyChain(X509_STORE_CTX* store, void* data);
  static int onVerify(int preverified, X509_STORE_CTX* store);
  static void onMessage(int writing, int version, int type, const void* data, size_t length, SSL* ssl, void*);
  static int onNewSession(SSL* ssl, SSL_SESSION* session);
  static void onKeyLog(const SSL* ssl, const char* line);

 private:
  TLSConnection(int fd, std::shared_ptr<TLSContext> context, TLSPeer peer)
      : fd_(fd), context_(std::move(context)), peer_(std::move(peer)) {}
  static TLSConnection& of(const SSL* ssl);
  static TLSConnection& of(const X509_STORE_CTX* store);
  bool setUp();
  void resume();
  // In tls-bio.cc.
  static int onRead(BIO* bio, char* data, size_t length, size_t* read);
  static int onWrite(BIO* bio, const char* data, size_t length, size_t* written);
  static long onControl(BIO* bio, int command, long number, void* pointer);
  int receive(uint8_t* data, size_t length);
  int receiveAhead(uint8_t* data, size_t length);
  int transmit(const uint8_t* data, size_t length);
  int transmitNow(const uint8_t* data, size_t length);
  bool keepRest(const uint8_t* data, size_t length, int sent);
  int sendRest();
  // Whether OpenSSL may receive no more in this turn, or ever.
  bool exhausted();
  // In tls-verification.cc.
  bool expectPeer();
  bool checkPeer();
  // In tls-connection.cc.
  void begin();
  int problem(int result, int* lasting);
  int giveUp(openssl::Failure failure);
  int lostBelow(int code, int* lasting);
  int waiting(int code, int* lasting);
  int settle();
  bool accepts();
  int sendersTurn(int code);
  // Whether an alert of the peer can be read now.
  bool alerted();
  int failed() const;
  long unlessOutOfMemory(long verification) const;
  // Whether this layer or one below holds bytes, even if only a part of a record.
  bool buffered() const;
  int writeRecord(const uint8_t* data, size_t length);
  int unsent(int code);

  const int fd_;
  std::shared_ptr<TLSContext> context_;
  const TLSPeer peer_;
  std::unique_ptr<TLSConnection> lower_;
  // Records received ahead. OpenSSL has not taken the bytes from `ahead_start_` to `ahead_end_`.
  std::unique_ptr<uint8_t[]> ahead_;
  size_t ahead_start_ = 0;
  size_t ahead_end_ = 0;
  // The unsent part of a record, from `rest_start_` to `rest_end_`, and the length of its content.
  std::unique_ptr<uint8_t[]> rest_;
  size_t rest_start_ = 0;
  size_t rest_end_ = 0;
  size_t leaving_ = 0;
  openssl::Connection ssl_;
  bool established_ = false;
  // Work since beginTurn(), and bytes received since the last content: see exhausted().
  size_t work_ = 0;
  size_t without_content_ = 0;
  // An allocation has failed in the handshake, or in this call.
  bool short_of_memory_ = false;
  // The last result from below during a call: a want, a negated errno or code, the end of the stream.
  int blocked_ = 0;
  int lost_ = 0;
  bool ended_ = false;
  bool failed_below_ = false;
  bool sending_ = false;
  // A sender got kTLSBusy and waits for the end of the handshake.
  bool kept_waiting_ = false;
  // The reason if the addon, and not OpenSSL, ends the connection.
  const char* refusal_ = nullptr;
  // The result of every further read, and write; 0 for none yet.
  int read_result_ = 0;
  int write_result_ = 0;
  TLSFailure failure_;
  openssl::Certificate certificate_;
};

}  // namespace dugong
