#include "terms.h"

#include <cstring>

namespace fp::text {

Terms::Made Terms::create(const uint8_t* bytes, const int32_t* lengths, size_t count, Seeds seeds) {
  if (count > most_terms) return Made::refused;
  seeds_ = seeds;
  size_t total = 0, of_long = 0;
  for (size_t id = 0; id < count; id++) {
    total += size_t(lengths[id]);
    if (lengths[id] > int32_t(most_short)) of_long += size_t(lengths[id]);
  }
  if (of_long > UINT32_MAX) return Made::refused;
  int bits = 4;
  while ((size_t(1) << bits) < count + count / 2 + 1) bits++;
  shift_ = 64 - bits;
  mask_ = (size_t(1) << bits) - 1;
  if (!slots_.allocate(mask_ + 1)) return Made::no_memory;
  if (of_long > 0 && (!long_.allocate(of_long) || !ends_.allocate(count))) return Made::no_memory;
  size_t at = 0;
  uint32_t end = 0;
  uint8_t last[most_short + slack] = {};
  for (size_t id = 0; id < count; at += size_t(lengths[id++])) {
    const size_t length = size_t(lengths[id]);
    const uint8_t* term = bytes + at;
    if (length > most_short) {
      std::memcpy(&long_[end], term, length);
      end += uint32_t(length);
    }
    if (of_long > 0) ends_[id] = end;
    if (length > 0 && length <= most_short && total - at < slack) {
      // Reads of several bytes must not go beyond the end of the last term.
      std::memcpy(last, term, length);
      term = last;
    }
    if (length > 0 && !add(id, term, length)) return Made::refused;
  }
  return Made::ok;
}

bool Terms::add(size_t id, const uint8_t* term, size_t length) {
  const Sought sought = seek(term, length);
  for (int tried = 0; tried < most_tried; tried++) {
    Slot& slot = slots_[(sought.slot + size_t(tried)) & mask_];
    if (slot.number != 0) continue;
    slot = {sought.first, sought.next, sought.code << code_shift | uint32_t(id + 1)};
    return true;
  }
  return false;
}

// The last eight bytes may overlap earlier ones.
uint32_t Terms::hash_of_rest(const uint8_t* term, size_t length) const {
  uint64_t hash = length;
  const auto mix = [&](size_t at) {
    hash = (hash ^ load64(term + at)) * seeds_.first;
    hash ^= hash >> 32;
  };
  for (size_t at = 8; at + 8 < length; at += 8) mix(at);
  mix(length - 8);
  return uint32_t(hash * seeds_.second >> 32);
}

bool Terms::is_long(uint32_t id, const Sought& sought) const {
  const uint32_t start = id == 0 ? 0 : ends_[id - 1];
  return ends_[id] - start == sought.length && std::memcmp(&long_[start], sought.term, sought.length) == 0;
}

bool Terms::has(const uint8_t* term, size_t length) const { return find(seek(term, length)) >= 0; }

}  // namespace fp::text
