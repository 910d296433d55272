// The system: the only file that includes its headers for sockets and descriptors, and, with platform.cc, the only one that closes a
// descriptor or takes an error from errno. (poller.cc, signals.cc and heap.cc have what their one mechanism needs besides.) A result is a
// count, a descriptor or 0, or one of libuv's error numbers, which are the negated errnos here.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <cstddef>

namespace dugong {

// --- results -----------------------------------------------------------------------------------------------------------------

// A connection is being made: libuv has no number for that.
constexpr int kInProgress = -EINPROGRESS;

// libuv, and so Node, has no name for ENETRESET.
inline int named(int error) { return error == ENETRESET ? UV_ECONNRESET : -error; }
// The reason why the last system call failed.
inline int lastError() { return named(errno); }
inline int orError(ssize_t result) { return result < 0 ? lastError() : static_cast<int>(result); }
inline bool wouldBlock(int result) { return result == UV_EAGAIN; }

// --- sockets -----------------------------------------------------------------------------------------------------------------

// Opens a non-blocking stream socket that child processes do not inherit.
int openSocket(int family);
int setOption(int fd, int level, int option, int value);
// Makes the system probe a connection that is idle for so many seconds.
int keepAlive(int fd, int idle_seconds);
// 0, kInProgress or an error.
int startConnecting(int fd, const sockaddr* address, socklen_t length);
// Why the socket failed, once; 0 if it did not.
int takeSocketError(int fd);

// Linux transfers at most 2^31 - 4096 bytes at a time and macOS refuses 2^31; no socket buffer comes near this.
constexpr size_t kMaxTransfer = size_t{1} << 30;

// The count of bytes that a socket had or took. A call that a signal interrupts is repeated. A peer that is gone is an error, not a
// signal.
int receive(int fd, void* data, size_t length);
int transmit(int fd, const void* data, size_t length);
int transmitVectors(int fd, iovec* vectors, size_t count);

// --- descriptors -------------------------------------------------------------------------------------------------------------

// The descriptor is gone in any case.
int closeDescriptor(int fd);
// Both ends are non-blocking, and child processes do not inherit them.
int openPipe(int ends[2]);
// Makes the other end of an empty pipe readable.
void writeByte(int end);
// uv_poll_init() for a descriptor of other code, which may expect it to block: it stays as it is.
int initForeignPoll(uv_loop_t* loop, uv_poll_t* handle, int fd);

// --- the process -------------------------------------------------------------------------------------------------------------

// Starts a detached thread. Signals go to Node's threads only.
int startThread(void* (*body)(void*), void* argument);
// Keeps the addon in memory. Node unloads it with the last environment that uses it; its threads would then return to code that is
// gone.
void stayLoaded();
// The address of a function that the node executable, or one of its libraries, exports; or nullptr.
void* findExported(const char* name);

}  // namespace dugong
