/*
 * System calls of the addon that fail, one at a time: a library to be preloaded. It counts the calls that come from the addon's own
 * code, by the address they return to, and has the n-th of one kind end as a block of memory says, which it shares with the
 * program, a file. Calls of Node's, and of libraries, are left alone; but those by which libuv looks at a descriptor that the addon
 * wants watched count as the addon's.
 *
 * CALL_NAMES is given by the compiler's command line: the order in which calls are numbered (shim.ts).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CALL_NAMES, CALL_COUNT };

/* What becomes of the call: an errno without having been made, an errno after having been made, one byte, or a given result. */
enum { ERRNO = 1, MADE, SHORT, VALUE };

struct control {
  int counting, call, at, kind, number, fired, reserved[10];
  int counts[64];
};

static struct control *control;
static unsigned long addon_start, addon_end;

static int find_addon(struct dl_phdr_info *info, size_t size, void *data) {
  const char *name = strrchr(info->dlpi_name, '/');
  if (!name || strcmp(name, "/dugong.node") != 0) return 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[i];
    if (header->p_type != PT_LOAD || !(header->p_flags & PF_X)) continue;
    addon_end = info->dlpi_addr + header->p_vaddr + header->p_memsz;
    addon_start = info->dlpi_addr + header->p_vaddr;
  }
  return 1;
}

static int in_addon(void *address) {
  if (!addon_start) dl_iterate_phdr(find_addon, 0);
  return (unsigned long)address >= addon_start && (unsigned long)address < addon_end;
}

/* Whether the call is the one that goes wrong. */
static int counted(int call) {
  const int number = __atomic_add_fetch(&control->counts[call], 1, __ATOMIC_SEQ_CST);
  if (control->call != call || number != control->at) return 0;
  control->fired++;
  return control->kind;
}

static int goes_wrong(int call, void *caller) {
  return control && control->counting && in_addon(caller) ? counted(call) : 0;
}

static int goes_wrong_below(int call) {
  void *frames[16];
  if (!control || !control->counting) return 0;
  for (int i = backtrace(frames, 16) - 1; i > 0; i--) {
    if (in_addon(frames[i])) return counted(call);
  }
  return 0;
}

#define ORIGINAL(result, name, ...) static result (*original_##name)(__VA_ARGS__)
#define FIND(name) original_##name = dlsym(RTLD_NEXT, #name)
#define HERE __builtin_return_address(0)

