// Decides which peer a TLSConnection accepts. OpenSSL builds and verifies the chain. This file decides which names count, which fault
// is reported, and what a resumed session must prove.
#include "tls-connection.h"

namespace dugong {

using namespace openssl;

namespace {

// A wildcard stands for a whole label; the subject's common name is no host name (RFC 9110 4.3.4, RFC 9525 6.3).
constexpr unsigned int kNameFlags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

}  // namespace

// Without memory to read a name or a key, OpenSSL reports another name, or a key that is too weak.
long TLSConnection::unlessOutOfMemory(long verification) const {
  const bool memory = takeFailure().out_of_memory || short_of_memory_;
  return verification != X509_V_OK && memory ? X509_V_ERR_OUT_OF_MEM : verification;
}

bool TLSConnection::expectPeer() {
  X509_VERIFY_PARAM* parameters = api.SSL_get0_param(ssl_.get());
  if (!peer_.host.empty()) {
    api.X509_VERIFY_PARAM_set_hostflags(parameters, kNameFlags);
    // With its length: otherwise the name would end at a NUL.
    if (api.X509_VERIFY_PARAM_set1_host(parameters, peer_.host.data(), peer_.host.size()) != 1) return false;
  }
  return peer_.address.empty() || api.X509_VERIFY_PARAM_set1_ip_asc(parameters, peer_.address.c_str()) == 1;
}

// OpenSSL verifies nothing in a resumed session: it returns the verdict of the first handshake, which may have been for another name.
// So the name is checked here.
bool TLSConnection::checkPeer() {
  certificate_.reset(api.SSL_get1_peer_certificate(ssl_.get()));
  long verification = api.SSL_get_verify_result(ssl_.get());
  if (verification == X509_V_OK && api.SSL_session_reused(ssl_.get()) == 1 && certificate_) {
    X509* certificate = certificate_.get();
    const std::string& host = peer_.host;
    if (!host.empty() && api.X509_check_host(certificate, host.data(), host.size(), kNameFlags, nullptr) != 1) {
      verification = X509_V_ERR_HOSTNAME_MISMATCH;
    }
    if (!peer_.address.empty() && api.X509_check_ip_asc(certificate, peer_.address.c_str(), 0) != 1) {
      verification = X509_V_ERR_IP_ADDRESS_MISMATCH;
    }
  }
  failure_.verification = unlessOutOfMemory(verification);
  return !context_->verifies() || (verification == X509_V_OK && certificate_);
}

TLSConnection& TLSConnection::of(const X509_STORE_CTX* store) {
  const void* ssl = api.X509_STORE_CTX_get_ex_data(store, api.SSL_get_ex_data_X509_STORE_CTX_idx());
  return of(static_cast<const SSL*>(ssl));
}

// As in Node, so that the codes are the same: verification goes on after a fault, and the last fault counts; a wrong name counts only
// without another fault. Unlike in Node, a fault ends the handshake at once.
int TLSConnection::verifyChain(X509_STORE_CTX* store, void*) {
  TLSConnection& self = of(store);
  X509* certificate = api.X509_STORE_CTX_get0_cert(store);
  // A renegotiation must show the certificate of the first handshake, which the user's own check may have accepted.
  const X509* known = self.established_ ? self.certificate_.get() : certificate;
  if (known == nullptr || certificate == nullptr || api.X509_cmp(known, certificate) != 0) {
    self.refusal_ = "certificate changed";
    api.X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  }
  long& verification = self.failure_.verification;
  const bool done = api.X509_verify_cert(store) == 1;
  // OpenSSL does not call onVerify for a chain that it cannot build.
  if (!done && verification == X509_V_OK) verification = api.X509_STORE_CTX_get_error(store);
  verification = self.unlessOutOfMemory(verification);
  if (!self.established_) {
    api.X509_up_ref(certificate);
    self.certificate_.reset(certificate);
  }
  if (verification != X509_V_OK) {
    api.X509_STORE_CTX_set_error(store, static_cast<int>(verification));
    return 0;
  }
  return done ? 1 : 0;
}

int TLSConnection::onVerify(int preverified, X509_STORE_CTX* store) {
  if (preverified == 1) return 1;
  TLSFailure& failure = of(store).failure_;
  const int error = api.X509_STORE_CTX_get_error(store);
  const bool name = error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH;
  if (!name || failure.verification == X509_V_OK) {
    failure.verification = error;
    failure.depth = api.X509_STORE_CTX_get_error_depth(store);
  }
  return 1;
}

}  // namespace dugong
