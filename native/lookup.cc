// See lookup.h. The queue and its threads belong to the process: all environments together run at most maxThreads
// lookups, as each can hang for as long as the system's resolver pleases. Threads start on demand and end when the
// queue is empty.
#include "lookup.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <utility>

#include "descriptor.h"

namespace dugong {

namespace {

struct Queue {
  std::mutex mutex;
  std::deque<std::shared_ptr<Lookup>> waiting;
  int threads = 0;
};

Queue& queue() {
  // Never destroyed: a thread may still be in getaddrinfo when exit() runs the destructors of static objects.
  static Queue* const instance = new Queue;
  return *instance;
}

std::shared_ptr<Lookup> next() {
  Queue& q = queue();
  const std::lock_guard<std::mutex> lock(q.mutex);
  while (!q.waiting.empty()) {
    std::shared_ptr<Lookup> lookup = std::move(q.waiting.front());
    q.waiting.pop_front();
    if (!lookup->abandoned()) return lookup;
  }
  q.threads--;
  return nullptr;
}

void* serve(void*) {
  while (const std::shared_ptr<Lookup> lookup = next()) lookup->run();
  return nullptr;
}

// Node unloads the addon with the last environment that uses it, without regard to our threads: they would come back
// from getaddrinfo to code that is gone.
void stayLoaded() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&serve), &info) == 0 || info.dli_fname == nullptr) return;
  dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

int startThread() {
  // Signals are for Node's threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  // Not std::thread, which can report a failure by an exception only.
  const int error = pthread_create(&thread, nullptr, serve, nullptr);
  if (error == 0) pthread_detach(thread);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return error;
}

int enqueue(const std::shared_ptr<Lookup>& lookup) {
  Queue& q = queue();
  const std::lock_guard<std::mutex> lock(q.mutex);
  if (q.threads < Lookup::maxThreads) {
    const int error = startThread();
    // With others at work it only takes longer.
    if (error != 0 && q.threads == 0) return -error;
    if (error == 0) q.threads++;
  }
  q.waiting.push_back(lookup);
  return 0;
}

std::string numeric(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN];
  if (address->sa_family == AF_INET) {
    return inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
  }
  const sockaddr_in6* v6 = reinterpret_cast<const sockaddr_in6*>(address);
  std::string result = inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
  // By number: names of interfaces can change.
  if (v6->sin6_scope_id != 0) result += '%' + std::to_string(v6->sin6_scope_id);
  return result;
}

}  // namespace

int Lookup::start(std::string hostname, int family, std::shared_ptr<Lookup>* out) {
  static std::once_flag once;
  std::call_once(once, stayLoaded);
  int ends[2];
  const int opened = openPipe(ends);
  if (opened < 0) return opened;
  *out = std::make_shared<Lookup>(std::move(hostname), family, ends[1]);
  const int queued = enqueue(*out);
  if (queued == 0) return ends[0];
  (*out)->abandon();
  out->reset();
  close(ends[0]);
  return queued;
}

int Lookup::pending() {
  Queue& q = queue();
  const std::lock_guard<std::mutex> lock(q.mutex);
  return q.threads + static_cast<int>(q.waiting.size());
}

void Lookup::closeAnnouncement() {
  if (announcement_ >= 0) close(announcement_);
  announcement_ = -1;
}

void Lookup::abandon() {
  const std::lock_guard<std::mutex> lock(mutex_);
  closeAnnouncement();
}

bool Lookup::abandoned() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return announcement_ < 0;
}

bool Lookup::answer(Answer* out) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (answered_) *out = answer_;
  return answered_;
}

void Lookup::run() {
  Answer answer = resolve();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (announcement_ < 0) return;
  answer_ = std::move(answer);
  answered_ = true;
  // A byte, since poll(2) on Linux reports a bare end of file as POLLHUP without POLLIN. Nobody can have closed the
  // read end yet (abandon comes first, under the mutex), hence no SIGPIPE; one byte always fits into an empty pipe.
  const char byte = 0;
  while (write(announcement_, &byte, 1) < 0 && errno == EINTR) {
  }
  closeAnnouncement();
}

Lookup::Answer Lookup::resolve() const {
  Answer answer;
  // No AI_ADDRCONFIG: it hides ::1 (or 127.0.0.1) on a machine that has no other address of that family, and an address
  // that cannot be reached costs one failed connect(2) only.
  addrinfo hints{};
  hints.ai_family = family_;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  errno = 0;
  // Longer ones cannot be names, and not every C library is at ease with them.
  answer.code = hostname_.size() >= NI_MAXHOST ? EAI_NONAME : getaddrinfo(hostname_.c_str(), nullptr, &hints, &found);
  if (answer.code == EAI_SYSTEM) answer.system_errno = errno;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    if (each->ai_family == AF_INET || each->ai_family == AF_INET6) answer.addresses.push_back(numeric(each->ai_addr));
  }
  if (found != nullptr) freeaddrinfo(found);
  return answer;
}

const char* Lookup::codeName(int code) {
  // A table, as on some systems two of these are the same number.
  static const struct {
    int code;
    const char* name;
  } names[] = {
      {EAI_NONAME, "EAI_NONAME"},     {EAI_AGAIN, "EAI_AGAIN"},       {EAI_FAIL, "EAI_FAIL"},
#ifdef EAI_NODATA
      {EAI_NODATA, "EAI_NODATA"},
#endif
#ifdef EAI_ADDRFAMILY
      {EAI_ADDRFAMILY, "EAI_ADDRFAMILY"},
#endif
#ifdef EAI_IDN_ENCODE
      {EAI_IDN_ENCODE, "EAI_IDN_ENCODE"},
#endif
      {EAI_SYSTEM, "EAI_SYSTEM"},     {EAI_MEMORY, "EAI_MEMORY"},     {EAI_FAMILY, "EAI_FAMILY"},
      {EAI_SOCKTYPE, "EAI_SOCKTYPE"}, {EAI_BADFLAGS, "EAI_BADFLAGS"}, {EAI_SERVICE, "EAI_SERVICE"},
      {EAI_OVERFLOW, "EAI_OVERFLOW"},
  };
  for (const auto& each : names) {
    if (each.code == code) return each.name;
  }
  return "EAI_UNKNOWN";
}

}  // namespace dugong
