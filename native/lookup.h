// One getaddrinfo(3) on a thread of its own, which makes a pipe readable at the end. Any loop can wait for that descriptor, and so
// can a blocked thread, which a callback from libuv's thread pool could not reach. Lookup and thread share the ownership of the
// state: the asker may abandon the lookup, end its environment or exit the process at any time. No JavaScript.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dugong {

// Identity of the environment that asks. Never dereferenced.
using Asker = const void*;

class Lookup {
 public:
  // A lookup can hang for as long as the system's resolver does. Number of lookups that run at a time: of one asker, without
  // abandoned ones; of all askers, with abandoned ones. Beyond the second limit, an asker without a thread still gets one. Other
  // lookups wait.
  static constexpr int maxThreadsOfAsker = 64;
  static constexpr int maxThreads = 256;

  struct Question {
    std::string hostname;
    // AF_UNSPEC, AF_INET or AF_INET6.
    int family;
    Asker asker;
  };

  struct Answer {
    // 0 or an EAI_ code; the error behind EAI_SYSTEM.
    int code = 0;
    int system_error = 0;
    std::vector<std::string> addresses;
  };

  // Returns the read end of the pipe, or an error. The caller closes it.
  static int start(Question question, std::shared_ptr<Lookup>* out);
  static const char* codeName(int code);
  // Number of threads plus number of waiting lookups.
  static int pending();

  // No waiting lookup of `asker` starts any more.
  static void forgetWaiting(Asker asker);

  Lookup(Question question, int announcement) : question_(std::move(question)), announcement_(announcement) {}
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  // The asker no longer wants the answer. Comes before the read end is closed.
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
  // The mutex of the queue guards all that follows.
  // Place in the queue, while this lookup waits.
  std::list<std::shared_ptr<Lookup>>::iterator place_;
  bool waiting_ = false;
  // The write end; -1 once announced or abandoned.
  int announcement_;
  bool answered_ = false;
  Answer answer_;
};

}  // namespace dugong
