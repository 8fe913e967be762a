// What the checks of a plan have in common. plan.cc verifies the plan as a whole, verify_steps.cc each instruction.
#pragma once

#include "arena.h"
#include "pack_reduced.h"
#include "plan.h"

namespace fp {

// Reads words in order and records the first error.
class Verifier {
 public:
  Verifier(const Plan& from, VerifiedPlan& plan, PlanError& error) : from_(from), plan_(plan), error_(error) {}

  static constexpr Ends latest = ends_of_versions[plan_version - oldest_plan];

  Verdict run();

 private:
  bool fail(const char* reason) {
    error_ = {reason, at_};
    return false;
  }
  bool require(bool condition, const char* reason) { return condition || fail(reason); }
  size_t left() const { return from_.word_count - at_; }
  int32_t next() { return from_.words[at_++]; }

  bool header();
  bool values();
  bool instructions();
  bool outputs();
  bool instruction(Opcode opcode);

  bool has(size_t words) { return require(end_ - at_ >= words, "an instruction is too short"); }

  bool is_value(int32_t value) const { return value >= 0 && size_t(value) < plan_.value_count; }
  bool is_defined(int32_t value) const { return is_value(value) && defined_[size_t(value)]; }
  int64_t width(int32_t value) const { return plan_.widths[value]; }

  bool define(int32_t value) {
    if (!is_value(value)) return fail("a value is out of range");
    if (defined_[size_t(value)]) return fail("a value is defined twice");
    defined_[size_t(value)] = true;
    return true;
  }

  bool is_parameter(int32_t index, int64_t count) const {
    return index >= 0 && size_t(index) < from_.parameter_count && from_.parameters[index].count == uint64_t(count) &&
           from_.parameters[index].data != nullptr;
  }
  bool parameter(int64_t count) {
    return require(is_parameter(next(), count * unit_), "a parameter array is not of the size used");
  }
  bool optional_parameter(int64_t count) {
    const int32_t index = next();
    return index == -1 || require(is_parameter(index, count * unit_), "a parameter array is not of the size used");
  }

  // A defined value of any width, or of the width `wanted` if that is positive.
  bool used(int32_t value, int64_t wanted) {
    if (!is_defined(value)) return fail("a value is used before it is defined");
    if (ragged_[size_t(value)]) return fail("ragged rows are used as a value");
    return require(wanted < 0 || width(value) == wanted * unit_, "a value is not of the width used");
  }
  // A value or a parameter array of that width.
  bool operand(int64_t wanted) {
    const int32_t word = next();
    if (word >= 0) return used(word, wanted);
    return require(is_parameter(-1 - word, wanted * unit_), "a constant operand is not of the width used");
  }
  bool in_range(int32_t word, int32_t count) { return require(word >= 0 && word < count, "a function is unknown"); }
  bool flag() { return in_range(next(), 2); }
  // A number that is valid in this version.
  bool numbered(int32_t Ends::*end) {
    const int32_t number = next();
    return in_range(number, latest.*end) && is_of_version(number, end);
  }
  bool is_of_version(int32_t number, int32_t Ends::*end) {
    return require(number < ends_.*end || number >= latest.*end, "an operation is of a later version than the plan");
  }

  bool is_wide(int32_t value) {
    return single() && require(width(value) % 2 == 0, "a value of doubles has half an element");
  }

  // x, repeat, K with repeat·K the width of x, or repeat quantised rows of K. Leaves K in inner_, repeat in repeat_.
  bool repeated(bool quantized = false) {
    const int32_t x = next();
    repeat_ = next();
    inner_ = next();
    if (repeat_ < 1 || inner_ < 1) return fail("a size is less than 1");
    return used(x, quantized ? quantized_rows() : repeat_ * inner_);
  }
  // The elements of the plan's precision that `repeat` quantised rows of K take.
  int64_t quantized_rows() const {
    const int64_t words = repeat_ * int64_t(quantized_width(size_t(inner_)));
    return plan_.precision == Precision::f32 ? words : (words + 1) / 2;
  }
  bool rows(int64_t y_width) {
    return repeated() && require(repeat_ * inner_ == y_width, "the result has another width");
  }

  bool of_bytes() { return require(plan_.precision == Precision::f64, "layers of bytes are only for f64"); }
  bool single() {
    return require(plan_.precision == Precision::f32, "reduced weights and values of doubles are only for f32");
  }

  // In verify_steps.cc.
  bool fields(Opcode opcode, int64_t y_width);
  bool wide(Opcode opcode, int64_t y_width);
  bool dense(int64_t y_width);
  bool quantize(int64_t y_width);
  bool static_dense(int64_t y_width);
  bool static_scale(int32_t index);
  bool byte_rows(int64_t y_width);
  bool byte_dense(int64_t y_width);
  bool reduce(int64_t y_width);
  bool gather(int64_t y_width);
  bool concat(int64_t y_width);
  bool embedding(int64_t y_width);
  bool one_hot(int64_t y_width);
  bool bag(int64_t y_width);
  bool couple(int64_t y_width);
  bool matmul(int64_t y_width);
  bool sort(int64_t y_width);
  bool distances(int64_t y_width);
  bool nearest(int64_t y_width);
  bool ragged(int32_t value);
  template <typename T>
  bool trees(int64_t y_width);

  // A parameter of any size.
  const Parameter* any_parameter(int32_t index) const {
    if (index < 0 || size_t(index) >= from_.parameter_count || from_.parameters[index].data == nullptr) return nullptr;
    return &from_.parameters[index];
  }

  const Plan& from_;
  VerifiedPlan& plan_;
  PlanError& error_;
  Array<bool> defined_, ragged_;
  int32_t version_ = 0;
  Ends ends_ = {};
  size_t at_ = 0, end_ = 0;
  int64_t unit_ = 1;  // elements of the plan's precision in one of the instruction's
  int64_t repeat_ = 0, inner_ = 0;
};

}  // namespace fp
