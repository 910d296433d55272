// See tls-sessions.h.
#include "tls-sessions.h"

#include <ctime>
#include <iterator>
#include <utility>

namespace dugong {

using openssl::api;

namespace {

constexpr size_t kMaxSessions = 512;
// Most servers send two tickets per handshake: enough for a few connections to one server at a time.
constexpr int kMaxSessionsPerKey = 8;

bool singleUse(const openssl::Session& session) {
  return api.SSL_SESSION_get_protocol_version(session.get()) >= TLS1_3_VERSION;
}

bool usable(const openssl::Session& session) {
  if (api.SSL_SESSION_is_resumable(session.get()) != 1) return false;
  return openssl::timeOf(session.get()) + api.SSL_SESSION_get_timeout(session.get()) > std::time(nullptr);
}

}  // namespace

void TLSSessions::add(const std::string& key, openssl::Session session) {
  int newer = 0;
  const int limit = singleUse(session) ? kMaxSessionsPerKey - 1 : 0;
  for (auto entry = entries_.end(); entry != entries_.begin();) {
    --entry;
    if (entry->key == key && ++newer > limit) entry = entries_.erase(entry);
  }
  if (entries_.size() >= kMaxSessions) entries_.pop_front();
  entries_.push_back({key, std::move(session)});
}

openssl::Session TLSSessions::take(const std::string& key) {
  for (auto entry = entries_.end(); entry != entries_.begin();) {
    --entry;
    if (entry->key != key) continue;
    if (!usable(entry->session)) {
      entry = entries_.erase(entry);
      continue;
    }
    if (!singleUse(entry->session)) {
      api.SSL_SESSION_up_ref(entry->session.get());
      return openssl::Session(entry->session.get());
    }
    openssl::Session session = std::move(entry->session);
    entries_.erase(entry);
    return session;
  }
  return openssl::Session();
}

}  // namespace dugong
