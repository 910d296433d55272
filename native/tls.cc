// JavaScript's side of TLS connections. A connection belongs to an owned descriptor, has its number as its name, and ends with it.
// Bytes are those of the topmost layer of TLS. tls-connection.cc has the state machine, tls-bio.cc the bytes below it.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "buffer-list.h"
#include "calls.h"
#include "environment.h"
#include "tls-connection.h"
#include "tls-handle.h"
#include "values.h"

namespace dugong {

using openssl::api;

namespace {

// A smaller buffer shares a record with the next ones.
constexpr size_t kSmall = 4096;

// The DER form of an object, by its function `encode`.
template <typename Type>
napi_value encoded(napi_env env, int (*encode)(const Type*, unsigned char**), const Type* object) {
  const int length = object == nullptr ? -1 : encode(object, nullptr);
  napi_value out = nullptr;
  void* data = nullptr;
  if (length <= 0 || napi_create_buffer(env, static_cast<size_t>(length), &data, &out) != napi_ok) return nullptr;
  unsigned char* end = static_cast<unsigned char*>(data);
  encode(object, &end);
  return out;
}

std::vector<napi_value> certificates(napi_env env, const TLSConnection& connection) {
  std::vector<napi_value> encodings;
  for (const openssl::Certificate& each : connection.chain()) {
    encodings.push_back(encoded<X509>(env, api.i2d_X509, each.get()));
  }
  return encodings;
}

TLSConnection* connectionOf(const Environment& environment, int fd) {
  return environment.owns(fd) ? environment.tls(fd) : nullptr;
}

// Also begins a turn, for a call that exchanges bytes with the peer.
TLSConnection* connectionInTurn(const Environment& environment, int fd) {
  TLSConnection* connection = connectionOf(environment, fd);
  if (connection != nullptr) connection->beginTurn();
  return connection;
}

// The layer that the arguments `fd, layer` name, or nullptr, perhaps with an error pending.
const TLSConnection* layerOf(const Arguments<2>& arguments) {
  int fd = 0;
  int layer = 0;
  if (!arguments.descriptor(0, &fd) || !arguments.integer(1, "layer", &layer)) return nullptr;
  const TLSConnection* connection = connectionOf(arguments.environment(), fd);
  return connection == nullptr ? nullptr : connection->find(layer);
}

}  // namespace

napi_value StartTLS(napi_env env, napi_callback_info info) {
  const Arguments<7> arguments(env, info, "tlsStart");
  int fd = 0;
  TLSPeer peer;
  if (!arguments.descriptor(0, &fd) || !arguments.string(2, "servername", &peer.servername) ||
      !arguments.string(3, "host", &peer.host) || !arguments.string(4, "address", &peer.address) ||
      !arguments.string(5, "sessionKey", &peer.session_key)) {
    return nullptr;
  }
  std::shared_ptr<TLSContext> context = Handle<TLSContext>::get(env, arguments[1], kContextTag);
  if (context == nullptr) return arguments.typeError("context", "must come from tlsContext");
  Bytes session = {nullptr, 0};
  const bool resumes = arguments.given(6);
  if (resumes && !arguments.array(6, "session", &session)) return nullptr;
  Environment& environment = arguments.environment();
  if (!environment.owns(fd)) return arguments.result(UV_EBADF);
  openssl::Failure failure;
  std::unique_ptr<TLSConnection> connection = TLSConnection::create(fd, std::move(context), std::move(peer), &failure);
  if (connection == nullptr && failure.out_of_memory) return arguments.result(UV_ENOMEM);
  if (connection == nullptr) return arguments.rangeError("servername, host or address", "is refused");
  if (resumes && !connection->setSession(session.data, session.length, &failure)) {
    if (failure.out_of_memory) return arguments.result(UV_ENOMEM);
    return arguments.rangeError("session", "is no TLS session");
  }
  environment.startTLS(fd, std::move(connection));
  return arguments.result(0);
}

napi_value TLSHandshake(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "tlsHandshake");
  int fd = 0;
  if (!arguments.descriptor(0, &fd)) return nullptr;
  TLSConnection* connection = connectionInTurn(arguments.environment(), fd);
  if (connection == nullptr) return arguments.result(UV_EBADF);
  return arguments.result(connection->handshake());
}

