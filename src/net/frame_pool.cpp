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
constexpr std::size_t kLargest = 16 * 1024;  ///< the frame that holds a whole journey has some 5 KB
constexpr std::size_t kKeptPerSize = 256;

struct FreeFrame {
  FreeFrame* next;
};

struct FreeList {
  FreeFrame* first = nullptr;
  std::size_t count = 0;
};

/// One list per size class. Without a constructor or destructor to run, it is reached without asking whether they have
/// run.
constinit thread_local std::array<FreeList, kLargest / kStep + 1> lists{};

/// Gives back what is still in the lists when the thread ends. Whoever takes memory for a frame wakes it.
struct Undertaker {
  bool is_there = false;

  ~Undertaker() {
    for (FreeList& list : lists) {
      while (list.first != nullptr) {
        FreeFrame* frame = list.first;
        list.first = frame->next;
        ::operator delete(frame);
      }
    }
  }
};

thread_local Undertaker undertaker;

std::size_t size_class(std::size_t bytes) { return (bytes + kStep - 1) / kStep; }

[[gnu::noinline]] void* allocate_anew(std::size_t bytes) {
  undertaker.is_there = true;
  return ::operator new(bytes <= kLargest ? size_class(bytes) * kStep : bytes);
}

}  // namespace

void* allocate_frame(std::size_t bytes) {
  if (bytes > kLargest) return allocate_anew(bytes);
  FreeList& list = lists[size_class(bytes)];
  FreeFrame* frame = list.first;
  if (frame == nullptr) return allocate_anew(bytes);
  list.first = frame->next;
  --list.count;
  return frame;
}

void free_frame(void* frame, std::size_t bytes) noexcept {
  if (bytes > kLargest) return ::operator delete(frame);
  FreeList& list = lists[size_class(bytes)];
  if (list.count == kKeptPerSize) return ::operator delete(frame);
  list.first = new (frame) FreeFrame{list.first};
  ++list.count;
}

#endif

}  // namespace tidegate::net
