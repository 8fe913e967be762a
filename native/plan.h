// The plan: the flat program from TypeScript. lib/graph/plan-format.ts describes it word by word;
// test/graph/plan-format.test.ts checks that the two are equal. Its opcodes and versions are in plan_numbers.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "plan_numbers.h"

namespace fp {

// Added to the value of an input whose rows are pairs of an id and a weight.
constexpr int32_t ragged_port = 1 << 30;

enum class Precision : int32_t { f32 = 0, f64 = 1 };

// A parameter array of the plan: elements of the plan's precision, owned by the caller.
struct Parameter {
  const void* data;
  size_t count;
};

// An unverified plan.
struct Plan {
  const int32_t* words;
  size_t word_count;
  const Parameter* parameters;
  size_t parameter_count;
};

// Why a plan was rejected, and at which word.
struct PlanError {
  const char* reason;
  size_t word;
};

// A plan in which verify() has checked every index, width and length.
struct VerifiedPlan {
  Precision precision;
  size_t value_count, input_count, output_count, instruction_count;
  const int32_t* widths;        // of each value: elements of one row, at least 1
  const int32_t* inputs;        // values; −1 − value where it is wide, ragged_port + value where it is ragged
  const int32_t* outputs;       // as inputs
  const int32_t* instructions;  // [opcode, words, fields …] one after another
  const Parameter* parameters;
  size_t parameter_count;
};

// A value of doubles in an f32 plan takes two elements for each. The value in the word of a port:
constexpr int32_t port_value(int32_t word) { return word >= 0 ? word & ~ragged_port : -1 - word; }
constexpr bool is_ragged_port(int32_t word) { return word >= ragged_port; }
constexpr size_t port_width(int32_t word, const int32_t* widths) {
  return size_t(widths[port_value(word)]) / (word >= 0 ? 1 : 2);
}

enum class Verdict { valid, invalid, out_of_memory };

// Fills `plan` when valid, `error` when invalid. Reads nothing outside of the words, and of parameters only the scales
// of int8 inputs.
Verdict verify(const Plan& from, VerifiedPlan& plan, PlanError& error);

}  // namespace fp
