// The part of OpenSSL 3 that TLS needs, found at run time among the symbols that the node executable (or a libssl that it is
// linked with) exports. Own prototypes, opaque types and the constants that OpenSSL keeps stable within major version 3, so
// that one binary serves every Node with OpenSSL 3.x, and loads in one without any. Knows no sockets and no JavaScript.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace dugong::openssl {

struct BIO;
struct BIO_METHOD;
struct EVP_PKEY;
struct OPENSSL_STACK;
struct PKCS12;
struct SSL;
struct SSL_CIPHER;
struct SSL_CTX;
struct SSL_METHOD;
struct SSL_SESSION;
struct X509;
struct X509_OBJECT;
struct X509_STORE;
struct X509_STORE_CTX;
struct X509_VERIFY_PARAM;

using PasswordCallback = int (*)(char* buffer, int size, int writing, void* data);
using VerifyCallback = int (*)(int preverified, X509_STORE_CTX* context);
using ChainCallback = int (*)(X509_STORE_CTX* context, void* data);
using NewSessionCallback = int (*)(SSL* ssl, SSL_SESSION* session);
using MessageCallback = void (*)(int writing, int version, int type, const void* data, size_t length, SSL* ssl, void* given);
using KeylogCallback = void (*)(const SSL* ssl, const char* line);
using FreeFunction = void (*)(void* pointer);
using BIOWrite = int (*)(BIO* bio, const char* data, size_t length, size_t* written);
using BIORead = int (*)(BIO* bio, char* data, size_t length, size_t* read);
using BIOControl = long (*)(BIO* bio, int command, long number, void* pointer);

