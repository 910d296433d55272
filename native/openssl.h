// The part of OpenSSL 3 that TLS needs, found at run time among the symbols that the node executable (or its libssl) exports: one
// binary serves every Node with OpenSSL 3.x, and loads in a Node without OpenSSL. Types, prototypes and constants are those of the
// headers that come with Node. The addon is not linked with OpenSSL: all calls go through `api`, also those that OpenSSL's macros and
// inline functions would make. Knows no sockets and no JavaScript.
#pragma once

#if !__has_include(<openssl/ssl.h>)
#error \
    "OpenSSL's headers are missing: Node's own have them; a Node that is built with a shared OpenSSL needs libssl-dev"
#endif

// The API of the oldest supported OpenSSL: no warning for a function that only a later version deprecates.
#define OPENSSL_API_COMPAT 30000
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <string>

#if OPENSSL_VERSION_MAJOR != 3
#error "dugong needs the headers of OpenSSL 3"
#endif

namespace dugong::openssl {

// Functions only. Where OpenSSL has a macro, the addon calls SSL_ctrl() or SSL_CTX_ctrl() with the constant of that macro.
#define DUGONG_OPENSSL_FUNCTIONS(F)     \
  F(OPENSSL_version_major)              \
  F(OPENSSL_version_minor)              \
  F(ERR_clear_error)                    \
  F(ERR_get_error)                      \
  F(ERR_peek_last_error)                \
  F(ERR_lib_error_string)               \
  F(ERR_reason_error_string)            \
  F(OPENSSL_sk_num)                     \
  F(OPENSSL_sk_value)                   \
  F(OPENSSL_sk_pop_free)                \
  F(BIO_new)                            \
  F(BIO_new_mem_buf)                    \
  F(BIO_free)                           \
  F(BIO_set_data)                       \
  F(BIO_get_data)                       \
  F(BIO_set_init)                       \
  F(BIO_set_flags)                      \
  F(BIO_clear_flags)                    \
  F(BIO_meth_new)                       \
  F(BIO_meth_free)                      \
  F(BIO_meth_set_write_ex)              \
  F(BIO_meth_set_read_ex)               \
  F(BIO_meth_set_ctrl)                  \
  F(PEM_read_bio_X509)                  \
  F(PEM_read_bio_X509_AUX)              \
  F(PEM_read_bio_PrivateKey)            \
  F(EVP_PKEY_free)                      \
  F(d2i_PKCS12)                         \
  F(PKCS12_parse)                       \
  F(PKCS12_free)                        \
  F(X509_up_ref)                        \
  F(X509_free)                          \
  F(X509_get0_pubkey)                   \
  F(X509_cmp)                           \
  F(i2d_X509)                           \
  F(X509_check_host)                    \
  F(X509_check_ip_asc)                  \
  F(X509_verify_cert_error_string)      \
  F(X509_STORE_new)                     \
  F(X509_STORE_free)                    \
  F(X509_STORE_add_cert)                \
  F(X509_STORE_get0_objects)            \
  F(X509_OBJECT_get0_X509)              \
  F(X509_STORE_CTX_get_ex_data)         \
  F(X509_STORE_CTX_get_error)           \
  F(X509_STORE_CTX_get_error_depth)     \
  F(X509_STORE_CTX_set_error)           \
  F(X509_verify_cert)                   \
  F(X509_STORE_CTX_get0_cert)           \
  F(X509_STORE_CTX_new)                 \
  F(X509_STORE_CTX_free)                \
  F(X509_STORE_CTX_init)                \
  F(X509_STORE_CTX_get1_issuer)         \
  F(X509_check_issued)                  \
  F(X509_VERIFY_PARAM_set1_host)        \
  F(X509_VERIFY_PARAM_set1_ip_asc)      \
  F(X509_VERIFY_PARAM_set_hostflags)    \
  F(X509_VERIFY_PARAM_set_flags)        \
  F(TLS_client_method)                  \
  F(SSL_CTX_new)                        \
  F(SSL_CTX_free)                       \
  F(SSL_CTX_ctrl)                       \
  F(SSL_CTX_set_options)                \
  F(SSL_CTX_set1_cert_store)            \
  F(SSL_CTX_set_verify)                 \
  F(SSL_CTX_set_cert_verify_callback)   \
  F(SSL_CTX_set_cipher_list)            \
  F(SSL_CTX_set_ciphersuites)           \
  F(SSL_CTX_set_alpn_protos)            \
  F(SSL_CTX_use_certificate)            \
  F(SSL_CTX_use_PrivateKey)             \
  F(SSL_CTX_check_private_key)          \
  F(SSL_CTX_set_keylog_callback)        \
  F(SSL_CTX_set_msg_callback)           \
  F(SSL_CTX_sess_set_new_cb)            \
  F(SSL_CTX_get0_param)                 \
  F(SSL_new)                            \
  F(SSL_free)                           \
  F(SSL_set_ex_data)                    \
  F(SSL_get_ex_data)                    \
  F(SSL_get_ex_data_X509_STORE_CTX_idx) \
  F(SSL_ctrl)                           \
  F(SSL_set_bio)                        \
  F(SSL_set_connect_state)              \
  F(SSL_do_handshake)                   \
  F(SSL_read_ex)                        \
  F(SSL_peek_ex)                        \
  F(SSL_write_ex)                       \
  F(SSL_has_pending)                    \
  F(SSL_shutdown)                       \
  F(SSL_get_shutdown)                   \
  F(SSL_in_init)                        \
  F(SSL_clear_options)                  \
  F(SSL_get_error)                      \
  F(SSL_get0_param)                     \
  F(SSL_get_verify_result)              \
  F(SSL_get1_peer_certificate)          \
  F(SSL_get_peer_cert_chain)            \
  F(SSL_get_version)                    \
  F(SSL_get_current_cipher)             \
  F(SSL_CIPHER_get_name)                \
  F(SSL_CIPHER_standard_name)           \
  F(SSL_CIPHER_get_version)             \
  F(SSL_get0_alpn_selected)             \
  F(SSL_session_reused)                 \
  F(SSL_set_session)                    \
  F(SSL_get1_session)                   \
  F(SSL_SESSION_free)                   \
  F(SSL_SESSION_up_ref)                 \
  F(SSL_SESSION_is_resumable)           \
  F(SSL_SESSION_get_protocol_version)   \
  F(SSL_SESSION_get_timeout)            \
  F(i2d_SSL_SESSION)                    \
  F(d2i_SSL_SESSION)

struct Functions {
#define DUGONG_MEMBER(name) decltype(&::name) name = nullptr;
  DUGONG_OPENSSL_FUNCTIONS(DUGONG_MEMBER)
#undef DUGONG_MEMBER
};

// Usable once load() has returned true.
extern Functions api;

// Finds the functions, once per process. Each thread calls it first. False without OpenSSL 3: unavailable() has the reason.
bool load();
const std::string& unavailable();

// When the session was made, in seconds since 1970.
int64_t timeOf(const SSL_SESSION* session);

// Stands for the name of a part of OpenSSL in a failure that the addon decides on.
constexpr const char* kOwnFailure = "dugong";

// Why a call failed, in OpenSSL's words: the oldest entry of its error queue, as in Node.
struct Failure {
  std::string library;
  std::string reason;
  // An allocation failed, whatever OpenSSL reports: without memory to read a name, it reports a wrong name.
  bool out_of_memory = false;
};

// Comes before a call whose failure takeFailure() explains: the thread's queue may hold entries of Node's own crypto.
void forgetFailures();
// Empties the error queue.
Failure takeFailure();

// Frees by `release`, the member of Functions that frees such an object.
template <typename Type, auto release>
class Owned {
 public:
  explicit Owned(Type* pointer = nullptr) : pointer_(pointer) {}
  Owned(Owned&& other) noexcept : pointer_(other.release_pointer()) {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  Owned& operator=(Owned&& other) noexcept {
    reset(other.release_pointer());
    return *this;
  }
  ~Owned() { reset(nullptr); }

  Type* get() const { return pointer_; }
  explicit operator bool() const { return pointer_ != nullptr; }
  void reset(Type* pointer) {
    if (pointer_ != nullptr) (api.*release)(pointer_);
    pointer_ = pointer;
  }
  Type* release_pointer() {
    Type* pointer = pointer_;
    pointer_ = nullptr;
    return pointer;
  }

 private:
  Type* pointer_;
};

using IOMethod = Owned<BIO_METHOD, &Functions::BIO_meth_free>;
using IO = Owned<BIO, &Functions::BIO_free>;
using Certificate = Owned<X509, &Functions::X509_free>;
using PrivateKey = Owned<EVP_PKEY, &Functions::EVP_PKEY_free>;
using Store = Owned<X509_STORE, &Functions::X509_STORE_free>;
using StoreContext = Owned<X509_STORE_CTX, &Functions::X509_STORE_CTX_free>;
using Session = Owned<SSL_SESSION, &Functions::SSL_SESSION_free>;
using Context = Owned<SSL_CTX, &Functions::SSL_CTX_free>;
using Connection = Owned<SSL, &Functions::SSL_free>;

// Replace sk_X509_num() and the like, which are inline calls of OpenSSL's symbols.
template <typename Stack>
int sizeOf(const Stack* stack) {
  return stack == nullptr ? 0 : api.OPENSSL_sk_num(reinterpret_cast<const OPENSSL_STACK*>(stack));
}
inline X509* at(const STACK_OF(X509) * stack, int index) {
  return static_cast<X509*>(api.OPENSSL_sk_value(reinterpret_cast<const OPENSSL_STACK*>(stack), index));
}
inline X509_OBJECT* at(const STACK_OF(X509_OBJECT) * stack, int index) {
  return static_cast<X509_OBJECT*>(api.OPENSSL_sk_value(reinterpret_cast<const OPENSSL_STACK*>(stack), index));
}

}  // namespace dugong::openssl
