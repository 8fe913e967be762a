// The parameters that were already packed for a network, so that those used by several instructions are packed once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arena.h"

namespace fp {

// The properties that determine how parameters are packed. For arrays that are copied unchanged, `columns` and `bias`
// are unset.
struct PackedKey {
  const void* from;  // the parameter array; null for a number repeated
  const void* bias;
  size_t rows, columns;
  int32_t form;
  float number;

  bool operator==(const PackedKey& other) const {
    return from == other.from && bias == other.bias && rows == other.rows && columns == other.columns &&
           form == other.form && number == other.number;
  }
  uint64_t hash() const {
    uint64_t mixed = uint64_t(form) + uint64_t(number != 0);
    for (const uint64_t part :
         {uint64_t(uintptr_t(from)), uint64_t(uintptr_t(bias)), uint64_t(rows), uint64_t(columns)}) {
      mixed = (mixed ^ part) * 0x9e3779b97f4a7c15u;
      mixed ^= mixed >> 29;
    }
    return mixed * 0x9e3779b97f4a7c15u;
  }
};

// A table from keys to places, which are looked up twice in the same order as those of an arena: the second pass needs
// no memory.
template <typename T>
class PackedOnce {
 public:
  struct Entry {
    PackedKey key;
    T* place;  // null while counting
    bool known, taken;
  };

  // The entry of the key, which is empty the first time. Null if there is not enough memory.
  Entry* find(const PackedKey& key) {
    if (entries_.size() > 0) {
      Entry& known = slot(entries_, key);
      if (known.known) return &known;
    }
    if (2 * (count_ + 1) > entries_.size() && !grow()) return nullptr;
    Entry& entry = slot(entries_, key);
    entry = {key, nullptr, true, false};
    count_++;
    return &entry;
  }

  // Clears the table and keeps its memory.
  void restart() {
    for (Entry& entry : entries_) entry.taken = false;
  }

 private:
  static Entry& slot(Array<Entry>& entries, const PackedKey& key) {
    size_t i = size_t(key.hash() >> 32) & (entries.size() - 1);
    while (entries[i].known && !(entries[i].key == key)) i = (i + 1) & (entries.size() - 1);
    return entries[i];
  }

  bool grow() {
    constexpr size_t least = 16;
    Array<Entry> larger;
    if (!larger.allocate(entries_.size() > 0 ? 2 * entries_.size() : least)) return false;
    for (const Entry& entry : entries_) {
      if (entry.known) slot(larger, entry.key) = entry;
    }
    entries_ = static_cast<Array<Entry>&&>(larger);
    return true;
  }

  Array<Entry> entries_;  // a power of two of them
  size_t count_ = 0;
};

}  // namespace fp
