// See heap.h. The main arena of glibc's malloc takes memory from outside the heap when, and only when, brk(2) fails; then the arena
// has more memory than the heap. Other arenas, and other C libraries, leave errno alone when they succeed.
#include "heap.h"

#include <cerrno>

#ifdef __GLIBC__
#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#endif

namespace dugong {

namespace {

#ifdef __GLIBC__

// How much more memory than the heap the main arena has, plus a constant; 0 if unknown.
size_t elsewhere() {
  char* text = nullptr;
  size_t length = 0;
  FILE* const stream = open_memstream(&text, &length);
  if (stream == nullptr) return 0;
  const bool written = malloc_info(0, stream) == 0;
  if (fclose(stream) != 0 || !written) return std::free(text), 0;
  // The first entry is that of the main arena.
  constexpr char kSize[] = "<system type=\"current\" size=\"";
  const char* const size = std::strstr(text, kSize);
  const size_t system = size == nullptr ? 0 : std::strtoul(size + sizeof kSize - 1, nullptr, 10);
  std::free(text);
  return system == 0 ? 0 : system - reinterpret_cast<size_t>(sbrk(0));
}

// The last result of elsewhere() on this thread; 0 before the first call.
thread_local size_t known = 0;

// Runs only when errno is ENOMEM, since elsewhere() costs as much as many allocations. The arena may have grown long before that: then
// one failed allocation is taken for a successful one, once.
bool tookFromElsewhere() {
  const size_t before = known;
  known = elsewhere();
  return known != before || known == 0;
}

void look() {
  if (known == 0) known = elsewhere();
}

#else

bool tookFromElsewhere() { return false; }

void look() {}

#endif

}  // namespace

void watchHeap() { look(); }

bool allocationFailed() {
  if (errno != ENOMEM) return false;
  const bool failed = !tookFromElsewhere();
  errno = failed ? ENOMEM : 0;
  return failed;
}

}  // namespace dugong
