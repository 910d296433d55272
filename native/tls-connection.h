// TLS on one non-blocking descriptor, or on the TLS of another connection on it (TLS inside TLS): handshake, bytes in and
// out, closure. Results are counts >= 0, negated errnos, or one of the codes below. Owns the SSL and the layers below it,
// never the descriptor; knows no JavaScript and never waits.
//
// Layers are numbered from the descriptor upwards: 0 is on the descriptor itself. A layer wants what the lowest one could
// not have from the descriptor, so that whoever waits for the descriptor misses nothing that a layer has already taken in.
#pragma once

#include <cerrno>
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
// The peer's stream ended without a close_notify: what came may not be all (RFC 8446 6.1).
constexpr int kTLSTruncated = -10004;
// The call has done its share of work: there may be more to do at once, when others have had their turn.
constexpr int kTLSAgain = -10005;
// Nothing can be sent before the peer has said more, since it wants another handshake: read() brings that on.
constexpr int kTLSBusy = -10006;

inline bool wouldBlock(int result) { return result == -EAGAIN || result == -EWOULDBLOCK; }
// Whether a result says what must come first, and is no failure.
inline bool wanting(int result) { return result <= kTLSWantRead && result != kTLSFailed && result != kTLSTruncated; }

// How many renegotiations the peer may have on one connection (TLS 1.2). Each costs us more than it.
constexpr int kTLSMostRenegotiations = 32;

// How many bytes of records with no content for the caller are taken in a row: thousands of KeyUpdates, or tickets, which cost
// the peer nothing and would go on for ever.
constexpr size_t kTLSMostWithoutContent = size_t{1} << 18;

struct TLSPeer {
  // For the server_name extension; empty: none.
  std::string servername;
  // What the certificate must be for: a name, an address, or both empty, if the caller checks.
  std::string host;
  std::string address;
  // Under which sessions are kept; empty: not at all.
  std::string session_key;
};

struct TLSFailure {
  openssl::Failure error;
  // X509_V_OK, or what is wrong with the certificate (at `depth` above the server's).
  long verification = X509_V_OK;
  int depth = 0;
};

class TLSConnection {
 public:
  // The largest plaintext of a record (RFC 8446 5.1).
  static constexpr size_t kRecord = 16384;

  // nullptr and why. `lower`, if any, is the connection whose bytes carry this one's.
  static std::unique_ptr<TLSConnection> create(int fd, std::shared_ptr<TLSContext> context, TLSPeer peer,
                                               openssl::Failure* failure);
  TLSConnection(const TLSConnection&) = delete;
  TLSConnection& operator=(const TLSConnection&) = delete;
  ~TLSConnection();

  void setLower(std::unique_ptr<TLSConnection> lower) { lower_ = std::move(lower); }
  // To be called before each of the calls below: so much work may be done, by this layer and those that carry it.
  void beginTurn();
  // Resumes this one instead of one from the context.
  bool setSession(const unsigned char* data, size_t length, openssl::Failure* failure);

  int handshake();
  // As much as there is without waiting, up to `length`; 0 after the peer's close_notify.
  int read(uint8_t* data, size_t length);
  // After kTLSWant..., or kTLSBusy, call again with the same bytes, or more. Takes nothing in from below: a reader that waits for
  // the descriptor would miss it.
  int write(const uint8_t* data, size_t length);
  // Sends close_notify, on every layer, if that is possible at once.
  void shutdown();

  SSL* handle() const { return ssl_.get(); }
  const TLSFailure& failure() const { return failure_; }
  // Whether what failure() says of the certificate counts: where nobody verifies, it does not.
  bool refuses() const { return context_->verifies() && failure_.verification != X509_V_OK; }
  // The peer's certificate, refused or not.
  const openssl::Certificate& certificate() const { return certificate_; }
  // The server's certificate and, each behind the one that it issued, its issuers: as many as the server sent or we trust.
  std::vector<openssl::Certificate> chain() const;
  int layer() const { return lower_ == nullptr ? 0 : lower_->layer() + 1; }
  // This layer or one below it; nullptr if there is none of that number.
  const TLSConnection* find(int layer) const;
  // The layer in which kTLSFailed or kTLSTruncated came about that was returned here last.
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
  // Whether no more may be taken from below in this turn, or ever.
  bool exhausted();
  // In tls-verification.cc.
  bool expectPeer();
  bool checkPeer();
  // The others.
  void begin();
  int problem(int result, int* lasting);
  int giveUp(openssl::Failure failure);
  int lostBelow(int code, int* lasting);
  int waiting(int code, int* lasting);
  int settle();
  bool accepts();
  int sendersTurn(int code);
  // Whether the peer's last word, if it can be read now, was an alert.
  bool alerted();
  int failed() const;
  long unlessOutOfMemory(long verification) const;
  // Whether there is more to read without the descriptor, in this layer or below, be it a part of a record only.
  bool buffered() const;
  int writeRecord(const uint8_t* data, size_t length);
  int unsent(int code);

  const int fd_;
  std::shared_ptr<TLSContext> context_;
  const TLSPeer peer_;
  std::unique_ptr<TLSConnection> lower_;
  // Records received ahead, of which `ahead_start_` to `ahead_end_` are still to be taken.
  std::unique_ptr<uint8_t[]> ahead_;
  size_t ahead_start_ = 0;
  size_t ahead_end_ = 0;
  // What is still to be sent, from `rest_start_` to `rest_end_`, of a record with content, and how much content it has.
  std::unique_ptr<uint8_t[]> rest_;
  size_t rest_start_ = 0;
  size_t rest_end_ = 0;
  size_t leaving_ = 0;
  openssl::Connection ssl_;
  bool established_ = false;
  // Work done since beginTurn(), and bytes taken from below since the last that were content: see exhausted().
  size_t work_ = 0;
  size_t without_content_ = 0;
  // An allocation has failed in the handshake, or in this call.
  bool short_of_memory_ = false;
  // What the layer below said last during a call: would block, a negated errno, its end.
  int blocked_ = 0;
  int lost_ = 0;
  bool ended_ = false;
  bool failed_below_ = false;
  bool sending_ = false;
  // A sender was told kTLSBusy, and is to hear when that is over.
  bool kept_waiting_ = false;
  // Why we go no further, if that is not OpenSSL's decision.
  const char* refusal_ = nullptr;
  // What every further read, or write, returns.
  int read_result_ = 0;
  int write_result_ = 0;
  TLSFailure failure_;
  openssl::Certificate certificate_;
};

}  // namespace dugong
