// Whether ENOMEM in errno means that an allocation has failed: glibc's malloc(3) leaves it there, too, where something is in the way
// of the heap, as a page of V8's is in one process of a hundred, and memory is found elsewhere.
#pragma once

namespace dugong {

// To be called on each thread before errno is first looked at.
void watchHeap();

// Whether errno is ENOMEM, and an allocation of this thread has failed. Clears an errno that says nothing.
bool allocationFailed();

}  // namespace dugong
