#include "analysis.h"

namespace fp::text {
namespace {

// MurmurHash3 with 32 bits and the seed 0.
int32_t murmur(const uint8_t* bytes, size_t length) {
  const auto turned = [](uint32_t x, int by) { return x << by | x >> (32 - by); };
  const auto mixed = [&](uint32_t block) { return turned(block * 0xcc9e2d51, 15) * 0x1b873593; };
  uint32_t hash = 0;
  size_t at = 0;
  for (; at + 4 <= length; at += 4) hash = turned(hash ^ mixed(load32(bytes + at)), 13) * 5 + 0xe6546b64;
  if (at < length) hash ^= mixed(load32(bytes + at) & ((1u << 8 * (length - at)) - 1));
  hash ^= uint32_t(length);
  hash = (hash ^ hash >> 16) * 0x85ebca6b;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35;
  return int32_t(hash ^ hash >> 16);
}

}  // namespace

void Counting::add_hash(const uint8_t* term, size_t length) {
  const int32_t hash = murmur(term, length);
  // −2^31 has no positive counterpart.
  const uint32_t id =
      hash == INT32_MIN ? (uint32_t(INT32_MAX) - (size - 1)) % size : uint32_t(hash < 0 ? -hash : hash) % size;
  tally->add(id, is_signed && hash < 0 ? -1 : 1);
}

}  // namespace fp::text
