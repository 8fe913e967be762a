// ASCII terms, looked up by their bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../arena.h"
#include "bytes.h"

namespace fp::text {

// This many bytes after a term may be read.
constexpr size_t slack = 16;

// Unpredictable numbers, so that no file can contain terms that all have the same hash.
struct Seeds {
  uint64_t first, second;  // odd
};

class Terms {
 public:
  enum class Made { ok, no_memory, refused };
  static constexpr size_t most_terms = 1 << 24;

  // The key of a term, and where to look first.
  struct Sought {
    const uint8_t* term;
    size_t length;
    uint64_t first;
    uint32_t next, code;
    size_t slot;
  };

  // The terms are concatenated in `bytes`, with the length of each; empty terms are ignored. Refused if there are too
  // many, or if too many collide.
  Made create(const uint8_t* bytes, const int32_t* lengths, size_t count, Seeds seeds);
  bool has(const uint8_t* term, size_t length) const;
  bool empty() const { return slots_.size() == 0; }

  Sought seek(const uint8_t* term, size_t length) const {
    Sought sought;
    sought.term = term;
    sought.length = length;
    sought.first = load64(term) & masks[length < 8 ? length : 8];
    if (length <= most_short) {
      sought.next = uint32_t(load32(term + 8) & masks[length < 8 ? 0 : length - 8]);
      sought.code = uint32_t(length);
    } else {
      sought.next = hash_of_rest(term, length);
      sought.code = most_short + 1;
    }
    const uint64_t rest = sought.next | uint64_t(sought.code) << 32;
    sought.slot = size_t((sought.first * seeds_.first + rest * seeds_.second) >> shift_);
    prefetch(&slots_[sought.slot]);
    return sought;
  }

  // The index of the term, or −1 if it is not found.
  int32_t find(const Sought& sought) const {
    size_t slot = sought.slot;
    for (int tried = 0; tried < most_tried; tried++, slot = (slot + 1) & mask_) {
      const Slot& found = slots_[slot];
      if (found.number == 0) break;
      if (found.first != sought.first || found.next != sought.next || found.number >> code_shift != sought.code)
        continue;
      const uint32_t id = (found.number & id_mask) - 1;
      if (sought.length <= most_short || is_long(id, sought)) return int32_t(id);
    }
    return -1;
  }

 private:
  // The first eight bytes of a term, and the next four or, for a longer term, a hash of these and all others. Its
  // length, and its index + 1, which is 0 in an empty slot.
  struct Slot {
    uint64_t first;
    uint32_t next, number;
  };
  static constexpr int most_tried = 64, code_shift = 27;
  static constexpr uint32_t most_short = 12, id_mask = (1u << code_shift) - 1;
  static constexpr uint64_t masks[9] = {
      0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff, UINT64_MAX};

  bool add(size_t id, const uint8_t* term, size_t length);
  uint32_t hash_of_rest(const uint8_t* term, size_t length) const;
  bool is_long(uint32_t id, const Sought& sought) const;

  Seeds seeds_ = {};
  Array<Slot> slots_;
  // All bytes of the long terms, and the end of each.
  Array<uint8_t> long_;
  Array<uint32_t> ends_;
  int shift_ = 0;
  size_t mask_ = 0;
};

}  // namespace fp::text
