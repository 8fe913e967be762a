// Verifies a plan: its header, its lists of values, and its instructions in order.
#include "plan.h"

#include "kernels/kernels.h"
#include "verifier.h"

namespace fp {
namespace {

constexpr size_t header_words = 6;
constexpr int32_t ragged_since = 4;
constexpr Ends latest = Verifier::latest;
static_assert(latest.unary == int32_t(Unary::count) && latest.binary == int32_t(Binary::count) &&
              latest.reduce == int32_t(Reduce::count) && latest.metric == int32_t(Metric::count));

}  // namespace

Verdict Verifier::run() {
  if (!header()) return Verdict::invalid;
  if (!defined_.allocate(plan_.value_count) || !ragged_.allocate(plan_.value_count)) return Verdict::out_of_memory;
  return values() && instructions() && outputs() ? Verdict::valid : Verdict::invalid;
}

bool Verifier::header() {
  if (left() < header_words) return fail("the plan is shorter than its header");
  version_ = next();
  if (version_ < oldest_plan || version_ > plan_version) {
    return fail("the plan is of another version than " FP_PLAN_VERSIONS ", which this engine runs");
  }
  ends_ = ends_of_versions[version_ - oldest_plan];
  const int32_t precision = next();
  if (precision != int32_t(Precision::f32) && precision != int32_t(Precision::f64)) {
    return fail("the precision is unknown");
  }
  plan_.precision = Precision(precision);
  size_t* const counts[] = {&plan_.value_count, &plan_.input_count, &plan_.output_count, &plan_.instruction_count};
  for (size_t* count : counts) {
    const int32_t word = next();
    if (word < 0 || size_t(word) > from_.word_count) return fail("a count is negative or exceeds the plan");
    *count = size_t(word);
  }
  plan_.parameters = from_.parameters;
  plan_.parameter_count = from_.parameter_count;
  return true;
}

bool Verifier::values() {
  if (left() < plan_.value_count + plan_.input_count + plan_.output_count) {
    return fail("the plan ends inside its lists of values");
  }
  plan_.widths = from_.words + at_;
  for (size_t i = 0; i < plan_.value_count; i++) {
    if (next() < 1) return fail("a value has no elements");
  }
  plan_.inputs = from_.words + at_;
  for (size_t i = 0; i < plan_.input_count; i++) {
    const int32_t word = next();
    if (!define(port_value(word)) || (word < 0 && !is_wide(port_value(word)))) return false;
    ragged_[size_t(port_value(word))] = is_ragged_port(word);
    if (is_ragged_port(word) && version_ < ragged_since) return fail("ragged inputs are of a later version");
  }
  plan_.outputs = from_.words + at_;
  at_ += plan_.output_count;
  return true;
}

bool Verifier::instructions() {
  plan_.instructions = from_.words + at_;
  for (size_t i = 0; i < plan_.instruction_count; i++) {
    if (left() < 2) return fail("the plan ends inside an instruction");
    const int32_t opcode = next(), words = next();
    if (words < 2 || size_t(words) - 2 > left()) return fail("an instruction is longer than the plan");
    end_ = at_ + size_t(words) - 2;
    if (!is_of_version(opcode, &Ends::opcode)) return false;
    if (!instruction(Opcode(opcode))) return false;
    if (at_ != end_) return fail("an instruction has words left over");
  }
  return require(left() == 0, "words follow the last instruction");
}

bool Verifier::outputs() {
  for (size_t i = 0; i < plan_.output_count; i++) {
    const int32_t word = plan_.outputs[i];
    if (!is_defined(port_value(word))) return fail("an output is never defined");
    if (is_ragged_port(word) || ragged_[size_t(port_value(word))]) return fail("an output is ragged");
    if (word < 0 && !is_wide(port_value(word))) return false;
  }
  return true;
}

// The result must be new, and it is only defined after its operands have been checked. A requirement defines nothing.
bool Verifier::instruction(Opcode opcode) {
  if (opcode == Opcode::require_exact) {
    if (!has(1)) return false;
    const int32_t x = next();
    return used(x, -1) && (plan_.precision == Precision::f64 || is_wide(x));
  }
  if (!has(2)) return false;
  if (opcode == Opcode::require_finite) return used(next(), -1) && flag();
  const int32_t y = next();
  if (!is_value(y)) return fail("a value is out of range");
  if (!fields(opcode, width(y))) return false;
  return define(y);
}

Verdict verify(const Plan& from, VerifiedPlan& plan, PlanError& error) { return Verifier(from, plan, error).run(); }

}  // namespace fp
