// The life of a TCP socket: socket, connect, SO_ERROR, shutdown, close. Numeric addresses only; names are for
// lookup.cc.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "arguments.h"
#include "calls.h"
#include "descriptor.h"
#include "environment.h"

namespace dugong {

namespace {

int openSocket(int family) {
#ifdef SOCK_NONBLOCK
  const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
#else
  const int fd = socket(family, SOCK_STREAM, 0);
  if (fd < 0) return -errno;
  if (!makeNonBlocking(fd)) {
    const int error = errno;
    close(fd);
    return -error;
  }
#endif
  const int on = 1;
  // We write whole heads and large parts of bodies: waiting for more to fill a segment could only delay them.
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
#ifdef SO_NOSIGPIPE
  setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
  return fd;
}

// The number of an interface, given by number or name; 0 if there is none.
unsigned zoneIndex(const std::string& zone) {
  if (!zone.empty() && zone.size() < 10 && zone.find_first_not_of("0123456789") == std::string::npos) {
    return static_cast<unsigned>(std::strtoul(zone.c_str(), nullptr, 10));
  }
  return if_nametoindex(zone.c_str());
}

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;

  // 0, -EINVAL if it is not an address, -ENODEV if its zone is no interface of this machine.
  int parse(const std::string& text, int port) {
    sockaddr_in v4{};
    if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
      v4.sin_family = AF_INET;
      v4.sin_port = htons(static_cast<uint16_t>(port));
      return set(v4);
    }
    const size_t percent = text.find('%');
    sockaddr_in6 v6{};
    if (inet_pton(AF_INET6, text.substr(0, percent).c_str(), &v6.sin6_addr) != 1) return -EINVAL;
    if (percent != std::string::npos) {
      v6.sin6_scope_id = zoneIndex(text.substr(percent + 1));
      if (v6.sin6_scope_id == 0) return -ENODEV;
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

}  // namespace

napi_value Socket(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "socket");
  int family = 0;
  if (!arguments.integer(0, "family", &family)) return nullptr;
  if (family != 4 && family != 6) {
    arguments.fail<Napi::RangeError>("family", "must be 4 or 6");
    return nullptr;
  }
  const int fd = openSocket(family == 4 ? AF_INET : AF_INET6);
  if (fd >= 0) arguments.environment().own(fd);
  return arguments.result(fd);
}

napi_value Connect(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info, "connect");
  int fd = 0;
  int port = 0;
  std::string text;
  if (!arguments.descriptor(0, &fd) || !arguments.string(1, "address", &text) || !arguments.integer(2, "port", &port)) {
    return nullptr;
  }
  if (port < 0 || port > 65535) {
    arguments.fail<Napi::RangeError>("port", "must be from 0 to 65535");
    return nullptr;
  }
  Address address;
  const int parsed = address.parse(text, port);
  if (parsed == -EINVAL) {
    arguments.fail<Napi::TypeError>("address", "must be a numeric IPv4 or IPv6 address");
    return nullptr;
  }
  if (!arguments.environment().owns(fd)) return arguments.result(-EBADF);
  if (parsed < 0) return arguments.result(parsed);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 0) return arguments.result(0);
  // Interrupted, it goes on by itself; a second call would be told EALREADY.
  return arguments.result(errno == EINTR ? -EINPROGRESS : -errno);
}

napi_value SocketError(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "socketError");
  int fd = 0;
  if (!arguments.descriptor(0, &fd)) return nullptr;
  if (!arguments.environment().owns(fd)) return arguments.result(-EBADF);
  int error = 0;
  socklen_t size = sizeof error;
  return arguments.result(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? -error : -errno);
}

napi_value Shutdown(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info, "shutdown");
  int fd = 0;
  int how = 0;
  if (!arguments.descriptor(0, &fd) || !arguments.integer(1, "how", &how)) return nullptr;
  if (how < 0 || how > 2) {
    arguments.fail<Napi::RangeError>("how", "must be 0, 1 or 2");
    return nullptr;
  }
  if (!arguments.environment().owns(fd)) return arguments.result(-EBADF);
  const int directions[] = {SHUT_RD, SHUT_WR, SHUT_RDWR};
  return arguments.result(shutdown(fd, directions[how]) == 0 ? 0 : -errno);
}

napi_value Close(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info, "close");
  int fd = 0;
  if (!arguments.descriptor(0, &fd)) return nullptr;
  return arguments.result(arguments.environment().close(fd));
}

}  // namespace dugong
