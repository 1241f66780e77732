// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "net/frame_pool.h"

#include <array>
#include <new>

namespace tidegate::net {

#ifdef TIDEGATE_SANITIZED

void* allocate_frame(std::size_t bytes) { return ::operator new(bytes); }
void free_frame(void* frame, std::size_t) noexcept { ::operator delete(frame); }

#else

namespace {

constexpr std::size_t kStep = 64;
constexpr std::size_t kLargest = 4096;
constexpr std::size_t kKeptPerSize = 256;

struct FreeFrame {
  FreeFrame* next;
};

struct FreeList {
  FreeFrame* first = nullptr;
  std::size_t count = 0;
};

/// One list per size class; what is still in them when the thread ends is given back.
struct FramePool {
  std::array<FreeList, kLargest / kStep + 1> lists;

  ~FramePool() {
    for (FreeList& list : lists) {
      while (list.first != nullptr) {
        FreeFrame* frame = list.first;
        list.first = frame->next;
        ::operator delete(frame);
      }
    }
  }
};

thread_local FramePool pool;

std::size_t size_class(std::size_t bytes) { return (bytes + kStep - 1) / kStep; }

}  // namespace

void* allocate_frame(std::size_t bytes) {
  if (bytes > kLargest) return ::operator new(bytes);
  FreeList& list = pool.lists[size_class(bytes)];
  if (list.first == nullptr) return ::operator new(size_class(bytes) * kStep);
  FreeFrame* frame = list.first;
  list.first = frame->next;
  --list.count;
  return frame;
}

void free_frame(void* frame, std::size_t bytes) noexcept {
  if (bytes > kLargest) return ::operator delete(frame);
  FreeList& list = pool.lists[size_class(bytes)];
  if (list.count == kKeptPerSize) return ::operator delete(frame);
  list.first = new (frame) FreeFrame{list.first};
  ++list.count;
}

#endif

}  // namespace tidegate::net
