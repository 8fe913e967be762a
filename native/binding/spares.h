// Memory of finished runs, for later runs: the system clears new memory page by page, which can take as long as a run.
#pragma once

#include <cstddef>
#include <utility>

#include "../arena.h"

namespace fp::binding {

// Bytes with any content, aligned to a cache line.
class Block {
 public:
  Block() = default;
  Block(Block&& other) noexcept { *this = static_cast<Block&&>(other); }
  Block& operator=(Block&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Block() { aligned_free(data_); }

  // False if there is not enough memory. For an empty block.
  [[nodiscard]] bool allocate(size_t bytes) {
    data_ = static_cast<char*>(aligned_allocate(bytes + 1));
    bytes_ = data_ == nullptr ? 0 : bytes;
    return data_ != nullptr;
  }
  char* data() { return data_; }
  size_t size() const { return bytes_; }

 private:
  char* data_ = nullptr;
  size_t bytes_ = 0;
};

class Spares {
 public:
  // Memory for that many bytes, or an empty block if there is not enough memory.
  Block take(size_t bytes) {
    for (Block& block : blocks_) {
      const bool fits = block.data() != nullptr && block.size() >= bytes && block.size() / 2 <= bytes;
      if (fits) return static_cast<Block&&>(block);
    }
    Block fresh;
    if (!fresh.allocate(bytes)) return {};
    return fresh;
  }
  // Frees small blocks, because the C library keeps such blocks itself, and blocks that would be too much to keep.
  void put(Block block) {
    constexpr size_t least_bytes = 128 << 10, most_bytes = 256 << 20;
    if (block.size() < least_bytes || block.size() > most_bytes) return;
    std::swap(blocks_[next_], block);
    next_ = (next_ + 1) % count;
  }
  void clear() {
    for (Block& block : blocks_) block = {};
  }

 private:
  static constexpr size_t count = 4;  // the number of Node's threads for such runs, unless UV_THREADPOOL_SIZE is set
  Block blocks_[count];
  size_t next_ = 0;
};

}  // namespace fp::binding
