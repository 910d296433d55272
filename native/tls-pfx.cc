// Certificates and keys from PKCS #12 files (RFC 7292), for a TLSContext. Keys never leave OpenSSL's memory.
#include "tls-context.h"

namespace dugong {

using namespace openssl;

namespace {

using File = Owned<PKCS12, &Functions::PKCS12_free>;

// The other certificates of a file, besides that of its key.
class Others {
 public:
  Others() = default;
  Others(const Others&) = delete;
  Others& operator=(const Others&) = delete;
  ~Others() {
    api.OPENSSL_sk_pop_free(reinterpret_cast<OPENSSL_STACK*>(stack_),
                            [](void* each) { api.X509_free(static_cast<X509*>(each)); });
  }
  STACK_OF(X509) * *out() { return &stack_; }
  std::vector<X509*> all() const {
    std::vector<X509*> all;
    all.reserve(static_cast<size_t>(sizeOf(stack_)));
    for (int i = 0; i < sizeOf(stack_); i++) all.push_back(at(stack_, i));
    return all;
  }

 private:
  STACK_OF(X509) * stack_ = nullptr;
};

}  // namespace

bool TLSContext::usePfx(const Pfx& pfx) {
  const unsigned char* data = reinterpret_cast<const unsigned char*>(pfx.bytes.data());
  const File file(api.d2i_PKCS12(nullptr, &data, static_cast<long>(pfx.bytes.size())));
  EVP_PKEY* key = nullptr;
  X509* leaf = nullptr;
  Others others;
  if (!file || api.PKCS12_parse(file.get(), pfx.passphrase.c_str(), &key, &leaf, others.out()) != 1) return false;
  const PrivateKey owned_key(key);
  const Certificate owned_leaf(leaf);
  if (key == nullptr || leaf == nullptr) problem_ = "no key with its certificate";
  if (!problem_.empty() || !useLeaf(leaf)) return false;
  if (api.SSL_CTX_use_PrivateKey(handle_.get(), key) != 1) return false;
  for (X509* each : others.all()) {
    if (!chain(each)) return false;
  }
  return others.all().empty() || trustAlso(others.all());
}

// Makes a new TLSTrust: other contexts share the present one.
bool TLSContext::trustAlso(const std::vector<X509*>& certificates) {
  std::shared_ptr<TLSTrust> trust = trust_->with(certificates);
  if (trust == nullptr) return false;
  trust_ = std::move(trust);
  api.SSL_CTX_set1_cert_store(handle_.get(), trust_->store());
  return true;
}

std::shared_ptr<TLSTrust> TLSTrust::with(const std::vector<X509*>& certificates) const {
  std::shared_ptr<TLSTrust> trust(new TLSTrust());
  trust->store_.reset(api.X509_STORE_new());
  X509_STORE* const store = trust->store_.get();
  if (store == nullptr) return nullptr;
  const STACK_OF(X509_OBJECT)* objects = api.X509_STORE_get0_objects(store_.get());
  for (int i = 0; i < sizeOf(objects); i++) {
    X509* each = api.X509_OBJECT_get0_X509(at(objects, i));
    if (each != nullptr && api.X509_STORE_add_cert(store, each) != 1) return nullptr;
  }
  for (X509* each : certificates) {
    if (api.X509_STORE_add_cert(store, each) != 1) return nullptr;
  }
  return trust;
}

}  // namespace dugong
