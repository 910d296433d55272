// JavaScript's side of a lookup: starts it and returns its answer. The threads are in lookup.cc.
#include <napi.h>
#include <netdb.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <utility>

#include "arguments.h"
#include "calls.h"
#include "environment.h"
#include "lookup.h"

namespace dugong {

namespace {

Napi::Value failure(Napi::Env env, const Lookup::Answer& answer) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("code", Lookup::codeName(answer.code));
  object.Set("message", gai_strerror(answer.code));
  object.Set("errno", answer.system_errno);
  return object;
}

Napi::Value addresses(Napi::Env env, const Lookup::Answer& answer) {
  Napi::Array array = Napi::Array::New(env, answer.addresses.size());
  uint32_t index = 0;
  for (const std::string& address : answer.addresses) array.Set(index++, address);
  return array;
}

}  // namespace

napi_value StartLookup(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info, "lookup");
  std::string hostname;
  int family = 0;
  if (!arguments.string(0, "hostname", &hostname) || !arguments.integer(1, "family", &family)) return nullptr;
  if (family != 0 && family != 4 && family != 6) {
    arguments.fail<Napi::RangeError>("family", "must be 0, 4 or 6");
    return nullptr;
  }
  std::shared_ptr<Lookup> lookup;
  const int domain = family == 0 ? AF_UNSPEC : family == 4 ? AF_INET : AF_INET6;
  const Environment& environment = arguments.environment();
  const int fd = Lookup::start({std::move(hostname), domain, &environment}, &lookup);
  if (fd >= 0) arguments.environment().own(fd, std::move(lookup));
  return arguments.result(fd);
}

napi_value LookupResult(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "lookupResult");
  int fd = 0;
  if (!arguments.descriptor(0, &fd)) return nullptr;
  Lookup* lookup = arguments.environment().lookup(fd);
  if (lookup == nullptr) {
    arguments.fail<Napi::TypeError>("fd", "is not a lookup");
    return nullptr;
  }
  Lookup::Answer answer;
  if (!lookup->answer(&answer)) return nullptr;
  return answer.code == 0 ? addresses(env, answer) : failure(env, answer);
}

napi_value PendingLookups(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "pendingLookups");
  return arguments.result(Lookup::pending());
}

}  // namespace dugong
