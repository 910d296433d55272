// The chain of a server's certificate, for display. Of the other certificates that the server sent, only issuers of one in the chain
// appear, in the place where they belong, wherever the server put them. Verifies no signatures: the handshake has done that, or the
// user did not want it.
#include "tls-connection.h"

namespace dugong {

using namespace openssl;

namespace {

// OpenSSL's own limit. Without one, certificates that issued each other would be a chain without end.
constexpr size_t kLongestChain = 100;

bool issued(X509* issuer, X509* subject) { return api.X509_check_issued(issuer, subject) == X509_V_OK; }

Certificate sharedWith(X509* certificate) {
  if (certificate != nullptr) api.X509_up_ref(certificate);
  return Certificate(certificate);
}

Certificate sentIssuer(const SSL* ssl, X509* subject) {
  const STACK_OF(X509)* sent = api.SSL_get_peer_cert_chain(ssl);
  for (int i = 0; i < sizeOf(sent); i++) {
    X509* certificate = at(sent, i);
    if (issued(certificate, subject)) return sharedWith(certificate);
  }
  return Certificate();
}

Certificate trustedIssuer(X509_STORE* store, X509* subject) {
  const StoreContext context(api.X509_STORE_CTX_new());
  X509* issuer = nullptr;
  if (!context || api.X509_STORE_CTX_init(context.get(), store, nullptr, nullptr) != 1 ||
      api.X509_STORE_CTX_get1_issuer(&issuer, context.get(), subject) != 1) {
    return Certificate();
  }
  return Certificate(issuer);
}

}  // namespace

std::vector<Certificate> TLSConnection::chain() const {
  std::vector<Certificate> chain;
  Certificate next = sharedWith(certificate_.get());
  while (next && chain.size() < kLongestChain) {
    X509* last = next.get();
    chain.push_back(std::move(next));
    if (issued(last, last)) break;
    next = sentIssuer(ssl_.get(), last);
    if (!next) next = trustedIssuer(context_->trust(), last);
  }
  api.ERR_clear_error();
  return chain;
}

}  // namespace dugong
