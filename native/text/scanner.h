// From texts of ASCII to sparse rows: the steps of a program of terms (lib/graph/terms.ts), as lib/text/scanning.ts
// writes them down. Each weight is computed as lib/text/term-reader.ts computes it, to the bit.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../arena.h"
#include "../plan_numbers.h"
#include "analysis.h"

namespace fp::text {

// lib/text/scanning.ts holds the same lists; that of norms is in plan_numbers.h.
enum class Op : int32_t { count, hash, map, above, scale, norm, select, join };
enum class Map : int32_t { sublinear, abs, sign, sqrt, square, float32, keep_zeros };

struct Step {
  Op op = Op::count;
  int32_t kind = 0;  // a Unit, a Map or a Norm
  bool binary = false, single = false, is_signed = false, divides = false;
  uint32_t width = 0, of_count = 0, number_count = 0;
  const int32_t* of = nullptr;      // steps before
  const double* numbers = nullptr;  // factors; of sublinear what each number below their count gives; a threshold
  const int32_t* places = nullptr;  // by id before, where it is selected to, or −1
  Analysis analysis;
  Terms terms;

  bool reads() const { return op == Op::count || op == Op::hash; }
};

// What one thread reads with.
struct Scratch {
  Array<Row> rows;
  Array<Tally> tallies;
  Array<uint32_t> edges;
  Array<uint8_t> copy;  // of a text that several steps read

  ~Scratch();
};

class Scanner {
 public:
  using Made = Terms::Made;
  // `unread` is a text of which others have to decide.
  enum class Status { ok, unread, no_memory };

  ~Scanner();
  // `words` as lib/text/scanning.ts writes them; refused where terms are too much alike.
  Made create(const int32_t* words, size_t word_count, const uint8_t* bytes, size_t byte_count, const double* numbers,
              size_t number_count);
  [[nodiscard]] bool prepare(Scratch& scratch) const;
  // The row of one text, in the last of the rows. The text is written over: see `behind`.
  Status read(uint8_t* text, size_t length, Scratch& scratch) const;

 private:
  Status count(const Step& step, uint8_t* text, size_t length, Tally& tally, Row& row, Scratch& scratch) const;
  Status weigh(const Step& step, Row& row, Scratch& scratch) const;

  Array<Step> steps_;
  // What steps point to.
  Array<int32_t> words_;
  Array<double> numbers_;
  // How many steps read the text.
  size_t readers_ = 0;
};

}  // namespace fp::text
