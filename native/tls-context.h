// What the TLS connections of one configuration share: an SSL_CTX of our own, built from PEM text, with the sessions for
// resumption and the key log file. Never Node's own SSL_CTX, whose fields are private. Knows no sockets and no JavaScript.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "openssl.h"
#include "tls-sessions.h"

namespace dugong {

// Trusted certificates, parsed once and shared by contexts.
class TLSTrust {
 public:
  // nullptr and why, if one of the texts holds no certificate or a broken one.
  static std::shared_ptr<TLSTrust> create(const std::vector<std::string>& texts, openssl::Failure* failure);
  // These and `certificates`; nullptr if OpenSSL does not take one.
  std::shared_ptr<TLSTrust> with(const std::vector<X509*>& certificates) const;
  X509_STORE* store() const { return store_.get(); }

 private:
  TLSTrust() = default;
  openssl::Store store_;
};

// A PKCS #12 file; the passphrase is empty if there is none.
struct Pfx {
  std::string bytes;
  std::string passphrase;
};

struct TLSContextOptions {
  std::shared_ptr<TLSTrust> trust;
  // Each the chain of one key: PEM, the leaf first.
  std::vector<std::string> certificates;
  std::vector<std::string> keys;
  // As many as keys, empty where there is none.
  std::vector<std::string> passphrases;
  std::vector<Pfx> pfx;
  // TLS 1.2 and TLS 1.3; OpenSSL's defaults if empty.
  std::string ciphers;
  std::string ciphersuites;
  int min_version = 0;
  int max_version = 0;
  // In the form of the extension (RFC 7301): each name preceded by its length.
  std::string protocols;
  bool verify = true;
  bool partial_chain = false;
  // SSL_OP_...
  uint64_t secure_options = 0;
  // To be resumed, in the form of d2i_SSL_SESSION; here it is only checked that it is one. Empty: none.
  std::string session;
  // Empty: none.
  std::string key_log_file;
};

class TLSContext {
 public:
  // nullptr and why; `option` is the one that OpenSSL refused.
  static std::shared_ptr<TLSContext> create(const TLSContextOptions& options, const char** option,
                                            openssl::Failure* failure);
  TLSContext(const TLSContext&) = delete;
  TLSContext& operator=(const TLSContext&) = delete;
  ~TLSContext();

  SSL_CTX* handle() const { return handle_.get(); }
  BIO_METHOD* bioMethod() const { return bio_method_.get(); }
  bool verifies() const { return verify_; }
  X509_STORE* trust() const { return trust_->store(); }
  TLSSessions& sessions() { return sessions_; }
  void logKey(const char* line);

 private:
  TLSContext() = default;
  // Each returns the option that OpenSSL refused, if any.
  const char* configure(const TLSContextOptions& options);
  const char* useIdentity(const TLSContextOptions& options);
  bool useChain(const std::string& text);
  // Our own certificate for a kind of key, in place of an earlier one and its chain, and one more of its chain.
  bool useLeaf(X509* certificate);
  bool chain(X509* certificate);
  // In tls-pfx.cc.
  bool usePfx(const Pfx& pfx);
  bool trustAlso(const std::vector<X509*>& certificates);

  openssl::Context handle_;
  openssl::IOMethod bio_method_;
  bool verify_ = true;
  int key_log_ = -1;
  // Why an option is refused, if that is not for OpenSSL to say.
  std::string problem_;
  std::shared_ptr<TLSTrust> trust_;
  TLSSessions sessions_;
};

}  // namespace dugong
