// One getaddrinfo(3) on a thread of its own, announced by a pipe: an fd that becomes readable can be waited for in any
// loop, also by a blocked thread, which a callback from libuv's thread pool could not reach. What the thread touches
// is shared with it, so the asker may abandon the lookup, end its environment or exit the process at any time. No
// JavaScript.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dugong {

// The environment that asks, of which nothing is known but that it is another than others.
using Asker = const void*;

class Lookup {
 public:
  // Each lookup can hang for as long as the system's resolver pleases. So many of one asker run at a time, those that it
  // has abandoned not counted; so many of all askers, those counted, but an asker that has no thread gets one. The others
  // wait.
  static constexpr int maxThreadsOfAsker = 64;
  static constexpr int maxThreads = 256;

  struct Question {
    std::string hostname;
    // AF_UNSPEC, AF_INET or AF_INET6.
    int family;
    Asker asker;
  };

  struct Answer {
    // 0 or an EAI_ code, and the errno behind EAI_SYSTEM.
    int code = 0;
    int system_errno = 0;
    std::vector<std::string> addresses;
  };

  // Returns the read end of the pipe, which the caller closes, or -errno.
  static int start(Question question, std::shared_ptr<Lookup>* out);
  static const char* codeName(int code);
  // How many threads look something up, or are about to, and how many lookups wait for one.
  static int pending();

  // Nothing that `asker` asked for and that waits is begun any more.
  static void forgetWaiting(Asker asker);

  Lookup(Question question, int announcement) : question_(std::move(question)), announcement_(announcement) {}
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  // The answer is not wanted any more. To be called before the read end is closed.
  void abandon();
  // False while it runs.
  bool answer(Answer* out) const;

 private:
  friend class LookupQueue;

  bool wanted() const { return announcement_ >= 0; }
  void announce(Answer answer);
  void closeAnnouncement();
  Answer resolve() const;

  const Question question_;
  // All that follows is touched under the mutex of the queue only.
  // Where it stands in the queue, while it waits.
  std::list<std::shared_ptr<Lookup>>::iterator place_;
  bool waiting_ = false;
  // The write end; -1 when announced or abandoned.
  int announcement_;
  bool answered_ = false;
  Answer answer_;
};

}  // namespace dugong
