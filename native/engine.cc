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

// Rows shared out among threads: each takes the next part until none is left.
struct Engine::Split {
  const Engine& engine;
  char* tables;
  const Input* inputs;
  const Output* outputs;
  size_t rows, part_rows;
  RunError& error;
  std::atomic<size_t> next_part{0};
  // Of the parts that failed, the first; its error is the one that a single thread would have reported.
  std::atomic<size_t> failed_part{SIZE_MAX};
  Outcome outcome = Outcome::ok;  // of that part
  std::atomic<bool> writing{false};

  static void work(void* context, size_t worker) {
    Split& split = *static_cast<Split*>(context);
    void* const table = split.tables + worker * split.engine.table_bytes();
    for (;;) {
      const size_t part = split.next_part.fetch_add(1);
      const size_t first = part * split.part_rows;
      if (first >= split.rows || part > split.failed_part) return;
      const size_t count = split.rows - first < split.part_rows ? split.rows - first : split.part_rows;
      RunError error;
      const Outcome outcome = split.engine.run_rows(table, split.inputs, split.outputs, first, count, error);
      if (outcome != Outcome::ok) split.fail(part, outcome, error);
    }
  }

  void fail(size_t part, Outcome how, const RunError& found) {
    while (writing.exchange(true)) continue;  // a few words are being written
    if (part < failed_part) {
      failed_part = part;
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
  // Waking a thread takes tens of microseconds on some machines: less than this many multiply-adds for it do not pay.
  constexpr size_t least_cost = 8 << 20;
  const size_t cost_of_pairs = pairs * (single() ? f32_.pair_cost() : f64_.pair_cost());
  const size_t row_cost = (single() ? f32_.row_cost() : f64_.row_cost()) + 1 + cost_of_pairs / rows;
  if (row_cost * rows < 2 * least_cost) return run_rows(table, inputs, outputs, 0, rows, error);
  const size_t worthwhile = rows / (least_cost / row_cost + 1);
  // A thread with few rows spends its time reading weights: then each reads a part of them instead.
  constexpr size_t few_rows = 16;
  if (rows < few_rows * threads) return run_rows(table, inputs, outputs, 0, rows, error, {pool, threads});
  if (worthwhile < threads) threads = worthwhile;
  if (threads <= 1) return run_rows(table, inputs, outputs, 0, rows, error);

  // Parts of a multiple of the tallest tile, a few for each thread, so that one that is held up costs little.
  constexpr size_t parts_of_thread = 4, row_multiple = 48;
  size_t part_rows = rows / (threads * parts_of_thread) / row_multiple * row_multiple;
  if (part_rows == 0) part_rows = (rows + threads - 1) / threads;
  Split split{*this, static_cast<char*>(table), inputs, outputs, rows, part_rows, error};
  pool->run(threads, Split::work, &split);
  return split.outcome;
}

}  // namespace fp
