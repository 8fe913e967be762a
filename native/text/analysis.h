// From a text of ASCII to its terms: what lib/text/analyzer.ts does with any.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../arena.h"
#include "tally.h"
#include "terms.h"

namespace fp::text {

// Around a text there is one byte before it, and so many behind it, of which the first `zeros` are 0.
constexpr size_t zeros = 64, behind = 2 * zeros + slack;

enum class Unit : int32_t { word, character, within_words };

// What is done with a text's terms: those that are known are counted, or all are hashed.
struct Counting {
  const Terms* known = nullptr;
  Tally* tally = nullptr;
  uint32_t size = 1;  // of hashes
  bool is_signed = false;
  // Bytes that may be hashed: each as often as a term has it.
  size_t left = 1 << 26;

  void add_hash(const uint8_t* term, size_t length);
};

class Analysis {
 public:
  Unit unit = Unit::word;
  bool lowercase = false;
  // Words are runs of so many letters at the least.
  uint32_t run = 1;
  // How many units a term has.
  uint32_t least = 1, most = 1;
  // Words that are left out.
  Terms stop_words;

  enum class Status { ok, spent, no_memory };
  // Counts the terms. The text is written over; `edges` is where words are noted.
  Status count(uint8_t* text, size_t length, Array<uint32_t>& edges, Counting& counting) const;

 private:
  bool have_edges(const uint8_t* text, size_t length, Array<uint32_t>& edges) const;
  size_t split(uint8_t* text, size_t length, uint32_t* edges) const;
  size_t without(const uint8_t* text, uint32_t* edges, size_t words) const;
};

}  // namespace fp::text
