// See openssl.h.
#include "openssl.h"

#include <cerrno>
#include <ctime>
#include <mutex>

#include "heap.h"
#include "platform.h"

namespace dugong::openssl {

Functions api;

namespace {

std::string problem;

// SSL_SESSION_get_time_ex (since OpenSSL 3.3), or without it SSL_SESSION_get_time, whose `long` has 32 bits on some systems. Not in
// `api`: the headers declare one of them, or both, and a process may export the other one.
time_t (*time_of)(const SSL_SESSION*) = nullptr;
long (*long_time_of)(const SSL_SESSION*) = nullptr;

template <typename Function>
bool find(Function* out, const char* name) {
  *out = reinterpret_cast<Function>(findExported(name));
  return *out != nullptr;
}

std::string resolve() {
  // First: in a fork of OpenSSL, or in another major version, the other names may mean something else.
  if (!find(&api.OPENSSL_version_major, "OPENSSL_version_major")) return "the executable exports no OpenSSL 3";
  const unsigned int major = api.OPENSSL_version_major();
  if (major != 3) return "this node has OpenSSL " + std::to_string(major) + ", and 3 is needed";
#define DUGONG_FIND(name) \
  if (!find(&api.name, #name)) return "this node executable does not export " #name;
  DUGONG_OPENSSL_FUNCTIONS(DUGONG_FIND)
#undef DUGONG_FIND
  // An older OpenSSL may share the process with a library that brings a newer one: the name would be that one's.
  const bool maybe_wide = api.OPENSSL_version_minor() >= 3;
  if (!(maybe_wide && find(&time_of, "SSL_SESSION_get_time_ex")) && !find(&long_time_of, "SSL_SESSION_get_time")) {
    return "this node executable does not export SSL_SESSION_get_time";
  }
  return "";
}

bool saysOutOfMemory(unsigned long error) {
  return ERR_GET_REASON(error) == (ERR_SYSTEM_ERROR(error) ? ENOMEM : ERR_R_MALLOC_FAILURE);
}

}  // namespace

bool load() {
  static std::once_flag once;
  std::call_once(once, [] { problem = resolve(); });
  watchHeap();
  return problem.empty();
}

const std::string& unavailable() { return problem; }

int64_t timeOf(const SSL_SESSION* session) { return time_of != nullptr ? time_of(session) : long_time_of(session); }

void forgetFailures() {
  api.ERR_clear_error();
  errno = 0;
}

// errno counts, too: not every failed allocation reaches the queue, and OpenSSL takes some entries out again.
Failure takeFailure() {
  Failure failure;
  failure.out_of_memory = allocationFailed();
  const unsigned long oldest = api.ERR_get_error();
  if (oldest != 0) {
    const char* library = api.ERR_lib_error_string(oldest);
    const char* reason = api.ERR_reason_error_string(oldest);
    if (library != nullptr) failure.library = library;
    if (reason != nullptr) failure.reason = reason;
  }
  for (unsigned long error = oldest; error != 0; error = api.ERR_get_error()) {
    if (saysOutOfMemory(error)) failure.out_of_memory = true;
  }
  return failure;
}

}  // namespace dugong::openssl
