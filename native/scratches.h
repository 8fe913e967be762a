// The working memory of runs of one model, for any number of threads: a run takes one and puts it back.
#pragma once

#include <atomic>
#include <cstddef>

#include "arena.h"
#include "network.h"

namespace fp {

// The working memory of one run at a time.
struct Scratch {
  Array<char> table;
  Room values;
  Array<Input> inputs;
  Array<Output> outputs;
};

// The unused ones. Each slot has one or none, so that taking and putting are one exchange each.
class Scratches {
 public:
  ~Scratches() {
    for (Slot& slot : slots_) destroy(slot.scratch.load());
  }
  // Null if all are in use.
  Scratch* take(size_t start) {
    for (size_t i = 0; i < slot_count; i++) {
      std::atomic<Scratch*>& scratch = slots_[(start + i) % slot_count].scratch;
      if (scratch.load(std::memory_order_relaxed) == nullptr) continue;
      if (Scratch* const found = scratch.exchange(nullptr, std::memory_order_acquire)) return found;
    }
    return nullptr;
  }
  // Frees the scratch if there are more of them than slots.
  void put(size_t start, Scratch* scratch) {
    for (size_t i = 0; i < slot_count; i++) {
      Scratch* empty = nullptr;
      if (slots_[(start + i) % slot_count].scratch.compare_exchange_strong(empty, scratch, std::memory_order_release,
                                                                           std::memory_order_relaxed)) {
        return;
      }
    }
    destroy(scratch);
  }

 private:
  static constexpr size_t slot_count = 64;
  struct Slot {
    std::atomic<Scratch*> scratch{nullptr};
    char rest[cache_line_bytes - sizeof(void*)];  // so that threads do not share a line
  };
  Slot slots_[slot_count];
};

}  // namespace fp
