// A loaded model: the network of either precision behind one interface.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arena.h"
#include "kernels/kernels.h"
#include "network.h"
#include "plan.h"
#include "pool.h"

namespace fp {

// Immutable after create(); see Network for what may be shared between threads.
class Engine {
 public:
  enum class Status { ok, invalid_plan, out_of_memory, too_large, row_too_large };
  // The limit if there is no other: sizes computed from it still fit a size_t.
  static constexpr size_t any_bytes = SIZE_MAX / 2;

  // Copies everything it needs out of the plan; `error` says why a plan was rejected. Neither limit in `most` exceeds
  // any_bytes.
  [[nodiscard]] Status create(const Plan& plan, const InstructionSet& set, PlanError& error,
                              const MostBytes& most = {any_bytes, any_bytes});

  Precision precision() const { return precision_; }
  const char* isa() const { return isa_; }

  // The number of elements of one row of each input and output.
  const Array<size_t>& input_widths() const { return input_widths_; }
  const Array<size_t>& output_widths() const { return output_widths_; }
  // Whether an input is ragged; its width is then the number of ids.
  bool is_ragged(size_t input) const { return ragged_[input]; }

  // The size of the packed weights and tables.
  size_t packed_bytes() const { return single() ? f32_.packed_bytes() : f64_.packed_bytes(); }

  // The memory that one run at a time on up to `threads` threads needs: see Network. prepare() sets where the values
  // are. SIZE_MAX, which cannot be allocated, if it does not fit a size_t.
  size_t table_bytes(size_t threads) const { return times(threads, table_bytes()); }
  size_t values_bytes(size_t threads) const { return times(threads, values_bytes()); }
  void prepare(void* table, void* values, size_t threads) const;

  // Runs `rows` rows, on up to `threads` threads if that is faster; `pool` may be null for one thread. Results do not
  // depend on it. Buffers hold rows × width elements; no output overlaps another buffer.
  Outcome run(void* table, const Input* inputs, const Output* outputs, size_t rows, RunError& error, size_t threads = 1,
              Pool* pool = nullptr) const;

 private:
  struct Split;

  // Checks the offsets of all ragged inputs and counts their pairs.
  Outcome check_offsets(const Input* inputs, size_t rows, size_t& pairs, RunError& error) const;

  static size_t times(size_t threads, size_t bytes) {
    return bytes > 0 && threads > SIZE_MAX / bytes ? SIZE_MAX : threads * bytes;
  }
  size_t table_bytes() const { return single() ? f32_.table_bytes() : f64_.table_bytes(); }
  size_t values_bytes() const { return single() ? f32_.values_bytes() : f64_.values_bytes(); }
  Outcome run_rows(void* table, const Input* inputs, const Output* outputs, size_t first, size_t rows, RunError& error,
                   Help help = {}) const {
    return single() ? f32_.run(table, inputs, outputs, first, rows, error, help)
                    : f64_.run(table, inputs, outputs, first, rows, error, help);
  }
  bool single() const { return precision_ == Precision::f32; }

  Precision precision_ = Precision::f32;
  const char* isa_ = "";
  Array<size_t> input_widths_, output_widths_;
  Array<bool> ragged_;
  Network<float> f32_;
  Network<double> f64_;
};

}  // namespace fp
