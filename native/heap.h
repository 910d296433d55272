// Tells an ENOMEM in errno of a failed allocation from one of a successful allocation: glibc's malloc(3) leaves ENOMEM also when
// something blocks the heap (a page of V8 does, in one process of a hundred) and it finds memory elsewhere.
#pragma once

namespace dugong {

// Each thread calls this before its first allocationFailed().
void watchHeap();

// Whether errno is ENOMEM because an allocation of this thread has failed. Clears an ENOMEM that means nothing.
bool allocationFailed();

}  // namespace dugong
