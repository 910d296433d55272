/*
 * A path to a server on loopback with a given round trip and bandwidth: delay-relay PORT ROUND_TRIP_MS MBIT_PER_SECOND
 *
 * It accepts connections on a port of its own, which it prints, and connects each to PORT. Each direction is one link, shared by all
 * connections: bytes leave it one after the other at the bandwidth given, and arrive half a round trip later. The first bytes of a
 * client come one round trip later, which is what the handshake of TCP takes on such a path. There is no loss and no slow start. A
 * connection has at most 16 MiB on its way in each direction, four times what the longest path used holds.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE 65536
#define MOST_UNDER_WAY (16 << 20)
#define MOST_CONNECTIONS 512

/* Bytes that arrive at a time (nanoseconds); without bytes, the end of the stream. */
struct piece {
  struct piece* next;
  int64_t due;
  size_t length, sent;
  char bytes[];
};

struct flow {
  int from, to;
  struct piece *first, **last;
  size_t under_way;
  int64_t not_before;
  int ended, finished;
};

struct pair {
  struct flow flows[2];
};

static int64_t link_free[2];
static int64_t delay, nanoseconds_per_megabyte;
static struct pair* pairs[MOST_CONNECTIONS];
static int count;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void die(const char* what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in loopback(int port) {
  return (struct sockaddr_in){
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void prepare(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(fd, F_SETFL, O_NONBLOCK);
}

static void begin(int client, int port) {
  struct sockaddr_in address = loopback(port);
  int server = socket(AF_INET, SOCK_STREAM, 0);
  if (server < 0 || connect(server, (struct sockaddr*)&address, sizeof address) < 0) die("connect");
  prepare(client);
  prepare(server);
  struct pair* pair = calloc(1, sizeof *pair);
  if (pair == NULL) die("calloc");
  pair->flows[0] = (struct flow){.from = client, .to = server, .not_before = now() + 2 * delay};
  pair->flows[1] = (struct flow){.from = server, .to = client};
  for (int i = 0; i < 2; i++) pair->flows[i].last = &pair->flows[i].first;
  pairs[count++] = pair;
}

/* False: the connection has failed. */
static int take(struct flow* flow, int64_t* free_at) {
  struct piece* piece = malloc(sizeof *piece + PIECE);
  if (piece == NULL) die("malloc");
  ssize_t length = recv(flow->from, piece->bytes, PIECE, 0);
  if (length < 0) {
    free(piece);
    return errno == EAGAIN || errno == EINTR;
  }
  int64_t start = now();
  if (start < flow->not_before) start = flow->not_before;
  if (start < *free_at) start = *free_at;
  *free_at = start + length * nanoseconds_per_megabyte / 1000000;
  struct piece* shrunk = realloc(piece, sizeof *piece + length);
  if (shrunk != NULL) piece = shrunk;
  *piece = (struct piece){.due = *free_at + delay, .length = length};
  *flow->last = piece;
  flow->last = &piece->next;
  flow->under_way += length;
  flow->ended = length == 0;
  return 1;
}

/* False: the connection has failed. */
static int deliver(struct flow* flow, int64_t time) {
  for (struct piece* piece; (piece = flow->first) != NULL && piece->due <= time;) {
    if (piece->length == 0) {
      shutdown(flow->to, SHUT_WR);
      flow->finished = 1;
    }
    while (piece->sent < piece->length) {
      ssize_t sent = send(flow->to, piece->bytes + piece->sent, piece->length - piece->sent, MSG_NOSIGNAL);
      if (sent < 0) return errno == EAGAIN || errno == EINTR;
      piece->sent += sent;
      flow->under_way -= sent;
    }
    flow->first = piece->next;
    if (flow->first == NULL) flow->last = &flow->first;
    free(piece);
  }
  return 1;
}

static void end(int index) {
  struct pair* pair = pairs[index];
  for (int i = 0; i < 2; i++) {
    close(pair->flows[i].from);
    for (struct piece* piece; (piece = pair->flows[i].first) != NULL;) {
      pair->flows[i].first = piece->next;
      free(piece);
    }
  }
  free(pair);
  pairs[index] = pairs[--count];
}

/* What to wait for on the socket from which `in` reads, and to which `out` writes. Lowers the time of the next delivery. */
static short wanted(const struct flow* in, const struct flow* out, int64_t time, int64_t* next) {
  short events = 0;
  if (!in->ended && in->under_way < MOST_UNDER_WAY) events |= POLLIN;
  if (out->first != NULL && out->first->due <= time)
    events |= POLLOUT;
  else if (out->first != NULL && out->first->due < *next)
    *next = out->first->due;
  return events;
}

static void turn(int listener, int port) {
  static struct pollfd polled[1 + 2 * MOST_CONNECTIONS];
  int64_t time = now(), next = INT64_MAX;
  for (int i = 0; i < count; i++) {
    struct flow* flows = pairs[i]->flows;
    for (int side = 0; side < 2; side++) {
      short events = wanted(&flows[side], &flows[1 - side], time, &next);
      /* One that is not waited for would report its end again and again. */
      polled[2 * i + side] = (struct pollfd){.fd = events == 0 ? -1 : flows[side].from, .events = events};
    }
  }
  int polled_pairs = count;
  polled[2 * count] = (struct pollfd){.fd = count < MOST_CONNECTIONS ? listener : -1, .events = POLLIN};
  int64_t wait = next - time;
  struct timespec timeout = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
  if (ppoll(polled, 2 * count + 1, next == INT64_MAX ? NULL : &timeout, NULL) < 0 && errno != EINTR) die("ppoll");
  time = now();
  /* Backwards, since the last one takes the place of one that ends. */
  for (int i = polled_pairs - 1; i >= 0; i--) {
    struct flow* flows = pairs[i]->flows;
    int works = 1;
    for (int side = 0; side < 2 && works; side++) {
      if (polled[2 * i + side].revents & (POLLIN | POLLHUP | POLLERR) && !flows[side].ended)
        works = take(&flows[side], &link_free[side]);
      works = works && deliver(&flows[side], time);
    }
    if (!works || (flows[0].finished && flows[1].finished)) end(i);
  }
  if (polled[2 * polled_pairs].revents & POLLIN) {
    int client = accept(listener, NULL, NULL);
    if (client >= 0) begin(client, port);
  }
}

int main(int argc, char** argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: delay-relay PORT ROUND_TRIP_MS MBIT_PER_SECOND\n");
    return 2;
  }
  int port = atoi(argv[1]);
  delay = atoi(argv[2]) * INT64_C(1000000) / 2;
  nanoseconds_per_megabyte = INT64_C(8000000000) / atoi(argv[3]);
  signal(SIGPIPE, SIG_IGN);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr*)&address, length) < 0 || listen(listener, 128) < 0) die("listen");
  if (getsockname(listener, (struct sockaddr*)&address, &length) < 0) die("getsockname");
  printf("port %d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) turn(listener, port);
}
