// The state that the TLS connections of one configuration share: an SSL_CTX built from PEM text, the sessions for resumption, the key
// log file. Never Node's own SSL_CTX, whose fields are private. Knows no sockets and no JavaScript.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "key-log.h"
#include "openssl.h"
#include "tls-sessions.h"

namespace dugong {

// Trusted certificates, parsed once. Contexts share them.
class TLSTrust {
 public:
  // nullptr, with the reason in `failure`, if a text holds no certificate or a broken one.
  static std::shared_ptr<TLSTrust> create(const std::vector<std::string>& texts, openssl::Failure* failure);
  // These certificates and `certificates`; nullptr if OpenSSL refuses one.
  std::shared_ptr<TLSTrust> with(const std::vector<X509*>& certificates) const;
  X509_STORE* store() const { return store_.get(); }

 private:
  TLSTrust() = default;
  openssl::Store store_;
};

// A PKCS #12 file; an empty passphrase means none.
struct Pfx {
  std::string bytes;
  std::string passphrase;
};

struct TLSContextOptions {
  std::shared_ptr<TLSTrust> trust;
  // PEM texts; each is the chain of one key, the leaf first.
  std::vector<std::string> certificates;
  std::vector<std::string> keys;
  // One for each key; empty for none.
  std::vector<std::string> passphrases;
  std::vector<Pfx> pfx;
  // For TLS 1.2 and for TLS 1.3; empty for OpenSSL's defaults.
  std::string ciphers;
  std::string ciphersuites;
  int min_version = 0;
  int max_version = 0;
  // In the form of the extension (RFC 7301): a length before each name.
  std::string protocols;
  bool verify = true;
  bool partial_chain = false;
  // SSL_OP_...
  uint64_t secure_options = 0;
  // In the form of d2i_SSL_SESSION; the context only checks that it is a session. Empty for none.
  std::string session;
  // Empty for none.
  std::string key_log_file;
};

class TLSContext {
 public:
  // nullptr with the reason in `failure`; `option` is the option that OpenSSL refused.
  static std::shared_ptr<TLSContext> create(const TLSContextOptions& options, const char** option,
                                            openssl::Failure* failure);
  TLSContext(const TLSContext&) = delete;
  TLSContext& operator=(const TLSContext&) = delete;

  SSL_CTX* handle() const { return handle_.get(); }
  BIO_METHOD* bioMethod() const { return bio_method_.get(); }
  bool verifies() const { return verify_; }
  X509_STORE* trust() const { return trust_->store(); }
  TLSSessions& sessions() { return sessions_; }
  const KeyLog& keyLog() const { return key_log_; }

 private:
  TLSContext() = default;
  // Each returns the option that OpenSSL refused, if any.
  const char* configure(const TLSContextOptions& options);
  const char* useIdentity(const TLSContextOptions& options);
  bool useChain(const std::string& text);
  // Sets the client's certificate for a kind of key, without a chain, and adds one certificate to its chain.
  bool useLeaf(X509* certificate);
  bool chain(X509* certificate);
  // In tls-pfx.cc.
  bool usePfx(const Pfx& pfx);
  bool trustAlso(const std::vector<X509*>& certificates);

  openssl::Context handle_;
  openssl::IOMethod bio_method_;
  bool verify_ = true;
  KeyLog key_log_;
  // The reason if the addon, and not OpenSSL, refuses an option.
  std::string problem_;
  std::shared_ptr<TLSTrust> trust_;
  TLSSessions sessions_;
};

}  // namespace dugong
