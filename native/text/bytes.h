// ASCII characters, eight at a time: each is a byte below 128, and the first one is the lowest, as on every processor
// that the addon supports. A mask has the highest bit set in each byte for which it is true.
#pragma once

#include <cstdint>
#include <cstring>

#ifdef _MSC_VER
#include <intrin.h>
#endif

namespace fp::text {

constexpr uint64_t ones = 0x0101010101010101, highest_bits = 0x80 * ones;

inline uint64_t load64(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

inline uint32_t load32(const uint8_t* bytes) {
  uint32_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// No sum of two bytes overflows into the next byte.
constexpr uint64_t between(uint64_t bytes, uint8_t first, uint8_t last) {
  return (bytes + (0x80 - first) * ones) & ~(bytes + (0x7f - last) * ones) & highest_bits;
}

constexpr uint64_t lower_case(uint64_t bytes) { return bytes | between(bytes, 'A', 'Z') >> 2; }

// What `\w` matches.
constexpr uint64_t of_word(uint64_t bytes) {
  return between(bytes | 0x20 * ones, 'a', 'z') | between(bytes, '0', '9') | between(bytes, '_', '_');
}

// What `\s` matches, and where str.split() splits.
constexpr bool is_space(uint8_t byte) { return (byte >= 9 && byte <= 13) || (byte >= 28 && byte <= 32); }

// One bit for each byte of a mask.
constexpr uint64_t bits_of(uint64_t mask) { return (mask >> 7) * 0x0102040810204080 >> 56; }

// The position of the lowest bit; the mask is not 0.
inline uint32_t lowest_bit(uint64_t bits) {
#ifdef _MSC_VER
  const uint32_t half = uint32_t(bits);
  unsigned long place;
  _BitScanForward(&place, half != 0 ? half : uint32_t(bits >> 32));
  return half != 0 ? place : place + 32;
#else
  return uint32_t(__builtin_ctzll(bits));
#endif
}

inline void prefetch(const void* address) {
#ifdef __GNUC__
  __builtin_prefetch(address);
#else
  (void)address;
#endif
}

}  // namespace fp::text
