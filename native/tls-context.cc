// See tls-context.h.
#include "tls-context.h"

#include <cstring>

#include "heap.h"
#include "tls-connection.h"

namespace dugong {

using namespace openssl;

namespace {

IO memoryIO(const std::string& text) { return IO(api.BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// In place of OpenSSL's own callback, which asks on the terminal.
int givePassphrase(char* buffer, int size, int, void* data) {
  const std::string* passphrase = static_cast<const std::string*>(data);
  if (passphrase == nullptr || passphrase->empty() || passphrase->size() > static_cast<size_t>(size)) return -1;
  passphrase->copy(buffer, passphrase->size());
  return static_cast<int>(passphrase->size());
}

// Whether a read ended because the text holds no more PEM. After a broken part the error stays in the queue.
bool endOfPEM() {
  const char* reason = api.ERR_reason_error_string(api.ERR_peek_last_error());
  if (reason == nullptr || std::strcmp(reason, "no start line") != 0) return false;
  api.ERR_clear_error();
  return true;
}

// Adds every certificate of the text. False without one. A duplicate is no fault.
bool addTrusted(X509_STORE* store, const std::string& text) {
  const IO bio = memoryIO(text);
  for (int count = 0;; count++) {
    const Certificate certificate(api.PEM_read_bio_X509_AUX(bio.get(), nullptr, givePassphrase, nullptr));
    if (!certificate) return count > 0 && endOfPEM();
    if (api.X509_STORE_add_cert(store, certificate.get()) != 1) return false;
    // A key that is not decoded for lack of memory stays so, and the certificate would look like another one.
    if (api.X509_get0_pubkey(certificate.get()) == nullptr && allocationFailed()) return false;
  }
}

bool isSession(const std::string& bytes) {
  const unsigned char* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const Session session(api.d2i_SSL_SESSION(nullptr, &data, static_cast<long>(bytes.size())));
  return static_cast<bool>(session);
}

bool addKey(SSL_CTX* context, const std::string& text, const std::string& passphrase) {
  const IO bio = memoryIO(text);
  void* data = const_cast<std::string*>(&passphrase);
  const PrivateKey key(api.PEM_read_bio_PrivateKey(bio.get(), nullptr, givePassphrase, data));
  return key && api.SSL_CTX_use_PrivateKey(context, key.get()) == 1;
}

}  // namespace

std::shared_ptr<TLSTrust> TLSTrust::create(const std::vector<std::string>& texts, Failure* failure) {
  forgetFailures();
  std::shared_ptr<TLSTrust> trust(new TLSTrust());
  trust->store_.reset(api.X509_STORE_new());
  bool added = static_cast<bool>(trust->store_);
  for (size_t i = 0; added && i < texts.size(); i++) added = addTrusted(trust->store_.get(), texts[i]);
  if (added) return trust;
  *failure = takeFailure();
  return nullptr;
}

std::shared_ptr<TLSContext> TLSContext::create(const TLSContextOptions& options, const char** option,
                                               Failure* failure) {
  forgetFailures();
  std::shared_ptr<TLSContext> context(new TLSContext());
  *option = context->configure(options);
  *failure = takeFailure();
  if (!context->problem_.empty()) {
    failure->library = kOwnFailure;
    failure->reason = context->problem_;
  }
  return *option == nullptr ? context : nullptr;
}

// Returns the option that OpenSSL refused, if any.
const char* TLSContext::configure(const TLSContextOptions& options) {
  handle_.reset(api.SSL_CTX_new(api.TLS_client_method()));
  bio_method_ = TLSConnection::createBIOMethod();
  if (!handle_ || !bio_method_) return "context";
  trust_ = options.trust;
  verify_ = options.verify;
  SSL_CTX* const context = handle_.get();
  const auto control = [&](int command, long value) { return api.SSL_CTX_ctrl(context, command, value, nullptr); };
  api.SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | options.secure_options);
  control(SSL_CTRL_MODE,
          SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  api.SSL_CTX_set1_cert_store(context, trust_->store());
  api.SSL_CTX_set_verify(context, verify_ ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, TLSConnection::onVerify);
  api.SSL_CTX_set_cert_verify_callback(context, TLSConnection::verifyChain, nullptr);
  if (options.partial_chain) {
    api.X509_VERIFY_PARAM_set_flags(api.SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  }
  control(SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  api.SSL_CTX_set_msg_callback(context, TLSConnection::onMessage);
  api.SSL_CTX_sess_set_new_cb(context, TLSConnection::onNewSession);
  if (control(SSL_CTRL_SET_MIN_PROTO_VERSION, options.min_version) != 1) return "minVersion";
  if (control(SSL_CTRL_SET_MAX_PROTO_VERSION, options.max_version) != 1) return "maxVersion";
  const std::string& ciphers = options.ciphers;
  if (!ciphers.empty() && api.SSL_CTX_set_cipher_list(context, ciphers.c_str()) != 1) return "ciphers";
  const std::string& suites = options.ciphersuites;
  if (!suites.empty() && api.SSL_CTX_set_ciphersuites(context, suites.c_str()) != 1) return "ciphers";
  if (!options.protocols.empty()) {
    const auto* data = reinterpret_cast<const unsigned char*>(options.protocols.data());
    // The one function of OpenSSL that returns 0 for success.
    const auto length = static_cast<unsigned int>(options.protocols.size());
    if (api.SSL_CTX_set_alpn_protos(context, data, length) != 0) return "ALPNProtocols";
  }
  if (!options.session.empty() && !isSession(options.session)) return "session";
  if (!options.key_log_file.empty()) {
    if (!key_log_.open(options.key_log_file, &problem_)) return "SSLKEYLOGFILE";
    api.SSL_CTX_set_keylog_callback(context, TLSConnection::onKeyLog);
  }
  return useIdentity(options);
}

bool TLSContext::useChain(const std::string& text) {
  const IO bio = memoryIO(text);
  const Certificate leaf(api.PEM_read_bio_X509_AUX(bio.get(), nullptr, givePassphrase, nullptr));
  if (!leaf || !useLeaf(leaf.get())) return false;
  for (;;) {
    const Certificate next(api.PEM_read_bio_X509(bio.get(), nullptr, givePassphrase, nullptr));
    if (!next) return endOfPEM();
    if (!chain(next.get())) return false;
  }
}

bool TLSContext::useLeaf(X509* certificate) {
  return api.SSL_CTX_use_certificate(handle_.get(), certificate) == 1 &&
         api.SSL_CTX_ctrl(handle_.get(), SSL_CTRL_CHAIN, 0, nullptr) == 1;
}

bool TLSContext::chain(X509* certificate) {
  // 1: the context takes a reference of its own.
  return api.SSL_CTX_ctrl(handle_.get(), SSL_CTRL_CHAIN_CERT, 1, certificate) == 1;
}

const char* TLSContext::useIdentity(const TLSContextOptions& options) {
  for (const std::string& text : options.certificates) {
    if (!useChain(text)) return "cert";
  }
  for (size_t i = 0; i < options.keys.size(); i++) {
    if (!addKey(handle_.get(), options.keys[i], options.passphrases[i])) return "key";
  }
  const bool complete = !options.keys.empty() && !options.certificates.empty();
  if (complete && api.SSL_CTX_check_private_key(handle_.get()) != 1) return "key";
  for (const Pfx& pfx : options.pfx) {
    if (!usePfx(pfx)) return "pfx";
  }
  return nullptr;
}

}  // namespace dugong
