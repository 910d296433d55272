// JavaScript's side of a lookup: starts it and returns its answer. The threads are in lookup.cc.
#include <memory>
#include <string>
#include <utility>

#include "arguments.h"
#include "calls.h"
#include "environment.h"
#include "lookup.h"
#include "platform.h"
#include "values.h"

namespace dugong {

namespace {

napi_value failure(napi_env env, const Lookup::Answer& answer) {
  Object object(env);
  object.set("code", Lookup::codeName(answer.code));
  object.set("message", gai_strerror(answer.code));
  object.set("errno", answer.system_error);
  return object.value();
}

}  // namespace

napi_value StartLookup(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info, "lookup");
  std::string hostname;
  int family = 0;
  if (!arguments.string(0, "hostname", &hostname) || !arguments.integer(1, "family", &family)) return nullptr;
  if (family != 0 && family != 4 && family != 6) return arguments.rangeError("family", "must be 0, 4 or 6");
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
  if (lookup == nullptr) return arguments.typeError("fd", "is not a lookup");
  Lookup::Answer answer;
  if (!lookup->answer(&answer)) return nullptr;
  return answer.code == 0 ? valueOf(env, answer.addresses) : failure(env, answer);
}

napi_value PendingLookups(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "pendingLookups");
  return arguments.result(Lookup::pending());
}

}  // namespace dugong
