// The network of one precision: the steps of a plan, and the places of their values during a run.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arena.h"
#include "kernels/kernels.h"
#include "pack.h"
#include "plan.h"
#include "pool.h"
#include "trees.h"

namespace fp {

// The element types of the caller's buffers, which are converted to and from the model's precision if they differ.
enum class Element : int32_t { f32, f64, i8, u8, i16, u16, i32, u32, i64, u64 };

struct Input {
  const void* data;  // of a ragged input the ids of all pairs: i32, u32 or i64
  Element element;
  // Only for a ragged input. The pairs of row r are those from offsets[r] to before offsets[r + 1].
  const int32_t* offsets = nullptr;
  const void* weights = nullptr;          // null where all are 1
  Element weight_element = Element::f32;  // or f64
  size_t pairs = 0;
  bool all = true;  // whether the rows have all of them
};
struct Output {
  void* data;
  Element element;  // integers take the integer part, saturating; NaN becomes 0
};

enum class Outcome {
  ok,
  bad_id,      // an id that is not an integer within its table
  not_finite,  // an infinity or NaN where the plan requires finite numbers
  not_exact,   // an integer that is not exact as a double, where the plan requires it
  bad_offset,  // offsets of a ragged input that are not in order, or out of range
  bad_pair,    // like bad_id, for a pair
};

// Where a run stopped. For bad_pair, `instruction` is the input and `element` the row's pair; for bad_offset, `row` is
// the offset, and the valid range is from `element` to `limit`.
struct RunError {
  size_t instruction;  // its place in the plan
  size_t row;          // of the batch
  size_t element;      // of the row that the instruction reads
  double value;        // found there
  size_t limit;        // the number of ids; 0 if it was no id
};

// One instruction, with its parameters packed and its operands found. Operands are indices into `base`: values first,
// then constants, which repeat the same row.
template <typename T>
struct Step {
  Opcode opcode;
  int32_t function;      // of the opcode's kind, or its flag
  int32_t y, a, b, c;    // y is a if the instruction defines nothing
  size_t width;          // of y
  size_t repeat, inner;  // rows within a row, and elements of one
  size_t columns;        // of a product, or the elements selected by a sort
  bool wide;             // of doubles: width and inner count these, and so do operands and parameters
  const T* p[3];         // parameters, in the order of the plan's words
  DenseLayer<T> dense;
  size_t spread;  // stride of a copy of x that tiles read faster; 0 if there is no copy
  void (*run_dense)(const DenseLayer<T>& layer, const T* x, T* y, size_t rows, size_t first, size_t end);
  const int32_t* list;  // columns of a gather, operands of a concat
  size_t list_count;
  Trees<T> trees;
  Points<T> points;
  // Of a layer of bytes. `function` is 1 for one whose results only the next step uses, as bytes, and for that step; 2
  // for bytes of an input that the next step can read itself.
  Narrowing narrowing;
  bool is_dots;           // a layer of very few outputs: see ByteDots
  int32_t input, output;  // the input that the bytes come from, the output that they are for; −1 for none
};

// The number of rows of a layer of bytes that are scaled as one, with repeated biases and factors, to fill vectors.
constexpr size_t scaled_together(size_t columns) { return columns < 32 ? 32 / columns : 1; }

// The result of creating a network.
enum class Creation { done, out_of_memory, too_large, row_too_large };

// The memory that a network may use: for its packed weights, and for the values of one row.
struct MostBytes {
  size_t packed, of_row;
};

// Threads that may divide the columns of a wide layer if there are few rows.
struct Help {
  Pool* pool = nullptr;  // null for none
  size_t threads = 1;
};

constexpr size_t whole_lines(size_t bytes) {
  return (bytes + cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes;
}

// Immutable after create(): any number of threads may run it, each with its own table and values.
template <typename T>
class Network {
 public:
  // Copies everything it needs out of the plan. Parameters that instructions share are packed once. It is too large if
  // it takes more than `most`; no more than that is allocated.
  [[nodiscard]] Creation create(const VerifiedPlan& plan, const Kernels<T>& kernels, const Kernels<double>& wide,
                                const Int8Kernels& int8, const TreeKernels& trees, const MostBytes& most);

  size_t packed_bytes() const { return arena_.bytes(); }

  // A run needs room for values, which may be reused for other networks, and a table of places, prepared once for that
  // room. Both are aligned to cache lines and have a multiple of their size.
  size_t table_bytes() const;
  size_t values_bytes() const;
  void prepare(void* table, void* values) const;

  // Runs `rows` rows from `first` on, a block at a time through all steps. Buffers hold all rows of the batch; no
  // output overlaps another buffer. `error.row` counts within the batch.
  Outcome run(void* table, const Input* inputs, const Output* outputs, size_t first, size_t rows, RunError& error,
              Help help = {}) const;

  // The multiply-adds of one row, or the number that takes as long.
  size_t row_cost() const { return row_cost_; }
  // The same for one pair.
  size_t pair_cost() const { return pair_cost_; }

 private:
  class Builder;
  // How the caller's buffer for an input or output is used.
  struct Port {
    int32_t value;
    bool wide;  // doubles, in a network of floats
    bool ragged;
    int32_t checked;  // the instruction that requires the input's integers to be exact; −1 for none
    bool bytes;       // only used as bytes
    double center;    // of these bytes
    // The layer of bytes that can write an output as bytes; null for none.
    const Step<T>* layer;
  };

  Outcome run_block(T* const* base, const Input* inputs, const Output* outputs, size_t first, size_t rows,
                    RunError& error, Help help) const;
  bool run_ragged(const Step<T>& step, const Input& input, T* y, size_t first, size_t rows, RunError& error) const;
  void run_bytes(const Step<T>& step, T* const* base, const Input* inputs, size_t rows) const;
  void run_byte_dense(const Step<T>& step, T* const* base, const Input* inputs, const Output* outputs, size_t first,
                      size_t rows) const;
  void multiply_bytes(const Step<T>& step, T* const* base, const Input* inputs, size_t row, size_t count,
                      float* sums) const;
  void narrow(const Step<T>& layer, const float* sums, float* y, size_t rows, size_t N) const;
  void narrow_exactly(const Step<T>& layer, const float* sums, float* y, size_t column, size_t count) const;
  void run_wide(const Step<T>& step, T* const* base, size_t rows) const;
  Outcome check_input(const Port& port, const Input& input, size_t first, size_t rows, RunError& error) const;
  void run_dense(const Step<T>& step, const DenseLayer<T>& layer, const T* x, T* y, size_t rows, Help help) const;
  void run_spread(const Step<T>& step, const T* x, T* y, size_t rows, T* const* base, Help help) const;
  // The stride between rows of an operand; 0 for constants.
  size_t stride(int32_t operand) const { return size_t(operand) < widths_.size() ? widths_[size_t(operand)] : 0; }
  bool is_input(int32_t value) const {
    for (const Port& input : inputs_) {
      if (input.value == value) return true;
    }
    return false;
  }

  const Kernels<T>* kernels_ = nullptr;
  const Kernels<double>* wide_ = nullptr;
  const Int8Kernels* int8_ = nullptr;
  TreeKernels trees_ = {};
  Arena<T> arena_;
  Array<int32_t> lists_;
  Array<Step<T>> steps_;
  Array<size_t> widths_;       // of each value
  Array<size_t> places_;       // of each value in scratch: the elements of one row before it
  Array<const T*> constants_;  // in the arena
  Array<Port> inputs_, outputs_;
  size_t row_elements_ = 0;     // of scratch
  size_t spread_elements_ = 0;  // of scratch behind them, for copies of what dense layers read
  size_t block_rows_ = 1;
  size_t row_cost_ = 0, pair_cost_ = 0;
};

}  // namespace fp
