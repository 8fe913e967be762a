// Allocation that reports failure instead of throwing: objects, an owned array, and an arena that many arrays share.
// `new` and `delete` would need the C++ runtime library, which not every host of an addon has loaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#if defined(_WIN32) || defined(__GLIBC__)
#include <malloc.h>
#endif
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace fp {

constexpr size_t cache_line_bytes = 64;
constexpr size_t huge_page_bytes = size_t(2) << 20;

// `bytes` bytes, at least one, aligned to a cache line, or as for any object if they are fewer than a line; null if
// there is not enough memory. Freed by aligned_free.
inline void* aligned_allocate(size_t bytes) {
  if (bytes > SIZE_MAX - cache_line_bytes) return nullptr;
  if (bytes >= cache_line_bytes) bytes = (bytes + cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes;
#ifdef _WIN32
  return _aligned_malloc(bytes, cache_line_bytes);
#else
  if (bytes < cache_line_bytes) return std::malloc(bytes);
  void* block = nullptr;
#ifdef __linux__
  // Uses huge pages if the system allows a process to ask for them: one fault instead of 512, and no TLB misses from
  // reading weights through small pages.
  if (bytes >= huge_page_bytes && posix_memalign(&block, huge_page_bytes, bytes) == 0) {
    madvise(block, bytes, MADV_HUGEPAGE);
    return block;
  }
#endif
  return posix_memalign(&block, cache_line_bytes, bytes) == 0 ? block : nullptr;
#endif
}

inline void aligned_free(void* block) {
#ifdef _WIN32
  _aligned_free(block);
#else
  std::free(block);
#endif
}

// Asks for huge pages for memory that is about to be written for the first time. Memory that was written before stays
// as it is.
inline void prefer_huge_pages([[maybe_unused]] void* data, [[maybe_unused]] size_t bytes) {
#ifdef __linux__
  const uintptr_t begin = (uintptr_t(data) + huge_page_bytes - 1) / huge_page_bytes * huge_page_bytes;
  const uintptr_t end = (uintptr_t(data) + bytes) / huge_page_bytes * huge_page_bytes;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

// `count` elements of zeros, or null.
void* allocate_zeroed(size_t count, size_t element_bytes);

// Returns freed memory to the system, where the C library would keep it.
inline void give_back_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

// A new object, or null; ended by destroy().
template <typename T>
T* make() {
  void* const block = std::malloc(sizeof(T));
  return block == nullptr ? nullptr : new (block) T();
}

template <typename T>
void destroy(T* object) {
  if (object == nullptr) return;
  object->~T();
  std::free(object);
}

// An owned array of a trivial type, zeroed; aligned to a cache line unless it is shorter than one.
template <typename T>
class Array {
 public:
  Array() = default;
  Array(Array&& other) noexcept : data_(std::exchange(other.data_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  Array& operator=(Array&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~Array() { aligned_free(data_); }

  // False if there is not enough memory; the array is then empty. An array without elements has no data.
  [[nodiscard]] bool allocate(size_t count) {
    aligned_free(std::exchange(data_, nullptr));
    count_ = 0;
    if (count == 0) return true;
    data_ = static_cast<T*>(allocate_zeroed(count, sizeof(T)));
    if (data_ == nullptr) return false;
    count_ = count;
    return true;
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return count_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + count_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + count_; }

 private:
  T* data_ = nullptr;
  size_t count_ = 0;
};

// Zeroed bytes from the start of a cache line, of which the system only provides those that are touched: for memory
// that is sized for the largest block of rows, but mostly used for a few.
class Room {
 public:
  Room() = default;
  Room(Room&& other) noexcept { *this = static_cast<Room&&>(other); }
  Room& operator=(Room&& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Room() { std::free(block_); }

  // False if there is not enough memory; the room is then empty.
  [[nodiscard]] bool allocate(size_t bytes) {
    std::free(std::exchange(block_, nullptr));
    bytes_ = 0;
    if (bytes == 0) return true;
    if (bytes > SIZE_MAX - cache_line_bytes) return false;
    block_ = static_cast<char*>(std::calloc(bytes + cache_line_bytes, 1));
    if (block_ == nullptr) return false;
    bytes_ = bytes;
    return true;
  }

  char* data() {
    return block_ == nullptr ? nullptr : block_ + (cache_line_bytes - uintptr_t(block_) % cache_line_bytes);
  }
  size_t size() const { return bytes_; }

 private:
  char* block_ = nullptr;
  size_t bytes_ = 0;
};

// One block that many arrays share, each from the start of a cache line. Take all of them twice in the same order: the
// first pass counts, then call allocate(), and the second pass returns them.
template <typename T>
class Arena {
 public:
  // `count` zeroed elements; null while counting.
  T* take(size_t count) {
    constexpr size_t line = cache_line_bytes / sizeof(T);
    const size_t place = used_;
    used_ += (count + line - 1) / line * line;
    return block_.size() > 0 ? block_.data() + place : nullptr;
  }
  [[nodiscard]] bool allocate() { return block_.allocate(std::exchange(used_, 0) + 1); }
  size_t bytes() const { return block_.size() * sizeof(T); }
  // Elements taken since the last allocate().
  size_t taken() const { return used_; }

 private:
  Array<T> block_;
  size_t used_ = 0;
};

}  // namespace fp
