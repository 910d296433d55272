// The table of the addon's exports. Each environment of Node that loads the addon has one Environment; each function gets it as its
// data pointer. The functions themselves are in the other files (see calls.h).
#include <napi.h>

#include "arguments.h"
#include "calls.h"
#include "environment.h"
#include "lookup.h"
#include "tls-connection.h"

namespace dugong {

napi_value Counts(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "counts");
  Napi::Object counts = Napi::Object::New(env);
  counts.Set("owned", arguments.environment().ownedCount());
  counts.Set("watched", arguments.environment().watchedCount());
  return counts;
}

namespace {

constexpr struct {
  const char* name;
  napi_callback call;
} kFunctions[] = {
    {"socket", Socket},
    {"connect", Connect},
    {"socketError", SocketError},
    {"recv", Recv},
    {"send", Send},
    {"sendv", SendV},
    {"connectUnix", ConnectUnix},
    {"bind", Bind},
    {"keepAlive", KeepAlive},
    {"shutdown", Shutdown},
    {"close", Close},
    {"owns", Owns},
    {"pollOne", PollOne},
    {"poll", Poll},
    {"caughtSignals", CaughtSignals},
    {"openPoller", OpenPoller},
    {"openBell", OpenBell},
    {"changePoller", ChangePoller},
    {"waitPoller", WaitPoller},
    {"onReady", OnReady},
    {"watch", Watch},
    {"release", Release},
    {"now", Now},
    {"setAlarm", SetAlarm},
    {"holdAlarm", HoldAlarm},
    {"lookup", StartLookup},
    {"lookupResult", LookupResult},
    {"pendingLookups", PendingLookups},
    {"tlsUnavailable", TLSUnavailable},
    {"tlsTrust", CreateTLSTrust},
    {"tlsContext", CreateTLSContext},
    {"tlsStart", StartTLS},
    {"tlsHandshake", TLSHandshake},
    {"tlsRecv", TLSRecv},
    {"tlsSend", TLSSend},
    {"tlsShutdown", TLSShutdown},
    {"tlsFailedLayer", TLSFailedLayer},
    {"tlsDetails", TLSDetails},
    {"tlsSession", TLSSession},
    {"counts", Counts},
};

}  // namespace

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  Environment* environment = Environment::open(env);
  if (environment == nullptr) {
    Napi::Error::New(env, "dugong: this environment has no event loop").ThrowAsJavaScriptException();
    return exports;
  }
  for (const auto& each : kFunctions) {
    napi_value function;
    if (napi_create_function(env, each.name, NAPI_AUTO_LENGTH, each.call, environment, &function) != napi_ok ||
        napi_set_named_property(env, exports, each.name, function) != napi_ok) {
      return exports;
    }
  }
  exports.Set("maxLookupThreads", Lookup::maxThreadsOfAsker);
  exports.Set("TLS_WANT_READ", kTLSWantRead);
  exports.Set("TLS_WANT_WRITE", kTLSWantWrite);
  exports.Set("TLS_FAILED", kTLSFailed);
  exports.Set("TLS_TRUNCATED", kTLSTruncated);
  exports.Set("TLS_AGAIN", kTLSAgain);
  exports.Set("TLS_BUSY", kTLSBusy);
  exports.Set("TLS_MOST_RENEGOTIATIONS", kTLSMostRenegotiations);
  exports.Set("TLS_MOST_WITHOUT_CONTENT", static_cast<double>(kTLSMostWithoutContent));
  return exports;
}

NODE_API_MODULE(dugong, Init)

}  // namespace dugong
