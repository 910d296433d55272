// One getaddrinfo(3) on a thread of its own, announced by a pipe: an fd that becomes readable can be waited for in any
// loop, also by a blocked thread, which a callback from libuv's thread pool could not reach. What the thread touches
// is shared with it, so the asker may abandon the lookup, end its environment or exit the process at any time. No
// JavaScript.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace dugong {

class Lookup {
 public:
  static constexpr int maxThreads = 8;

  struct Answer {
    // 0 or an EAI_ code, and the errno behind EAI_SYSTEM.
    int code = 0;
    int system_errno = 0;
    std::vector<std::string> addresses;
  };

  // `family` is AF_UNSPEC, AF_INET or AF_INET6. Returns the read end of the pipe, which the caller closes, or -errno.
  static int start(std::string hostname, int family, std::shared_ptr<Lookup>* out);
  static const char* codeName(int code);
  // How many threads look something up, or are about to, and how many lookups wait for one.
  static int pending();

  Lookup(std::string hostname, int family, int announcement)
      : hostname_(std::move(hostname)), family_(family), announcement_(announcement) {}
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  // Nobody wants the answer any more. To be called before the read end is closed.
  void abandon();
  bool abandoned();
  // False while it runs.
  bool answer(Answer* out);
  // Resolves and announces, on the calling thread.
  void run();

 private:
  Answer resolve() const;
  void closeAnnouncement();

  const std::string hostname_;
  const int family_;
  std::mutex mutex_;
  // The write end; -1 when announced or abandoned.
  int announcement_;
  bool answered_ = false;
  Answer answer_;
};

}  // namespace dugong
