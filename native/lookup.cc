// See lookup.h. The process has one queue. A thread starts for a lookup that may run, takes further ones, and ends when no other
// lookup may run.
#include "lookup.h"

#include <map>
#include <mutex>

#include "platform.h"

namespace dugong {

namespace {

std::string numeric(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN];
  if (address->sa_family == AF_INET) {
    return inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
  }
  const sockaddr_in6* v6 = reinterpret_cast<const sockaddr_in6*>(address);
  std::string result = inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
  // By number, since the names of interfaces can change.
  if (v6->sin6_scope_id != 0) result += '%' + std::to_string(v6->sin6_scope_id);
  return result;
}

}  // namespace

// The askers take turns. The caller of a function whose name ends in "Locked" holds the mutex.
class LookupQueue {
 public:
  static LookupQueue& instance() {
    // Never destroyed: a thread may be in getaddrinfo while exit() runs the destructors of static objects.
    static LookupQueue* const queue = new LookupQueue;
    return *queue;
  }

  std::mutex& mutex() { return mutex_; }
  // 0 or an error.
  int add(const std::shared_ptr<Lookup>& lookup);
  void abandon(Lookup* lookup);
  void forgetWaiting(Asker asker);
  int pending();

 private:
  // The lookups of one asker.
  struct Lane {
    std::list<std::shared_ptr<Lookup>> waiting;
    // Number of threads that run a lookup of this asker, and number of these lookups that are not abandoned.
    int threads = 0;
    int running = 0;
  };
  using Lanes = std::map<Asker, Lane>;

  static void* serve(void* first);
  bool stillWanted(const Lookup& lookup);
  std::shared_ptr<Lookup> finish(Lookup* lookup, Lookup::Answer answer);
  bool mayRunLocked(const Lane& lane) const;
  Lanes::iterator nextLaneLocked();
  std::shared_ptr<Lookup> takeLocked(Lanes::iterator lane);
  void dropIfIdleLocked(Asker asker);
  int startThreadsLocked();

  std::mutex mutex_;
  // One for each asker with a waiting lookup or a thread. While a lookup waits, a thread runs that will take one.
  Lanes lanes_;
  Asker last_served_ = nullptr;
  int threads_ = 0;
};

int LookupQueue::add(const std::shared_ptr<Lookup>& lookup) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Asker asker = lookup->question_.asker;
  std::list<std::shared_ptr<Lookup>>& waiting = lanes_[asker].waiting;
  lookup->place_ = waiting.insert(waiting.end(), lookup);
  lookup->waiting_ = true;
  const int error = startThreadsLocked();
  // Without a new thread, the running ones take the lookup later.
  if (error == 0 || threads_ > 0) return 0;
  waiting.erase(lookup->place_);
  dropIfIdleLocked(asker);
  return error;
}

void LookupQueue::abandon(Lookup* lookup) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!lookup->wanted()) return;
  lookup->closeAnnouncement();
  const Asker asker = lookup->question_.asker;
  Lane& lane = lanes_[asker];
  if (lookup->waiting_) {
    lane.waiting.erase(lookup->place_);
    dropIfIdleLocked(asker);
  } else {
    // The thread may hang; it no longer counts against the asker's limit.
    lane.running--;
    startThreadsLocked();
  }
}

void LookupQueue::forgetWaiting(Asker asker) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Lanes::iterator lane = lanes_.find(asker);
  if (lane == lanes_.end()) return;
  for (const std::shared_ptr<Lookup>& each : lane->second.waiting) each->closeAnnouncement();
  lane->second.waiting.clear();
  dropIfIdleLocked(asker);
}

int LookupQueue::pending() {
  const std::lock_guard<std::mutex> lock(mutex_);
  size_t waiting = 0;
  for (const auto& [asker, lane] : lanes_) waiting += lane.waiting.size();
  return threads_ + static_cast<int>(waiting);
}

bool LookupQueue::mayRunLocked(const Lane& lane) const {
  if (lane.waiting.empty() || lane.running >= Lookup::maxThreadsOfAsker) return false;
  return threads_ < Lookup::maxThreads || lane.threads == 0;
}

// The next lane after the last one served that may run a lookup; end() if none may.
LookupQueue::Lanes::iterator LookupQueue::nextLaneLocked() {
  Lanes::iterator lane = lanes_.upper_bound(last_served_);
  for (size_t seen = 0; seen < lanes_.size(); seen++, lane++) {
    if (lane == lanes_.end()) lane = lanes_.begin();
    if (mayRunLocked(lane->second)) return lane;
  }
  return lanes_.end();
}

// Takes the oldest waiting lookup of a lane for a thread.
std::shared_ptr<Lookup> LookupQueue::takeLocked(Lanes::iterator lane) {
  auto& [asker, state] = *lane;
  std::shared_ptr<Lookup> lookup = std::move(state.waiting.front());
  state.waiting.pop_front();
  lookup->waiting_ = false;
  state.running++;
  state.threads++;
  threads_++;
  last_served_ = asker;
  return lookup;
}

void LookupQueue::dropIfIdleLocked(Asker asker) {
  const Lanes::iterator lane = lanes_.find(asker);
  if (lane != lanes_.end() && lane->second.waiting.empty() && lane->second.threads == 0) lanes_.erase(lane);
}

