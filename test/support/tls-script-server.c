// A TLS server that does what no other server does, step by step, on each connection: see tls-script-server.ts. Prints its port.
//
//     tls-script-server CERT-FILE KEY-FILE VERSION STEP...
//
// VERSION is 1.2 or 1.3. A step with a number is done that many times, without end if the number is 0:
//
//     request              waits for a head, through its empty line
//     take=N               waits for so many bytes in all behind that
//     stall                waits for ever
//     text=TEXT            sends it
//     key-update=N         changes its keys; key-update-both=N: asks the client to do the same
//     ticket=N             sends a session ticket
//     renegotiate=N        asks for another handshake, and waits for its end; hello-request=N: does not wait
//     certificate=FILE     shows this certificate in full handshakes from now on; key=FILE: its key
//     verify=CA-FILE       wants a certificate of the client's from now on
//     alert                sends the fatal alert bad_record_mac
//     close                sends close_notify, and waits for the end
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static SSL_CTX *context;
static char **steps;

struct peer {
  SSL *ssl;
  int fd;
  int handshakes;
  long taken;
  size_t length;
  char request[1 << 16];
};

static void on_info(const SSL *ssl, int where, int result) {
  (void)result;
  struct peer *peer = SSL_get_app_data(ssl);
  if (peer != NULL && (where & SSL_CB_HANDSHAKE_DONE)) peer->handshakes++;
}

// Waits if the call has to be made again; returns 0 if it has failed.
static int again(struct peer *peer, int result) {
  const int error = SSL_get_error(peer->ssl, result);
  struct pollfd want = {peer->fd, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, 0};
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return poll(&want, 1, -1) > 0;
  if (error == SSL_ERROR_SSL) printf("failed: %s\n", ERR_reason_error_string(ERR_peek_last_error()));
  fflush(stdout);
  return 0;
}

// Takes the bytes that have arrived; 0 at the end.
static int take(struct peer *peer, int wait) {
  if (peer->length == sizeof peer->request) peer->length = 0;
  const int n = SSL_read(peer->ssl, peer->request + peer->length, (int)(sizeof peer->request - peer->length));
  if (n > 0) {
    peer->length += (size_t)n;
    peer->taken += n;
    return 1;
  }
  if (!wait && SSL_get_error(peer->ssl, n) == SSL_ERROR_WANT_READ) return 1;
  return again(peer, n);
}

static int write_all(struct peer *peer, const char *text) {
  for (size_t done = 0, length = strlen(text); done < length;) {
    const int n = SSL_write(peer->ssl, text + done, (int)(length - done));
    if (n > 0) done += (size_t)n;
    else if (!again(peer, n)) return 0;
  }
  return 1;
}

static int shake_hands(struct peer *peer) {
  int n;
  while ((n = SSL_do_handshake(peer->ssl)) != 1) {
    if (!again(peer, n)) return 0;
  }
  return 1;
}

static int request(struct peer *peer) {
  const char *end;
  while ((end = memmem(peer->request, peer->length, "\r\n\r\n", 4)) == NULL) {
    if (!take(peer, 1)) return 0;
  }
  peer->taken = (long)peer->length - (end + 4 - peer->request);
  peer->length = 0;
  return 1;
}

static int take_all(struct peer *peer, long count) {
  while (peer->taken < count) {
    if (!take(peer, 1)) return 0;
  }
  return 1;
}

static int renegotiate(struct peer *peer, int wait) {
  if (SSL_renegotiate(peer->ssl) != 1 || !shake_hands(peer)) return 0;
  // A request for a handshake counts as a handshake, too.
  const int before = peer->handshakes;
  if (!wait) return take(peer, 0);
  for (;;) {
    struct pollfd want = {peer->fd, POLLIN, 0};
    if (!take(peer, 0)) return 0;
    if (peer->handshakes != before) return 1;
    if (!SSL_has_pending(peer->ssl) && poll(&want, 1, -1) < 0) return 0;
  }
}

// Drops the client's answer unread, below TLS.
static int drained(struct peer *peer) {
  char dropped[4096];
  ssize_t n;
  while ((n = recv(peer->fd, dropped, sizeof dropped, MSG_DONTWAIT)) > 0) {
  }
  return n < 0 && errno == EAGAIN;
}

static int key_update(struct peer *peer, int kind) {
  return SSL_key_update(peer->ssl, kind) == 1 && shake_hands(peer) && drained(peer);
}

static int ticket(struct peer *peer) {
  return SSL_new_session_ticket(peer->ssl) == 1 && shake_hands(peer) && drained(peer);
}

