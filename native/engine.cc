#include "engine.h"

#include <atomic>

#include "kernels/registry.h"

namespace fp {
namespace {

bool copy_widths(const int32_t* ports, size_t count, const int32_t* widths, Array<size_t>& to) {
  if (!to.allocate(count)) return false;
  for (size_t i = 0; i < count; i++) to[i] = port_width(ports[i], widths);
  return true;
}

}  // namespace

Engine::Status Engine::create(const Plan& plan, const InstructionSet& set, PlanError& error, const MostBytes& most) {
  VerifiedPlan verified;
  const Verdict verdict = verify(plan, verified, error);
  if (verdict == Verdict::invalid) return Status::invalid_plan;
  if (verdict == Verdict::out_of_memory) return Status::out_of_memory;

  precision_ = verified.precision;
  isa_ = set.name;
  if (!copy_widths(verified.inputs, verified.input_count, verified.widths, input_widths_) ||
      !copy_widths(verified.outputs, verified.output_count, verified.widths, output_widths_) ||
      !ragged_.allocate(verified.input_count)) {
    return Status::out_of_memory;
  }
  for (size_t i = 0; i < ragged_.size(); i++) ragged_[i] = is_ragged_port(verified.inputs[i]);
  switch (single() ? f32_.create(verified, set.f32, set.f64, best_int8(set), best_trees(set), most)
                   : f64_.create(verified, set.f64, set.f64, best_int8(set), best_trees(set), most)) {
    case Creation::done:
      return Status::ok;
    case Creation::too_large:
      return Status::too_large;
    case Creation::row_too_large:
      return Status::row_too_large;
    case Creation::out_of_memory:
      break;
  }
  return Status::out_of_memory;
}

void Engine::prepare(void* table, void* values, size_t threads) const {
  for (size_t i = 0; i < threads; i++) {
    void* const table_of_thread = static_cast<char*>(table) + i * table_bytes();
    void* const values_of_thread = static_cast<char*>(values) + i * values_bytes();
    single() ? f32_.prepare(table_of_thread, values_of_thread) : f64_.prepare(table_of_thread, values_of_thread);
  }
}

// Rows divided among threads: each takes the next part until none is left. Parts become smaller towards the end, so
// that all threads end at about the same time, even if one was delayed.
struct Engine::Split {
  static constexpr size_t tile_rows = 48;  // a multiple of the heights of all tiles

  const Engine& engine;
  char* tables;
  const Input* inputs;
  const Output* outputs;
  size_t rows, threads, least_rows;
  RunError& error;
  std::atomic<size_t> next_row{0};
  // The first row of the first part that failed; its error is the one that a single thread would have reported.
  std::atomic<size_t> failed_row{SIZE_MAX};
  Outcome outcome = Outcome::ok;  // of that part
  std::atomic<bool> writing{false};

  static void work(void* context, size_t worker) {
    Split& split = *static_cast<Split*>(context);
    void* const table = split.tables + worker * split.engine.table_bytes();
    size_t first = 0;
    for (size_t count = split.take(first); count > 0; count = split.take(first)) {
      RunError error;
      const Outcome outcome = split.engine.run_rows(table, split.inputs, split.outputs, first, count, error);
      if (outcome != Outcome::ok) split.fail(first, outcome, error);
    }
  }

  // The next part: the number of rows, and the first row. None if there are no more parts, or none that could still
  // matter.
  size_t take(size_t& first) {
    first = next_row;
    for (;;) {
      if (first >= rows || first > failed_row) return 0;
      const size_t left = rows - first;
      size_t count = left / (2 * threads) / tile_rows * tile_rows;
      if (count < least_rows) count = least_rows;
      if (count > left) count = left;
      if (next_row.compare_exchange_weak(first, first + count)) return count;
    }
  }

  void fail(size_t row, Outcome how, const RunError& found) {
    while (writing.exchange(true)) continue;  // a few words are being written
    if (row < failed_row) {
      failed_row = row;
      outcome = how;
      error = found;
    }
    writing = false;
  }
};

Outcome Engine::check_offsets(const Input* inputs, size_t rows, size_t& pairs, RunError& error) const {
  for (size_t i = 0; i < ragged_.size(); i++) {
    if (!ragged_[i]) continue;
    const Input& input = inputs[i];
    int64_t least = 0, most = 0;
    for (size_t r = 0; r <= rows; r++) {
      if (r > 0) most = int64_t(input.pairs);
      if (r == rows && input.all) least = most = int64_t(input.pairs);
      const int64_t found = input.offsets[r];
      if (found < least || found > most) {
        error = {i, r, size_t(least), double(found), size_t(most)};
        return Outcome::bad_offset;
      }
      least = found;
    }
    pairs += size_t(least);
  }
  return Outcome::ok;
}

Outcome Engine::run(void* table, const Input* inputs, const Output* outputs, size_t rows, RunError& error,
                    size_t threads, Pool* pool) const {
  size_t pairs = 0;
  const Outcome outcome = check_offsets(inputs, rows, pairs, error);
  if (outcome != Outcome::ok) return outcome;
  if (threads <= 1 || pool == nullptr || rows == 0) return run_rows(table, inputs, outputs, 0, rows, error);
  // Waking a thread takes tens of microseconds on some machines: it does not pay for fewer multiply-adds than this.
  constexpr size_t least_cost = 8 << 20;
  const size_t cost_of_pairs = pairs * (single() ? f32_.pair_cost() : f64_.pair_cost());
  const size_t row_cost = (single() ? f32_.row_cost() : f64_.row_cost()) + 1 + cost_of_pairs / rows;
  if (row_cost * rows < 2 * least_cost) return run_rows(table, inputs, outputs, 0, rows, error);
  const size_t worthwhile = rows / (least_cost / row_cost + 1);
  // A thread with few rows would spend its time reading weights: then each thread reads a part of the weights instead.
  constexpr size_t few_rows = 16;
  if (rows < few_rows * threads) return run_rows(table, inputs, outputs, 0, rows, error, {pool, threads});
  if (worthwhile < threads) threads = worthwhile;
  if (threads <= 1) return run_rows(table, inputs, outputs, 0, rows, error);

  // Few rows are divided into equal shares: cutting tiles would cost more than waiting.
  constexpr size_t least_tiles = 4;
  const size_t share = (rows + threads - 1) / threads;
  const size_t least_rows = share < least_tiles * Split::tile_rows ? share : Split::tile_rows;
  Split split{*this, static_cast<char*>(table), inputs, outputs, rows, threads, least_rows, error};
  pool->run(threads, Split::work, &split);
  return split.outcome;
}

}  // namespace fp
