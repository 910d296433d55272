// The table of the addon's exports. Each environment of Node that loads the addon has one Environment; each function gets it as its
// data pointer. The functions themselves are in the other files (see calls.h).
#include <node_api.h>

#include "arguments.h"
#include "calls.h"
#include "environment.h"
#include "lookup.h"
#include "platform.h"
#include "tls-connection.h"
#include "values.h"

namespace dugong {

napi_value Counts(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "counts");
  Object counts(env);
  counts.set("owned", arguments.environment().ownedCount());
  counts.set("watched", arguments.environment().watchedCount());
  return counts.value();
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

constexpr struct {
  const char* name;
  int value;
} kConstants[] = {
    {"interfaceVersion", kInterfaceVersion},
    {"IN_PROGRESS", kInProgress},
    {"maxLookupThreads", Lookup::maxThreadsOfAsker},
    {"TLS_WANT_READ", kTLSWantRead},
    {"TLS_WANT_WRITE", kTLSWantWrite},
    {"TLS_FAILED", kTLSFailed},
    {"TLS_TRUNCATED", kTLSTruncated},
    {"TLS_AGAIN", kTLSAgain},
    {"TLS_BUSY", kTLSBusy},
    {"TLS_MOST_RENEGOTIATIONS", kTLSMostRenegotiations},
    {"TLS_MOST_WITHOUT_CONTENT", int{kTLSMostWithoutContent}},
};

}  // namespace

NAPI_MODULE_INIT() {
  Environment* environment = Environment::open(env);
  if (environment == nullptr) {
    napi_throw_error(env, nullptr, "dugong: this environment has no event loop");
    return nullptr;
  }
  Object object(env, exports);
  for (const auto& each : kFunctions) {
    object.set(each.name, make(env, napi_create_function, each.name, NAPI_AUTO_LENGTH, each.call, environment));
  }
  for (const auto& each : kConstants) object.set(each.name, each.value);
  return object.value();
}

}  // namespace dugong
