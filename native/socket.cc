// The life of a stream socket: socket, bind, connect, SO_ERROR, shutdown, close. Takes numeric addresses and paths; lookup.cc
// resolves names.
#include <cstdlib>
#include <cstring>
#include <string>

#include "arguments.h"
#include "calls.h"
#include "environment.h"
#include "platform.h"

namespace dugong {

namespace {

// The number of the interface that `zone` gives by number or name; 0 if there is none.
unsigned zoneIndex(const std::string& zone) {
  if (!zone.empty() && zone.size() < 10 && zone.find_first_not_of("0123456789") == std::string::npos) {
    return static_cast<unsigned>(std::strtoul(zone.c_str(), nullptr, 10));
  }
  return if_nametoindex(zone.c_str());
}

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  // The result of parse().
  int error = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }

  // 0; UV_EINVAL if the text is no address; UV_ENODEV if its zone is no interface of this machine.
  int parse(const std::string& text, int port) {
    sockaddr_in v4{};
    if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
      v4.sin_family = AF_INET;
      v4.sin_port = htons(static_cast<uint16_t>(port));
      return set(v4);
    }
    const size_t percent = text.find('%');
    sockaddr_in6 v6{};
    if (inet_pton(AF_INET6, text.substr(0, percent).c_str(), &v6.sin6_addr) != 1) return UV_EINVAL;
    if (percent != std::string::npos) {
      v6.sin6_scope_id = zoneIndex(text.substr(percent + 1));
      if (v6.sin6_scope_id == 0) return UV_ENODEV;
    }
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<uint16_t>(port));
    return set(v6);
  }

 private:
  template <typename Sockaddr>
  int set(const Sockaddr& address) {
    std::memcpy(&storage, &address, sizeof address);
    length = sizeof address;
    return 0;
  }
};

// The arguments `fd, address, port`.
bool addressArguments(const Arguments<3>& arguments, int* fd, Address* address) {
  int port = 0;
  std::string text;
  if (!arguments.descriptor(0, fd) || !arguments.string(1, "address", &text) || !arguments.integer(2, "port", &port)) {
    return false;
  }
  if (port < 0 || port > 65535) return arguments.rangeError("port", "must be from 0 to 65535");
  address->error = address->parse(text, port);
  if (address->error != UV_EINVAL) return true;
  return arguments.typeError("address", "must be a numeric IPv4 or IPv6 address");
}

}  // namespace

napi_value Socket(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "socket");
  int family = 0;
  if (!arguments.integer(0, "family", &family)) return nullptr;
  if (family != 4 && family != 6 && family != 0) return arguments.rangeError("family", "must be 4, 6 or 0");
  const int fd = openSocket(family == 4 ? AF_INET : family == 6 ? AF_INET6 : AF_UNIX);
  if (fd < 0) return arguments.result(fd);
  arguments.environment().own(fd);
  // The client writes whole heads and large parts of bodies: a wait for more bytes to fill a segment only delays them.
  if (family != 0) setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  return arguments.result(fd);
}

napi_value Connect(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info, "connect");
  int fd = 0;
  Address address;
  if (!addressArguments(arguments, &fd, &address)) return nullptr;
  if (!arguments.environment().owns(fd)) return arguments.result(UV_EBADF);
  if (address.error < 0) return arguments.result(address.error);
  return arguments.result(startConnecting(fd, address.get(), address.length));
}

napi_value ConnectUnix(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info, "connectUnix");
  int fd = 0;
  std::string path;
  if (!arguments.descriptor(0, &fd) || !arguments.string(1, "path", &path)) return nullptr;
  sockaddr_un address{};
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return arguments.rangeError("path", "must have from 1 to 107 bytes (103 on macOS)");
  }
  if (!arguments.environment().owns(fd)) return arguments.result(UV_EBADF);
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return arguments.result(startConnecting(fd, reinterpret_cast<sockaddr*>(&address), sizeof address));
}

napi_value Bind(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info, "bind");
  int fd = 0;
  Address address;
  if (!addressArguments(arguments, &fd, &address)) return nullptr;
  if (!arguments.environment().owns(fd)) return arguments.result(UV_EBADF);
  if (address.error < 0) return arguments.result(address.error);
  return arguments.result(orError(bind(fd, address.get(), address.length)));
}

napi_value KeepAlive(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info, "keepAlive");
  int fd = 0;
  int idle = 0;
  if (!arguments.descriptor(0, &fd) || !arguments.integer(1, "idleSeconds", &idle)) return nullptr;
  if (idle < 1) return arguments.rangeError("idleSeconds", "must be at least 1");
  if (!arguments.environment().owns(fd)) return arguments.result(UV_EBADF);
  return arguments.result(keepAlive(fd, idle));
}

napi_value SocketError(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "socketError");
  int fd = 0;
  if (!arguments.descriptor(0, &fd)) return nullptr;
  if (!arguments.environment().owns(fd)) return arguments.result(UV_EBADF);
  return arguments.result(takeSocketError(fd));
}

napi_value Shutdown(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info, "shutdown");
  int fd = 0;
  int how = 0;
  if (!arguments.descriptor(0, &fd) || !arguments.integer(1, "how", &how)) return nullptr;
  if (how < 0 || how > 2) return arguments.rangeError("how", "must be 0, 1 or 2");
  if (!arguments.environment().owns(fd)) return arguments.result(UV_EBADF);
  const int directions[] = {SHUT_RD, SHUT_WR, SHUT_RDWR};
  return arguments.result(orError(shutdown(fd, directions[how])));
}

napi_value Close(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "close");
  int fd = 0;
  if (!arguments.descriptor(0, &fd)) return nullptr;
  return arguments.result(arguments.environment().close(fd));
}

napi_value Owns(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "owns");
  int fd = 0;
  if (!arguments.descriptor(0, &fd)) return nullptr;
  return arguments.result(arguments.environment().owns(fd) ? 1 : 0);
}

}  // namespace dugong
