// From ASCII texts to sparse rows: the steps of a program of terms (lib/graph/terms.ts), in the form that
// lib/text/scanning.ts writes. Each weight has the same bits as in lib/text/term-reader.ts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../arena.h"
#include "../plan_numbers.h"
#include "analysis.h"

namespace fp::text {

// lib/text/scanning.ts has the same lists; that of norms is in plan_numbers.h.
enum class Op : int32_t { count, hash, map, above, scale, norm, select, join };
enum class Map : int32_t { sublinear, abs, sign, sqrt, square, float32, keep_zeros };

struct Step {
  Op op = Op::count;
  int32_t kind = 0;  // a Unit, a Map or a Norm
  bool binary = false, single = false, is_signed = false, divides = false;
  uint32_t width = 0, of_count = 0, number_count = 0;
  const int32_t* of = nullptr;      // earlier steps
  const double* numbers = nullptr;  // factors; for sublinear, the result of each count below their number; a threshold
  const int32_t* places = nullptr;  // by previous id: the new id, or −1
  Analysis analysis;
  Terms terms;

  bool reads() const { return op == Op::count || op == Op::hash; }
};

// The working memory of one thread.
struct Scratch {
  Array<Row> rows;
  Array<Tally> tallies;
  Array<uint32_t> edges;
  Array<uint8_t> copy;  // a copy of a text that several steps read

  ~Scratch();
};

class Scanner {
 public:
  using Made = Terms::Made;
  // `unread` is a text that another reader must handle.
  enum class Status { ok, unread, no_memory };

  ~Scanner();
  // `words` in the form that lib/text/scanning.ts writes; refused if too many terms collide.
  Made create(const int32_t* words, size_t word_count, const uint8_t* bytes, size_t byte_count, const double* numbers,
              size_t number_count);
  [[nodiscard]] bool prepare(Scratch& scratch) const;
  // Reads the row of one text into the last of the rows. Overwrites the text: see `behind`.
  Status read(uint8_t* text, size_t length, Scratch& scratch) const;

 private:
  Status count(const Step& step, uint8_t* text, size_t length, Tally& tally, Row& row, Scratch& scratch) const;
  Status weigh(const Step& step, Row& row, Scratch& scratch) const;

  Array<Step> steps_;
  // The data that steps point to.
  Array<int32_t> words_;
  Array<double> numbers_;
  // The number of steps that read the text.
  size_t readers_ = 0;
};

}  // namespace fp::text