ORIGINAL(int, socket, int, int, int);
ORIGINAL(int, connect, int, const struct sockaddr *, socklen_t);
ORIGINAL(int, bind, int, const struct sockaddr *, socklen_t);
ORIGINAL(int, getsockopt, int, int, int, void *, socklen_t *);
ORIGINAL(int, setsockopt, int, int, int, const void *, socklen_t);
ORIGINAL(int, shutdown, int, int);
ORIGINAL(int, close, int);
ORIGINAL(ssize_t, send, int, const void *, size_t, int);
ORIGINAL(ssize_t, sendmsg, int, const struct msghdr *, int);
ORIGINAL(ssize_t, recv, int, void *, size_t, int);
ORIGINAL(int, poll, struct pollfd *, nfds_t, int);
ORIGINAL(int, epoll_create1, int);
ORIGINAL(int, epoll_ctl, int, int, int, struct epoll_event *);
ORIGINAL(int, epoll_wait, int, struct epoll_event *, int, int);
ORIGINAL(int, pipe2, int *, int);
ORIGINAL(ssize_t, read, int, void *, size_t);
ORIGINAL(ssize_t, write, int, const void *, size_t);
ORIGINAL(ssize_t, writev, int, const struct iovec *, int);
ORIGINAL(ssize_t, tee, int, int, size_t, unsigned);
ORIGINAL(int, fcntl64, int, int, ...);
ORIGINAL(int, open64, const char *, int, ...);
ORIGINAL(int, getaddrinfo, const char *, const char *, const struct addrinfo *, struct addrinfo **);
ORIGINAL(int, pthread_create, pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

__attribute__((constructor)) static void begin(void) {
  FIND(socket), FIND(connect), FIND(bind), FIND(getsockopt), FIND(setsockopt), FIND(shutdown), FIND(close), FIND(send);
  FIND(sendmsg), FIND(recv), FIND(poll), FIND(epoll_create1), FIND(epoll_ctl), FIND(epoll_wait), FIND(pipe2), FIND(read);
  FIND(write), FIND(writev), FIND(tee), FIND(fcntl64), FIND(open64), FIND(getaddrinfo), FIND(pthread_create);
  const char *path = getenv("DUGONG_FAULTS");
  const int fd = path ? original_open64(path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *shared = mmap(0, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  original_close(fd);
  if (shared != MAP_FAILED) control = shared;
}

static int failure(void) {
  errno = control->number;
  return -1;
}

/* After such an error nothing comes any more, either. */
static int lost(int fd) {
  const int number = control->number;
  if (number == ECONNRESET || number == EPIPE || number == ETIMEDOUT || number == EHOSTUNREACH) original_shutdown(fd, SHUT_RDWR);
  return failure();
}

/* The ends that most calls have. */
#define CALL(call, made)                             \
  const int wrong = goes_wrong(call, HERE);          \
  if (wrong == ERRNO) return failure();              \
  if (wrong == MADE) return (void)(made), failure(); \
  return made

int socket(int domain, int type, int protocol) { CALL(socket_call, original_socket(domain, type, protocol)); }
int connect(int fd, const struct sockaddr *address, socklen_t length) { CALL(connect_call, original_connect(fd, address, length)); }
int bind(int fd, const struct sockaddr *address, socklen_t length) { CALL(bind_call, original_bind(fd, address, length)); }
int shutdown(int fd, int how) { CALL(shutdown_call, original_shutdown(fd, how)); }
int close(int fd) { CALL(close_call, original_close(fd)); }
int poll(struct pollfd *entries, nfds_t count, int timeout) { CALL(poll_call, original_poll(entries, count, timeout)); }
int epoll_create1(int flags) { CALL(epoll_create1_call, original_epoll_create1(flags)); }
int pipe2(int ends[2], int flags) { CALL(pipe2_call, original_pipe2(ends, flags)); }

int setsockopt(int fd, int level, int name, const void *value, socklen_t length) {
  CALL(setsockopt_call, original_setsockopt(fd, level, name, value, length));
}

int epoll_wait(int fd, struct epoll_event *events, int most, int timeout) {
  CALL(epoll_wait_call, original_epoll_wait(fd, events, most, timeout));
}

ssize_t tee(int from, int to, size_t length, unsigned flags) { CALL(tee_call, original_tee(from, to, length, flags)); }

int getsockopt(int fd, int level, int name, void *value, socklen_t *length) {
  const int wrong = goes_wrong(getsockopt_call, HERE);
  if (wrong == ERRNO) return failure();
  const int result = original_getsockopt(fd, level, name, value, length);
  if (wrong == VALUE) *(int *)value = control->number;
  return result;
}

ssize_t send(int fd, const void *data, size_t length, int flags) {
  const int wrong = goes_wrong(send_call, HERE);
  if (wrong == ERRNO) return lost(fd);
  return original_send(fd, data, wrong == SHORT && length > 1 ? 1 : length, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  const int wrong = goes_wrong(sendmsg_call, HERE);
  if (wrong == ERRNO) return lost(fd);
  if (wrong != SHORT) return original_sendmsg(fd, message, flags);
  struct iovec first = {message->msg_iov[0].iov_base, message->msg_iov[0].iov_len > 1 ? 1 : message->msg_iov[0].iov_len};
  struct msghdr less = *message;
  less.msg_iov = &first;
  less.msg_iovlen = 1;
  return original_sendmsg(fd, &less, flags);
}

ssize_t recv(int fd, void *data, size_t length, int flags) {
  const int wrong = goes_wrong(recv_call, HERE);
  if (wrong == ERRNO) return lost(fd);
  if (wrong == VALUE) return original_shutdown(fd, SHUT_RDWR), control->number;
  return original_recv(fd, data, wrong == SHORT ? 1 : length, flags);
}

ssize_t read(int fd, void *data, size_t length) { CALL(read_call, original_read(fd, data, length)); }
ssize_t write(int fd, const void *data, size_t length) { CALL(write_call, original_write(fd, data, length)); }

ssize_t writev(int fd, const struct iovec *vectors, int count) {
  const int wrong = goes_wrong(writev_call, HERE);
  if (wrong == ERRNO) return failure();
  if (wrong == SHORT) return original_write(fd, vectors[0].iov_base, 1);
  return original_writev(fd, vectors, count);
}

/* libuv's, when the addon begins to watch a descriptor, and the addon's own. Only an addition needs anything that may be lacking. */
int epoll_ctl(int poller, int operation, int fd, struct epoll_event *event) {
  const int wrong = operation == EPOLL_CTL_ADD ? goes_wrong_below(epoll_ctl_call) : 0;
  return wrong == ERRNO ? failure() : original_epoll_ctl(poller, operation, fd, event);
}

int fcntl64(int fd, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  CALL(fcntl_call, original_fcntl64(fd, command, argument));
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  CALL(open_call, original_open64(path, flags, mode));
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  const int wrong = goes_wrong(getaddrinfo_call, HERE);
  if (wrong == VALUE) return control->number;
  if (wrong == ERRNO) return failure(), EAI_SYSTEM;
  return original_getaddrinfo(name, service, hints, found);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
  if (goes_wrong(pthread_create_call, HERE)) return control->number;
  return original_pthread_create(thread, attributes, body, argument);
}
