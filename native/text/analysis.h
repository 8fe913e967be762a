// From an ASCII text to its terms: the same as lib/text/analyzer.ts does for all texts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../arena.h"
#include "tally.h"
#include "terms.h"

namespace fp::text {

// A text has one byte before it and this many bytes after it, of which the first `zeros` are 0.
constexpr size_t zeros = 64, behind = 2 * zeros + slack;

enum class Unit : int32_t { word, character, within_words };

// What happens to the terms of a text: known terms are counted, or all terms are hashed.
struct Counting {
  const Terms* known = nullptr;
  Tally* tally = nullptr;
  uint32_t size = 1;  // the number of hashes
  bool is_signed = false;
  // The bytes that may still be hashed, counted for each term that contains them.
  size_t left = 1 << 26;

  void add_hash(const uint8_t* term, size_t length);
};

class Analysis {
 public:
  Unit unit = Unit::word;
  bool lowercase = false;
  // Words are runs of at least this many letters.
  uint32_t run = 1;
  // The number of units of a term.
  uint32_t least = 1, most = 1;
  // Words that are ignored.
  Terms stop_words;

  enum class Status { ok, spent, no_memory };
  // Counts the terms. Overwrites the text; words are noted in `edges`.
  Status count(uint8_t* text, size_t length, Array<uint32_t>& edges, Counting& counting) const;

 private:
  bool have_edges(const uint8_t* text, size_t length, Array<uint32_t>& edges) const;
  size_t split(uint8_t* text, size_t length, uint32_t* edges) const;
  size_t without(const uint8_t* text, uint32_t* edges, size_t words) const;
};

}  // namespace fp::text