// Starts a thread for each lookup that may run. 0 or an error.
int LookupQueue::startThreadsLocked() {
  for (Lanes::iterator lane = nextLaneLocked(); lane != lanes_.end(); lane = nextLaneLocked()) {
    auto first = std::make_unique<std::shared_ptr<Lookup>>(lane->second.waiting.front());
    const int error = startThread(serve, first.get());
    if (error != 0) return error;
    // The thread owns it from here on, and waits for the mutex.
    static_cast<void>(first.release());
    takeLocked(lane);
  }
  return 0;
}

void* LookupQueue::serve(void* first) {
  const std::unique_ptr<std::shared_ptr<Lookup>> given(static_cast<std::shared_ptr<Lookup>*>(first));
  LookupQueue& queue = instance();
  for (std::shared_ptr<Lookup> lookup = std::move(*given); lookup != nullptr;) {
    Lookup::Answer answer;
    // It may be abandoned already: when an asker abandons many, one by one, each starts the thread of the next.
    if (queue.stillWanted(*lookup)) answer = lookup->resolve();
    lookup = queue.finish(lookup.get(), std::move(answer));
  }
  return nullptr;
}

bool LookupQueue::stillWanted(const Lookup& lookup) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return lookup.wanted();
}

// Returns the next lookup for this thread, or nullptr.
std::shared_ptr<Lookup> LookupQueue::finish(Lookup* lookup, Lookup::Answer answer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Asker asker = lookup->question_.asker;
  Lane& lane = lanes_[asker];
  threads_--;
  lane.threads--;
  if (lookup->wanted()) {
    lookup->announce(std::move(answer));
    lane.running--;
  }
  dropIfIdleLocked(asker);
  const Lanes::iterator next = nextLaneLocked();
  return next == lanes_.end() ? nullptr : takeLocked(next);
}

int Lookup::start(Question question, std::shared_ptr<Lookup>* out) {
  static std::once_flag once;
  std::call_once(once, stayLoaded);
  int ends[2];
  const int opened = openPipe(ends);
  if (opened < 0) return opened;
  *out = std::make_shared<Lookup>(std::move(question), ends[1]);
  const int queued = LookupQueue::instance().add(*out);
  if (queued == 0) return ends[0];
  (*out)->closeAnnouncement();
  out->reset();
  closeDescriptor(ends[0]);
  return queued;
}

int Lookup::pending() { return LookupQueue::instance().pending(); }

void Lookup::forgetWaiting(Asker asker) { LookupQueue::instance().forgetWaiting(asker); }

void Lookup::abandon() { LookupQueue::instance().abandon(this); }

bool Lookup::answer(Answer* out) const {
  const std::lock_guard<std::mutex> lock(LookupQueue::instance().mutex());
  if (answered_) *out = answer_;
  return answered_;
}

void Lookup::closeAnnouncement() {
  closeDescriptor(announcement_);
  announcement_ = -1;
}

void Lookup::announce(Answer answer) {
  answer_ = std::move(answer);
  answered_ = true;
  // A byte, since poll(2) on Linux reports a bare end of file as POLLHUP without POLLIN. No SIGPIPE: abandon() runs under the mutex
  // before the read end is closed. One byte always fits into an empty pipe.
  writeByte(announcement_);
  closeAnnouncement();
}

Lookup::Answer Lookup::resolve() const {
  Answer answer;
  // No AI_ADDRCONFIG: it hides ::1 (or 127.0.0.1) on a machine that has no other address of that family. An unreachable address costs
  // only one failed connect(2).
  addrinfo hints{};
  hints.ai_family = question_.family;
  hints.ai_socktype = SOCK_STREAM;
  const std::string& hostname = question_.hostname;
  addrinfo* found = nullptr;
  errno = 0;
  // Longer texts are no names, and some C libraries cannot handle them.
  answer.code = hostname.size() >= NI_MAXHOST ? EAI_NONAME : getaddrinfo(hostname.c_str(), nullptr, &hints, &found);
  if (answer.code == EAI_SYSTEM) answer.system_error = lastError();
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    if (each->ai_family == AF_INET || each->ai_family == AF_INET6) answer.addresses.push_back(numeric(each->ai_addr));
  }
  if (found != nullptr) freeaddrinfo(found);
  return answer;
}

const char* Lookup::codeName(int code) {
  // A table and no switch: on some systems two codes have the same number.
  static const struct {
    int code;
    const char* name;
  } names[] = {
      {EAI_NONAME, "EAI_NONAME"},         {EAI_AGAIN, "EAI_AGAIN"},       {EAI_FAIL, "EAI_FAIL"},
#ifdef EAI_NODATA
      {EAI_NODATA, "EAI_NODATA"},
#endif
#ifdef EAI_ADDRFAMILY
      {EAI_ADDRFAMILY, "EAI_ADDRFAMILY"},
#endif
#ifdef EAI_IDN_ENCODE
      {EAI_IDN_ENCODE, "EAI_IDN_ENCODE"},
#endif
      {EAI_SYSTEM, "EAI_SYSTEM"},         {EAI_MEMORY, "EAI_MEMORY"},     {EAI_FAMILY, "EAI_FAMILY"},
      {EAI_SOCKTYPE, "EAI_SOCKTYPE"},     {EAI_BADFLAGS, "EAI_BADFLAGS"}, {EAI_SERVICE, "EAI_SERVICE"},
      {EAI_OVERFLOW, "EAI_OVERFLOW"},
  };
  for (const auto& each : names) {
    if (each.code == code) return each.name;
  }
  return "EAI_UNKNOWN";
}

}  // namespace dugong