// OpenSSL sends alerts only for reasons of its own, so it gets one: a broken record.
static int alert(struct peer *peer) {
  static const char broken[5 + 32] = "\x17\x03\x03\x00\x20";
  char byte;
  SSL_set0_rbio(peer->ssl, BIO_new_mem_buf(broken, sizeof broken));
  return SSL_read(peer->ssl, &byte, 1) < 0;
}

static int once(struct peer *peer, const char *name) {
  if (!strcmp(name, "key-update")) return key_update(peer, SSL_KEY_UPDATE_NOT_REQUESTED);
  if (!strcmp(name, "key-update-both")) return key_update(peer, SSL_KEY_UPDATE_REQUESTED);
  if (!strcmp(name, "ticket")) return ticket(peer);
  if (!strcmp(name, "renegotiate")) return renegotiate(peer, 1);
  if (!strcmp(name, "hello-request")) return renegotiate(peer, 0);
  return 0;
}

static int step(struct peer *peer, const char *name, const char *value) {
  if (!strcmp(name, "request")) return request(peer);
  if (!strcmp(name, "text")) return write_all(peer, value);
  if (!strcmp(name, "take")) return take_all(peer, atol(value));
  if (!strcmp(name, "alert")) return alert(peer);
  if (!strcmp(name, "stall")) return pause();
  SSL_set_options(peer->ssl, strcmp(name, "verify") && strcmp(name, "certificate") ? 0 : SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
  if (!strcmp(name, "certificate")) return SSL_use_certificate_file(peer->ssl, value, SSL_FILETYPE_PEM);
  if (!strcmp(name, "key")) return SSL_use_PrivateKey_file(peer->ssl, value, SSL_FILETYPE_PEM);
  if (!strcmp(name, "verify")) {
    SSL_set_verify(peer->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_set_session_id_context(peer->ssl, (const unsigned char *)"v", 1);
    return SSL_CTX_load_verify_locations(context, value, NULL);
  }
  const long count = value == NULL ? 1 : atol(value);
  for (long i = 0; count == 0 || i < count; i++) {
    if (!once(peer, name)) return 0;
  }
  return 1;
}

// Ends the stream, and closes once the client has closed: a close with unread bytes would reset the connection, and the client
// would lose bytes.
static void leave(int fd) {
  char dropped[4096];
  struct pollfd want = {fd, POLLIN, 0};
  shutdown(fd, SHUT_WR);
  while (poll(&want, 1, -1) > 0 && recv(fd, dropped, sizeof dropped, 0) > 0) {
  }
  close(fd);
}

static void *serve(void *data) {
  struct peer *peer = calloc(1, sizeof *peer);
  peer->fd = (int)(long)data;
  peer->ssl = SSL_new(context);
  fcntl(peer->fd, F_SETFL, O_NONBLOCK);
  // Sent bytes have arrived when a step is done.
  setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  SSL_set_fd(peer->ssl, peer->fd);
  SSL_set_app_data(peer->ssl, peer);
  SSL_set_accept_state(peer->ssl);
  int going = shake_hands(peer);
  for (char **at = steps; going && *at != NULL; at++) {
    char name[64] = "";
    const char *value = strchr(*at, '=');
    memcpy(name, *at, value == NULL ? strlen(*at) : (size_t)(value - *at));
    if (!strcmp(name, "close")) {
      SSL_shutdown(peer->ssl);
      while (take(peer, 1)) {
      }
      break;
    }
    going = step(peer, name, value == NULL ? NULL : value + 1);
    if (going) printf("done: %s\n", name);
    fflush(stdout);
  }
  leave(peer->fd);
  SSL_free(peer->ssl);
  free(peer);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  signal(SIGPIPE, SIG_IGN);
  context = SSL_CTX_new(TLS_server_method());
  const int version = strcmp(argv[3], "1.2") ? TLS1_3_VERSION : TLS1_2_VERSION;
  SSL_CTX_set_min_proto_version(context, version);
  SSL_CTX_set_max_proto_version(context, version);
  // A request that goes out while the client answers the one before has two answers: without this, the second is refused.
  SSL_CTX_set_options(context, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
  SSL_CTX_set_info_callback(context, on_info);
  SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_ENABLE_PARTIAL_WRITE);
  if (SSL_CTX_use_certificate_file(context, argv[1], SSL_FILETYPE_PEM) != 1) return 1;
  if (SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) != 1) return 1;
  steps = argv + 4;
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 10) != 0) return 1;
  getsockname(listener, (struct sockaddr *)&address, &length);
  printf("port %d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    const long fd = accept(listener, NULL, NULL);
    pthread_t thread;
    if (fd >= 0 && pthread_create(&thread, NULL, serve, (void *)fd) == 0) pthread_detach(thread);
  }
}
