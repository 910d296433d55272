// JavaScript's side of trust stores and TLS contexts: options in, handles out. Returns the option that OpenSSL refuses, with the
// reason; throws only for wrong types.
#include <memory>
#include <string>
#include <vector>

#include "arguments.h"
#include "calls.h"
#include "tls-context.h"
#include "tls-handle.h"
#include "values.h"

namespace dugong {

namespace {

napi_value refusal(napi_env env, const char* option, const openssl::Failure& failure) {
  Object object(env);
  // No option causes a lack of memory.
  object.set("option", failure.out_of_memory ? "memory" : option);
  object.set("library", failure.library);
  object.set("reason", failure.reason);
  return object.value();
}

// Reads properties by name. Remembers the first of a wrong type.
class Options {
 public:
  Options(napi_env env, napi_value value) : env_(env), value_(value) {}
  const char* wrong() const { return wrong_; }

  napi_value get(const char* name) {
    napi_value property = nullptr;
    if (napi_get_named_property(env_, value_, name, &property) == napi_ok) return property;
    wrong(name);
    napi_get_undefined(env_, &property);
    return property;
  }

  std::string text(const char* name) {
    std::string out;
    if (!text(get(name), &out)) wrong(name);
    return out;
  }

  std::vector<std::string> texts(const char* name) { return texts(name, get(name)); }

  std::vector<std::string> texts(const char* name, napi_value list) {
    uint32_t count = 0;
    if (napi_get_array_length(env_, list, &count) != napi_ok) wrong(name);
    std::vector<std::string> out(count);
    for (uint32_t i = 0; i < count; i++) {
      napi_value element = nullptr;
      if (napi_get_element(env_, list, i, &element) != napi_ok || !text(element, &out[i])) wrong(name);
    }
    return out;
  }

  std::string bytes(const char* name) {
    std::string out;
    if (!bytes(get(name), &out)) wrong(name);
    return out;
  }

  // A number with more than 32 bits.
  uint64_t bits(const char* name) {
    double out = 0;
    if (napi_get_value_double(env_, get(name), &out) != napi_ok || !Arguments<1>::isCount(out)) wrong(name);
    return wrong_ == nullptr ? static_cast<uint64_t>(out) : 0;
  }

  // Reads two arrays of one length: files and their passphrases.
  std::vector<Pfx> pfx(const char* files, const char* passphrases) {
    const std::vector<std::string> words = texts(passphrases);
    std::vector<Pfx> out(words.size());
    const napi_value list = get(files);
    uint32_t count = 0;
    if (napi_get_array_length(env_, list, &count) != napi_ok || count != words.size()) wrong(files);
    for (uint32_t i = 0; wrong_ == nullptr && i < count; i++) {
      napi_value element = nullptr;
      if (napi_get_element(env_, list, i, &element) != napi_ok || !bytes(element, &out[i].bytes)) wrong(files);
      out[i].passphrase = words[i];
    }
    return out;
  }

  int number(const char* name) {
    int32_t out = 0;
    if (napi_get_value_int32(env_, get(name), &out) != napi_ok) wrong(name);
    return out;
  }

  bool boolean(const char* name) {
    bool out = true;
    if (napi_get_value_bool(env_, get(name), &out) != napi_ok) wrong(name);
    return out;
  }

 private:
  bool bytes(napi_value value, std::string* out) {
    napi_typedarray_type type;
    size_t length = 0;
    void* data = nullptr;
    if (napi_get_typedarray_info(env_, value, &type, &length, &data, nullptr, nullptr) != napi_ok ||
        type != napi_uint8_array) {
      return false;
    }
    out->assign(static_cast<const char*>(data), length);
    return true;
  }

  bool text(napi_value value, std::string* out) {
    size_t length = 0;
    if (napi_get_value_string_utf8(env_, value, nullptr, 0, &length) != napi_ok) return false;
    out->resize(length);
    return napi_get_value_string_utf8(env_, value, out->data(), length + 1, &length) == napi_ok;
  }

  void wrong(const char* name) {
    if (wrong_ == nullptr) wrong_ = name;
  }

  napi_env env_;
  napi_value value_;
  const char* wrong_ = nullptr;
};

}  // namespace

// undefined, or the reason why this process has no TLS.
napi_value TLSUnavailable(napi_env env, napi_callback_info) {
  return openssl::load() ? nullptr : valueOf(env, openssl::unavailable());
}

napi_value CreateTLSTrust(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "tlsTrust");
  if (!openssl::load()) return arguments.error("OpenSSL 3", "is not there");
  Options given(env, arguments[0]);
  const std::vector<std::string> texts = given.texts("texts", arguments[0]);
  if (given.wrong() != nullptr) return arguments.typeError("texts", "must be an array of strings");
  openssl::Failure failure;
  std::shared_ptr<TLSTrust> trust = TLSTrust::create(texts, &failure);
  if (trust == nullptr) return refusal(env, "ca", failure);
  return Handle<TLSTrust>::create(env, arguments.environment().holds(), std::move(trust), kTrustTag);
}

napi_value CreateTLSContext(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "tlsContext");
  if (!openssl::load()) return arguments.error("OpenSSL 3", "is not there");
  Options given(env, arguments[0]);
  TLSContextOptions options;
  options.trust = Handle<TLSTrust>::get(env, given.get("trust"), kTrustTag);
  options.certificates = given.texts("certificates");
  options.keys = given.texts("keys");
  options.passphrases = given.texts("passphrases");
  options.pfx = given.pfx("pfx", "pfxPassphrases");
  options.ciphers = given.text("ciphers");
  options.ciphersuites = given.text("ciphersuites");
  options.min_version = given.number("minVersion");
  options.max_version = given.number("maxVersion");
  options.protocols = given.bytes("protocols");
  options.verify = given.boolean("verify");
  options.partial_chain = given.boolean("partialChain");
  options.secure_options = given.bits("secureOptions");
  options.session = given.bytes("session");
  options.key_log_file = given.text("keyLogFile");
  const char* wrong = given.wrong();
  if (wrong == nullptr && options.trust == nullptr) wrong = "trust";
  if (wrong == nullptr && options.passphrases.size() != options.keys.size()) wrong = "passphrases";
  if (wrong != nullptr) return arguments.typeError(wrong, "is of the wrong type");
  const char* refused = nullptr;
  openssl::Failure failure;
  std::shared_ptr<TLSContext> context = TLSContext::create(options, &refused, &failure);
  if (context == nullptr) return refusal(env, refused, failure);
  return Handle<TLSContext>::create(env, arguments.environment().holds(), std::move(context), kContextTag);
}

}  // namespace dugong
