// The functions that JavaScript calls, as N-API callbacks. The interface `Native` in src/io/native.ts is their contract.
#pragma once

#include <node_api.h>

namespace dugong {

// Changes with the contract, there and here, so that no library runs with the addon of another version.
constexpr int kInterfaceVersion = 1;

// socket.cc: the life of a socket
napi_value Socket(napi_env env, napi_callback_info info);
napi_value Connect(napi_env env, napi_callback_info info);
napi_value ConnectUnix(napi_env env, napi_callback_info info);
napi_value Bind(napi_env env, napi_callback_info info);
napi_value KeepAlive(napi_env env, napi_callback_info info);
napi_value SocketError(napi_env env, napi_callback_info info);
napi_value Shutdown(napi_env env, napi_callback_info info);
napi_value Close(napi_env env, napi_callback_info info);
napi_value Owns(napi_env env, napi_callback_info info);

// transfer.cc: bytes in and out
napi_value Recv(napi_env env, napi_callback_info info);
napi_value Send(napi_env env, napi_callback_info info);
napi_value SendV(napi_env env, napi_callback_info info);

// poll.cc: waiting with the thread blocked
napi_value PollOne(napi_env env, napi_callback_info info);
napi_value Poll(napi_env env, napi_callback_info info);

// signals.cc: signals that came during a wait
napi_value CaughtSignals(napi_env env, napi_callback_info info);

// poller.cc: interest in many descriptors
napi_value OpenPoller(napi_env env, napi_callback_info info);
napi_value OpenBell(napi_env env, napi_callback_info info);
napi_value ChangePoller(napi_env env, napi_callback_info info);
napi_value WaitPoller(napi_env env, napi_callback_info info);

// watcher.cc: waiting on the event loop
napi_value OnReady(napi_env env, napi_callback_info info);
napi_value Watch(napi_env env, napi_callback_info info);
napi_value Release(napi_env env, napi_callback_info info);

// clock.cc: time
napi_value Now(napi_env env, napi_callback_info info);
napi_value SetAlarm(napi_env env, napi_callback_info info);
napi_value HoldAlarm(napi_env env, napi_callback_info info);

// resolve.cc: names to addresses
napi_value StartLookup(napi_env env, napi_callback_info info);
napi_value LookupResult(napi_env env, napi_callback_info info);
napi_value PendingLookups(napi_env env, napi_callback_info info);

// tls-options.cc: what TLS connections share
napi_value TLSUnavailable(napi_env env, napi_callback_info info);
napi_value CreateTLSTrust(napi_env env, napi_callback_info info);
napi_value CreateTLSContext(napi_env env, napi_callback_info info);

// tls.cc: TLS on a socket
napi_value StartTLS(napi_env env, napi_callback_info info);
napi_value TLSHandshake(napi_env env, napi_callback_info info);
napi_value TLSRecv(napi_env env, napi_callback_info info);
napi_value TLSSend(napi_env env, napi_callback_info info);
napi_value TLSShutdown(napi_env env, napi_callback_info info);
napi_value TLSFailedLayer(napi_env env, napi_callback_info info);
napi_value TLSDetails(napi_env env, napi_callback_info info);
napi_value TLSSession(napi_env env, napi_callback_info info);

// addon.cc
napi_value Counts(napi_env env, napi_callback_info info);

}  // namespace dugong
