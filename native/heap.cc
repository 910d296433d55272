// See heap.h. The main arena of glibc's malloc takes memory from elsewhere when, and only when, brk(2) has been refused: then it has
// more memory than the heap has. Other arenas, and other C libraries, leave errno alone if they succeed.
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

// What the main arena has more than the heap, plus a constant; 0 if that cannot be had.
size_t elsewhere() {
  char* text = nullptr;
  size_t length = 0;
  FILE* const stream = open_memstream(&text, &length);
  if (stream == nullptr) return 0;
  const bool written = malloc_info(0, stream) == 0;
  if (fclose(stream) != 0 || !written) return std::free(text), 0;
  // The first is of the main arena.
  constexpr char kSize[] = "<system type=\"current\" size=\"";
  const char* const size = std::strstr(text, kSize);
  const size_t system = size == nullptr ? 0 : std::strtoul(size + sizeof kSize - 1, nullptr, 10);
  std::free(text);
  return system == 0 ? 0 : system - reinterpret_cast<size_t>(sbrk(0));
}

// What elsewhere() was when this thread last looked; 0 if it has not.
thread_local size_t known = 0;

// Looks only when errno is ENOMEM, since it takes as long as many allocations. So the memory may have been taken long ago: then an
// allocation that has failed indeed is not seen, once.
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