#define DUGONG_OPENSSL_FUNCTIONS(F)                                                    \
  F(unsigned int, OPENSSL_version_major, ())                                           \
  F(const char*, OpenSSL_version, (int what))                                          \
  F(void, ERR_clear_error, ())                                                         \
  F(unsigned long, ERR_get_error, ())                                                  \
  F(unsigned long, ERR_peek_last_error, ())                                            \
  F(const char*, ERR_lib_error_string, (unsigned long error))                          \
  F(const char*, ERR_reason_error_string, (unsigned long error))                       \
  F(void, CRYPTO_free, (void* pointer, const char* file, int line))                    \
  F(int, OPENSSL_sk_num, (const OPENSSL_STACK* stack))                                 \
  F(void*, OPENSSL_sk_value, (const OPENSSL_STACK* stack, int index))                  \
  F(void, OPENSSL_sk_pop_free, (OPENSSL_STACK * stack, FreeFunction free))             \
  F(BIO*, BIO_new, (const BIO_METHOD* method))                                         \
  F(BIO*, BIO_new_mem_buf, (const void* data, int length))                             \
  F(int, BIO_free, (BIO * bio))                                                        \
  F(void, BIO_set_data, (BIO * bio, void* data))                                       \
  F(void*, BIO_get_data, (BIO * bio))                                                  \
  F(void, BIO_set_init, (BIO * bio, int init))                                         \
  F(void, BIO_set_flags, (BIO * bio, int flags))                                       \
  F(void, BIO_clear_flags, (BIO * bio, int flags))                                     \
  F(BIO_METHOD*, BIO_meth_new, (int type, const char* name))                           \
  F(void, BIO_meth_free, (BIO_METHOD * method))                                        \
  F(int, BIO_meth_set_write_ex, (BIO_METHOD * method, BIOWrite write))                 \
  F(int, BIO_meth_set_read_ex, (BIO_METHOD * method, BIORead read))                    \
  F(int, BIO_meth_set_ctrl, (BIO_METHOD * method, BIOControl control))                 \
  F(X509*, PEM_read_bio_X509, (BIO * bio, X509** out, PasswordCallback, void* data))     \
  F(X509*, PEM_read_bio_X509_AUX, (BIO * bio, X509** out, PasswordCallback, void* data)) \
  F(EVP_PKEY*, PEM_read_bio_PrivateKey, (BIO * bio, EVP_PKEY** out, PasswordCallback, void* data)) \
  F(void, EVP_PKEY_free, (EVP_PKEY * key))                                             \
  F(PKCS12*, d2i_PKCS12, (PKCS12 * *out, const unsigned char** data, long length))     \
  F(int, PKCS12_parse, (PKCS12 * file, const char* passphrase, EVP_PKEY** key, X509** certificate, OPENSSL_STACK** others)) \
  F(void, PKCS12_free, (PKCS12 * file))                                                \
  F(int, X509_up_ref, (X509 * certificate))                                            \
  F(void, X509_free, (X509 * certificate))                                             \
  F(EVP_PKEY*, X509_get0_pubkey, (const X509* certificate))                            \
  F(int, X509_cmp, (const X509* one, const X509* other))                               \
  F(int, i2d_X509, (const X509* certificate, unsigned char** out))                     \
  F(int, X509_check_host, (X509 * certificate, const char* name, size_t length, unsigned int flags, char** peername)) \
  F(int, X509_check_ip_asc, (X509 * certificate, const char* address, unsigned int flags)) \
  F(const char*, X509_verify_cert_error_string, (long error))                          \
  F(X509_STORE*, X509_STORE_new, ())                                                   \
  F(void, X509_STORE_free, (X509_STORE * store))                                       \
  F(int, X509_STORE_add_cert, (X509_STORE * store, X509* certificate))                 \
  F(OPENSSL_STACK*, X509_STORE_get0_objects, (const X509_STORE* store))                \
  F(X509*, X509_OBJECT_get0_X509, (const X509_OBJECT* object))                         \
  F(void*, X509_STORE_CTX_get_ex_data, (const X509_STORE_CTX* context, int index))     \
  F(int, X509_STORE_CTX_get_error, (const X509_STORE_CTX* context))                    \
  F(int, X509_STORE_CTX_get_error_depth, (const X509_STORE_CTX* context))              \
  F(void, X509_STORE_CTX_set_error, (X509_STORE_CTX * context, int error))             \
  F(int, X509_verify_cert, (X509_STORE_CTX * context))                                 \
  F(X509*, X509_STORE_CTX_get0_cert, (const X509_STORE_CTX* context))                  \
  F(X509_STORE_CTX*, X509_STORE_CTX_new, ())                                           \
  F(void, X509_STORE_CTX_free, (X509_STORE_CTX * context))                             \
  F(int, X509_STORE_CTX_init, (X509_STORE_CTX * context, X509_STORE* store, X509* certificate, OPENSSL_STACK* untrusted)) \
  F(int, X509_STORE_CTX_get1_issuer, (X509 * *issuer, X509_STORE_CTX* context, X509* certificate)) \
  F(int, X509_check_issued, (X509 * issuer, X509* subject))                            \
  F(int, X509_VERIFY_PARAM_set1_host, (X509_VERIFY_PARAM * param, const char* name, size_t length)) \
  F(int, X509_VERIFY_PARAM_set1_ip_asc, (X509_VERIFY_PARAM * param, const char* address)) \
  F(void, X509_VERIFY_PARAM_set_hostflags, (X509_VERIFY_PARAM * param, unsigned int flags)) \
  F(int, X509_VERIFY_PARAM_set_flags, (X509_VERIFY_PARAM * param, unsigned long flags)) \
  F(const SSL_METHOD*, TLS_client_method, ())                                          \
  F(SSL_CTX*, SSL_CTX_new, (const SSL_METHOD* method))                                 \
  F(void, SSL_CTX_free, (SSL_CTX * context))                                           \
  F(long, SSL_CTX_ctrl, (SSL_CTX * context, int command, long number, void* pointer))  \
  F(uint64_t, SSL_CTX_set_options, (SSL_CTX * context, uint64_t options))              \
  F(void, SSL_CTX_set1_cert_store, (SSL_CTX * context, X509_STORE* store))             \
  F(void, SSL_CTX_set_verify, (SSL_CTX * context, int mode, VerifyCallback callback))  \
  F(void, SSL_CTX_set_cert_verify_callback, (SSL_CTX * context, ChainCallback callback, void* data)) \
  F(int, SSL_CTX_set_cipher_list, (SSL_CTX * context, const char* list))               \
  F(int, SSL_CTX_set_ciphersuites, (SSL_CTX * context, const char* list))              \
  F(int, SSL_CTX_set_alpn_protos, (SSL_CTX * context, const unsigned char* protocols, unsigned int length)) \
  F(int, SSL_CTX_use_certificate, (SSL_CTX * context, X509* certificate))              \
  F(int, SSL_CTX_use_PrivateKey, (SSL_CTX * context, EVP_PKEY* key))                   \
  F(int, SSL_CTX_check_private_key, (const SSL_CTX* context))                          \
  F(void, SSL_CTX_set_keylog_callback, (SSL_CTX * context, KeylogCallback callback))   \
  F(void, SSL_CTX_set_msg_callback, (SSL_CTX * context, MessageCallback callback))     \
  F(void, SSL_CTX_sess_set_new_cb, (SSL_CTX * context, NewSessionCallback callback))   \
  F(X509_VERIFY_PARAM*, SSL_CTX_get0_param, (SSL_CTX * context))                       \
  F(SSL*, SSL_new, (SSL_CTX * context))                                                \
  F(void, SSL_free, (SSL * ssl))                                                       \
  F(int, SSL_set_ex_data, (SSL * ssl, int index, void* data))                          \
  F(void*, SSL_get_ex_data, (const SSL* ssl, int index))                               \
  F(int, SSL_get_ex_data_X509_STORE_CTX_idx, ())                                       \
  F(long, SSL_ctrl, (SSL * ssl, int command, long number, void* pointer))              \
  F(void, SSL_set_bio, (SSL * ssl, BIO* read, BIO* write))                             \
  F(void, SSL_set_connect_state, (SSL * ssl))                                          \
  F(int, SSL_do_handshake, (SSL * ssl))                                                \
  F(int, SSL_read_ex, (SSL * ssl, void* buffer, size_t length, size_t* read))          \
  F(int, SSL_peek_ex, (SSL * ssl, void* buffer, size_t length, size_t* read))          \
  F(int, SSL_write_ex, (SSL * ssl, const void* buffer, size_t length, size_t* written)) \
  F(int, SSL_has_pending, (const SSL* ssl))                                            \
  F(int, SSL_shutdown, (SSL * ssl))                                                    \
  F(int, SSL_get_shutdown, (const SSL* ssl))                                           \
  F(int, SSL_in_init, (const SSL* ssl))                                                \
  F(uint64_t, SSL_clear_options, (SSL * ssl, uint64_t options))                        \
  F(int, SSL_get_error, (const SSL* ssl, int result))                                  \
  F(X509_VERIFY_PARAM*, SSL_get0_param, (SSL * ssl))                                   \
  F(long, SSL_get_verify_result, (const SSL* ssl))                                     \
  F(X509*, SSL_get1_peer_certificate, (const SSL* ssl))                                \
  F(OPENSSL_STACK*, SSL_get_peer_cert_chain, (const SSL* ssl))                         \
  F(const char*, SSL_get_version, (const SSL* ssl))                                    \
  F(const SSL_CIPHER*, SSL_get_current_cipher, (const SSL* ssl))                       \
  F(const char*, SSL_CIPHER_get_name, (const SSL_CIPHER* cipher))                      \
  F(const char*, SSL_CIPHER_standard_name, (const SSL_CIPHER* cipher))                 \
  F(const char*, SSL_CIPHER_get_version, (const SSL_CIPHER* cipher))                   \
  F(void, SSL_get0_alpn_selected, (const SSL* ssl, const unsigned char** data, unsigned int* length)) \
  F(int, SSL_session_reused, (const SSL* ssl))                                         \
  F(int, SSL_set_session, (SSL * ssl, SSL_SESSION* session))                           \
  F(SSL_SESSION*, SSL_get1_session, (SSL * ssl))                                       \
  F(void, SSL_SESSION_free, (SSL_SESSION * session))                                   \
  F(int, SSL_SESSION_up_ref, (SSL_SESSION * session))                                  \
  F(int, SSL_SESSION_is_resumable, (const SSL_SESSION* session))                       \
  F(int, SSL_SESSION_get_protocol_version, (const SSL_SESSION* session))               \
  F(long, SSL_SESSION_get_time, (const SSL_SESSION* session))                          \
  F(long, SSL_SESSION_get_timeout, (const SSL_SESSION* session))                       \
  F(int, i2d_SSL_SESSION, (const SSL_SESSION* session, unsigned char** out))           \
  F(SSL_SESSION*, d2i_SSL_SESSION, (SSL_SESSION * *out, const unsigned char** data, long length))

