// Whom a TLSConnection accepts: OpenSSL builds and verifies the chain; which names count, which fault is reported, and what
// a resumed session has to prove is decided here.
#include "tls-connection.h"

namespace dugong {

using namespace openssl;

namespace {

// A wildcard is a whole label, and the subject's common name is no host name (RFC 9110 4.3.4, RFC 9525 6.3).
constexpr unsigned int kNameFlags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

}  // namespace

// OpenSSL takes a name that it could not read for want of memory for another name, and a key for one that is too weak.
long TLSConnection::unlessOutOfMemory(long verification) const {
  const bool memory = takeFailure().out_of_memory || short_of_memory_;
  return verification != X509_V_OK && memory ? X509_V_ERR_OUT_OF_MEM : verification;
}

bool TLSConnection::expectPeer() {
  X509_VERIFY_PARAM* parameters = api.SSL_get0_param(ssl_.get());
  if (!peer_.host.empty()) {
    api.X509_VERIFY_PARAM_set_hostflags(parameters, kNameFlags);
    // With the length: without it the name would end at a NUL.
    if (api.X509_VERIFY_PARAM_set1_host(parameters, peer_.host.data(), peer_.host.size()) != 1) return false;
  }
  return peer_.address.empty() || api.X509_VERIFY_PARAM_set1_ip_asc(parameters, peer_.address.c_str()) == 1;
}

// In a resumed session OpenSSL verifies nothing: what it was told in the first handshake, and to what end, is asked here.
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

// As Node does, so that the codes are the same: the verification goes on after a fault, and the last one counts; the name is
// looked at when all else is in order. Unlike Node, the handshake ends here and now if there is one.
int TLSConnection::verifyChain(X509_STORE_CTX* store, void*) {
  TLSConnection& self = of(store);
  X509* certificate = api.X509_STORE_CTX_get0_cert(store);
  // A renegotiation is with the server that was verified first, by the user's own check, too.
  const X509* known = self.established_ ? self.certificate_.get() : certificate;
  if (known == nullptr || certificate == nullptr || api.X509_cmp(known, certificate) != 0) {
    self.refusal_ = "certificate changed";
    api.X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  }
  long& verification = self.failure_.verification;
  const bool done = api.X509_verify_cert(store) == 1;
  // A chain that could not be built is not seen by onVerify.
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