napi_value TLSRecv(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info, "tlsRecv");
  int fd = 0;
  Bytes bytes;
  if (!arguments.descriptor(0, &fd) || !arguments.range(1, &bytes)) return nullptr;
  if (bytes.length == 0) {
    return arguments.rangeError("length", "must not be 0: the result would look like the end of the stream");
  }
  TLSConnection* connection = connectionInTurn(arguments.environment(), fd);
  if (connection == nullptr) return arguments.result(UV_EBADF);
  return arguments.result(connection->read(bytes.data, bytes.length));
}

// The division into calls of write() depends only on the bytes from `skip` on: a repeated call with the same bytes, and perhaps more,
// begins with the record that has not left as a whole.
napi_value TLSSend(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info, "tlsSend");
  int fd = 0;
  BufferList buffers;
  if (!arguments.descriptor(0, &fd) || !buffers.read(env, arguments)) return nullptr;
  TLSConnection* connection = connectionInTurn(arguments.environment(), fd);
  if (connection == nullptr) return arguments.result(UV_EBADF);
  uint8_t record[TLSConnection::kRecord];
  iovec* vector = buffers.vectors();
  const iovec* const end = vector + buffers.count();
  int total = 0;
  while (vector < end) {
    const uint8_t* data = static_cast<const uint8_t*>(vector->iov_base);
    size_t length = vector->iov_len;
    if (length < kSmall && vector + 1 < end) {
      length = 0;
      for (const iovec* part = vector; part < end && length < TLSConnection::kRecord; part++) {
        const size_t taken = std::min(part->iov_len, TLSConnection::kRecord - length);
        if (taken > 0) std::memcpy(record + length, part->iov_base, taken);
        length += taken;
      }
      data = record;
    }
    const int result = length == 0 ? 0 : connection->write(data, length);
    if (result < 0) return arguments.result(total > 0 ? total : result);
    total += result;
    size_t left = static_cast<size_t>(result);
    for (; vector < end && left >= vector->iov_len; vector++) left -= vector->iov_len;
    if (left > 0) *vector = {static_cast<uint8_t*>(vector->iov_base) + left, vector->iov_len - left};
    if (static_cast<size_t>(result) < length) break;
  }
  return arguments.result(total);
}

napi_value TLSShutdown(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "tlsShutdown");
  int fd = 0;
  if (!arguments.descriptor(0, &fd)) return nullptr;
  TLSConnection* connection = connectionOf(arguments.environment(), fd);
  if (connection == nullptr) return arguments.result(UV_EBADF);
  connection->shutdown();
  return arguments.result(0);
}

napi_value TLSFailedLayer(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "tlsFailedLayer");
  int fd = 0;
  if (!arguments.descriptor(0, &fd)) return nullptr;
  const TLSConnection* connection = connectionOf(arguments.environment(), fd);
  if (connection == nullptr) return arguments.result(UV_EBADF);
  return arguments.result(connection->failedLayer());
}

napi_value TLSDetails(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info, "tlsDetails");
  const TLSConnection* connection = layerOf(arguments);
  if (connection == nullptr) return nullptr;
  const SSL* ssl = connection->handle();
  const TLSFailure& failure = connection->failure();
  Object details(env);
  details.set("protocol", api.SSL_get_version(ssl));
  const SSL_CIPHER* cipher = api.SSL_get_current_cipher(ssl);
  if (cipher != nullptr) {
    Object object(env);
    object.set("name", api.SSL_CIPHER_get_name(cipher));
    object.set("standardName", api.SSL_CIPHER_standard_name(cipher));
    object.set("version", api.SSL_CIPHER_get_version(cipher));
    details.set("cipher", object.value());
  }
  const unsigned char* protocol = nullptr;
  unsigned int length = 0;
  api.SSL_get0_alpn_selected(ssl, &protocol, &length);
  details.set("alpn", std::string(reinterpret_cast<const char*>(protocol), length));
  details.set("resumed", api.SSL_session_reused(ssl) == 1);
  details.set("certificates", certificates(env, *connection));
  details.set("refused", connection->refuses());
  details.set("verification", static_cast<double>(failure.verification));
  details.set("verificationReason", api.X509_verify_cert_error_string(failure.verification));
  details.set("depth", failure.depth);
  details.set("library", failure.error.library);
  details.set("reason", failure.error.reason);
  return details.value();
}

napi_value TLSSession(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info, "tlsSession");
  const TLSConnection* connection = layerOf(arguments);
  if (connection == nullptr) return nullptr;
  const openssl::Session session(api.SSL_get1_session(connection->handle()));
  if (!session || api.SSL_SESSION_is_resumable(session.get()) != 1) return nullptr;
  return encoded<SSL_SESSION>(env, api.i2d_SSL_SESSION, session.get());
}

}  // namespace dugong