struct Functions {
#define DUGONG_MEMBER(result, name, parameters) result(*name) parameters = nullptr;
  DUGONG_OPENSSL_FUNCTIONS(DUGONG_MEMBER)
#undef DUGONG_MEMBER
};

// To be used only after load() has returned true.
extern Functions api;

// Finds the functions, once per process; to be called on each thread. False if there is no OpenSSL 3: `unavailable()` then says what is wrong.
bool load();
const std::string& unavailable();

// In place of the name of a part of OpenSSL: a failure that we decided on.
constexpr const char* kOwnFailure = "dugong";

// Why a call failed, in OpenSSL's words; from its error queue, the oldest entry, as Node does it.
struct Failure {
  std::string library;
  std::string reason;
  // An allocation failed, whatever OpenSSL made of that: it takes a name that it cannot read for want of memory for a wrong one.
  bool out_of_memory = false;
};

// Before calls of whose failure takeFailure() is to tell: the queue belongs to this thread and is used by Node's own crypto too.
void forgetFailures();
// Empties the queue.
Failure takeFailure();

// Frees by the function of that type.
template <typename Type, void (*Functions::*release)(Type*)>
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

using Certificate = Owned<X509, &Functions::X509_free>;
using PrivateKey = Owned<EVP_PKEY, &Functions::EVP_PKEY_free>;
using Store = Owned<X509_STORE, &Functions::X509_STORE_free>;
using StoreContext = Owned<X509_STORE_CTX, &Functions::X509_STORE_CTX_free>;
using Session = Owned<SSL_SESSION, &Functions::SSL_SESSION_free>;

// Constants of ssl.h, bio.h, x509_vfy.h and x509v3.h.
constexpr int SSL_ERROR_WANT_READ = 2;
constexpr int SSL_ERROR_WANT_WRITE = 3;
constexpr int SSL_ERROR_SYSCALL = 5;
constexpr int SSL_ERROR_ZERO_RETURN = 6;
constexpr int SSL_CTRL_GET_TOTAL_RENEGOTIATIONS = 12;
constexpr int SSL_CTRL_MODE = 33;
constexpr int SSL_CTRL_SET_SESS_CACHE_MODE = 44;
constexpr int SSL_CTRL_SET_TLSEXT_HOSTNAME = 55;
constexpr int SSL_CTRL_CHAIN = 88;
constexpr int SSL_CTRL_CHAIN_CERT = 89;
constexpr int SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
constexpr int SSL_CTRL_SET_MAX_PROTO_VERSION = 124;
constexpr int TLSEXT_NAMETYPE_host_name = 0;
constexpr long SSL_MODE_ENABLE_PARTIAL_WRITE = 0x1;
constexpr long SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER = 0x2;
constexpr long SSL_MODE_RELEASE_BUFFERS = 0x10;
constexpr uint64_t SSL_OP_NO_COMPRESSION = uint64_t{1} << 17;
constexpr uint64_t SSL_OP_LEGACY_SERVER_CONNECT = uint64_t{1} << 2;
constexpr uint64_t SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION = uint64_t{1} << 18;
constexpr int SSL_RECEIVED_SHUTDOWN = 2;
constexpr long SSL_SESS_CACHE_CLIENT = 0x1;
constexpr long SSL_SESS_CACHE_NO_INTERNAL = 0x300;
constexpr int SSL_VERIFY_NONE = 0;
constexpr int SSL_VERIFY_PEER = 1;
constexpr int TLS1_3_VERSION = 0x0304;
constexpr int BIO_TYPE_SOURCE_SINK = 0x400;
constexpr int BIO_FLAGS_READ = 0x1;
constexpr int BIO_FLAGS_WRITE = 0x2;
constexpr int BIO_FLAGS_RETRY = 0xF;  // READ | WRITE | IO_SPECIAL | SHOULD_RETRY
constexpr int BIO_FLAGS_SHOULD_RETRY = 0x8;
constexpr int BIO_CTRL_EOF = 2;
constexpr int BIO_CTRL_FLUSH = 11;
constexpr unsigned long ERR_SYSTEM_FLAG = 0x80000000;
constexpr unsigned long ERR_REASON_MASK = 0x7FFFFF;
constexpr unsigned long ERR_R_MALLOC_FAILURE = 0xC0100;
constexpr long X509_V_OK = 0;
constexpr long X509_V_ERR_OUT_OF_MEM = 17;
constexpr long X509_V_ERR_APPLICATION_VERIFICATION = 50;
constexpr long X509_V_ERR_HOSTNAME_MISMATCH = 62;
constexpr long X509_V_ERR_IP_ADDRESS_MISMATCH = 64;
constexpr unsigned long X509_V_FLAG_PARTIAL_CHAIN = 0x80000;
constexpr unsigned int X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS = 0x4;
constexpr unsigned int X509_CHECK_FLAG_NEVER_CHECK_SUBJECT = 0x20;

}  // namespace dugong::openssl
