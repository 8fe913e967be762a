#include "plan.h"

#include "arena.h"
#include "couple.h"
#include "kernels/kernels.h"
#include "pack.h"
#include "pack_reduced.h"
#include "sort.h"
#include "tree_packer.h"

namespace fp {
namespace {

constexpr size_t header_words = 6;
constexpr int64_t operand_limit = INT32_MAX;
constexpr int32_t ragged_since = 4;
constexpr Ends latest = ends_of_versions[plan_version - oldest_plan];
static_assert(latest.unary == int32_t(Unary::count) && latest.binary == int32_t(Binary::count) &&
              latest.reduce == int32_t(Reduce::count) && latest.metric == int32_t(Metric::count));

// Reads words in order and remembers the first thing that is wrong.
class Verifier {
 public:
  Verifier(const Plan& from, VerifiedPlan& plan, PlanError& error) : from_(from), plan_(plan), error_(error) {}

  Verdict run() {
    if (!header()) return Verdict::invalid;
    if (!defined_.allocate(plan_.value_count) || !ragged_.allocate(plan_.value_count)) return Verdict::out_of_memory;
    return values() && instructions() && outputs() ? Verdict::valid : Verdict::invalid;
  }

 private:
  bool fail(const char* reason) {
    error_ = {reason, at_};
    return false;
  }
  bool require(bool condition, const char* reason) { return condition || fail(reason); }
  size_t left() const { return from_.word_count - at_; }
  int32_t next() { return from_.words[at_++]; }

  bool header() {
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

  bool values() {
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

  bool instructions() {
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

  bool outputs() {
    for (size_t i = 0; i < plan_.output_count; i++) {
      const int32_t word = plan_.outputs[i];
      if (!is_defined(port_value(word))) return fail("an output is never defined");
      if (is_ragged_port(word) || ragged_[size_t(port_value(word))]) return fail("an output is ragged");
      if (word < 0 && !is_wide(port_value(word))) return false;
    }
    return true;
  }

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

  // A defined value of some width, or (where `wanted` is positive) of that width.
  bool used(int32_t value, int64_t wanted) {
    if (!is_defined(value)) return fail("a value is used before it is defined");
    if (ragged_[size_t(value)]) return fail("ragged rows are used as a value");
    return require(wanted < 0 || width(value) == wanted * unit_, "a value is not of the width used");
  }
  // A value or a parameter array as wide.
  bool operand(int64_t wanted) {
    const int32_t word = next();
    if (word >= 0) return used(word, wanted);
    return require(is_parameter(-1 - word, wanted * unit_), "a constant operand is not of the width used");
  }
  bool in_range(int32_t word, int32_t count) { return require(word >= 0 && word < count, "a function is unknown"); }
  bool flag() { return in_range(next(), 2); }
  // What is called by a number that this version has.
  bool numbered(int32_t Ends::*end) {
    const int32_t number = next();
    return in_range(number, latest.*end) && is_of_version(number, end);
  }
  bool is_of_version(int32_t number, int32_t Ends::*end) {
    return require(number < ends_.*end || number >= latest.*end, "an operation is of a later version than the plan");
  }

  // The result must be new and is defined only once its operands have been checked. A requirement defines nothing.
  bool instruction(Opcode opcode) {
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

  bool fields(Opcode opcode, int64_t y_width) {
    switch (opcode) {
      case Opcode::dense:
        return dense(y_width);
      case Opcode::unary:
        return has(3) && used(next(), y_width) && numbered(&Ends::unary) && optional_parameter(2);
      case Opcode::binary:
        return has(3) && operand(y_width) && operand(y_width) && numbered(&Ends::binary);
      case Opcode::affine:
        return has(3) && used(next(), y_width) && parameter(y_width) && parameter(y_width);
      case Opcode::select:
        return has(3) && operand(y_width) && operand(y_width) && operand(y_width);
      case Opcode::softmax:
        return has(4) && rows(y_width) && numbered(&Ends::softmax);
      case Opcode::norm:
        return has(7) && rows(y_width) && flag() && parameter(1) && optional_parameter(inner_) &&
               optional_parameter(inner_);
      case Opcode::normalize:
        return has(5) && rows(y_width) && numbered(&Ends::norm) && parameter(2);
      case Opcode::reduce:
        return has(4) && reduce(y_width);
      case Opcode::gather:
        return gather(y_width);
      case Opcode::concat:
        return concat(y_width);
      case Opcode::embedding:
        return has(5) && embedding(y_width);
      case Opcode::one_hot:
        return has(4) && one_hot(y_width);
      case Opcode::quantize:
        return has(3) && quantize(y_width);
      case Opcode::couple:
        return has(2) && couple(y_width);
      case Opcode::matmul:
        return has(7) && matmul(y_width);
      case Opcode::sort:
        return has(6) && sort(y_width);
      case Opcode::distances:
        return has(5) && distances(y_width);
      case Opcode::nearest:
        return has(4) && nearest(y_width);
      case Opcode::trees:
        return has(7) && (plan_.precision == Precision::f64 ? trees<double>(y_width) : trees<float>(y_width));
      case Opcode::wide:
        return has(1) && wide(Opcode(next()), y_width);
      case Opcode::widen:
        return single() && require(y_width % 2 == 0, "a value of doubles has half an element") &&
               used(next(), y_width / 2);
      case Opcode::narrow:
        return single() && used(next(), y_width * 2);
      case Opcode::bag:
        return has(4) && bag(y_width);
      case Opcode::scatter:
        return ragged(next()) && require(width(from_.words[at_ - 1]) == y_width, "the result has another width");
      case Opcode::bytes:
        return has(4) && byte_rows(y_width);
      case Opcode::byte_dense:
        return has(9) && byte_dense(y_width);
      case Opcode::require_finite:
      case Opcode::require_exact:
        break;
    }
    return fail("an opcode is unknown");
  }

  // Widths and parameters are counted in doubles.
  bool wide(Opcode opcode, int64_t y_width) {
    if (!single() || !require(y_width % 2 == 0, "a value of doubles has half an element")) return false;
    switch (opcode) {
      case Opcode::unary:
      case Opcode::binary:
      case Opcode::affine:
      case Opcode::select:
      case Opcode::reduce:
      case Opcode::sort: {
        unit_ = 2;
        const bool fit = fields(opcode, y_width / 2);
        unit_ = 1;
        return fit;
      }
      default:
        return fail("an operation has no form in doubles");
    }
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
  // Elements of the plan's precision that `repeat` quantised rows of K take.
  int64_t quantized_rows() const {
    const int64_t words = repeat_ * int64_t(quantized_width(size_t(inner_)));
    return plan_.precision == Precision::f32 ? words : (words + 1) / 2;
  }
  bool rows(int64_t y_width) {
    return repeated() && require(repeat_ * inner_ == y_width, "the result has another width");
  }

  bool dense(int64_t y_width) {
    if (!has(9)) return false;
    const Weights weights = Weights(from_.words[at_ + 8]);
    if (!repeated(weights == Weights::int8)) return false;
    const int64_t columns = next();
    if (columns < 1 || columns * repeat_ != y_width) return fail("the result has another width");
    if (!flag() || !parameter(inner_ * columns) || !optional_parameter(columns) || !optional_parameter(2)) return false;
    if (!numbered(&Ends::weight)) return false;
    if (weights == Weights::bf16 && dense_shape(size_t(inner_), size_t(columns)).order != DenseOrder::chains) {
      return fail("a layer of so few columns has no bf16 form");
    }
    if (weights == Weights::int8 && size_t(inner_) > most_int8_inputs) return fail("int8 sums would overflow");
    return weights == Weights::whole || single();
  }

  bool quantize(int64_t y_width) {
    return single() && repeated() && require(quantized_rows() == y_width, "the result has another width");
  }

  bool of_bytes() { return require(plan_.precision == Precision::f64, "layers of bytes are for f64 alone"); }
  bool byte_rows(int64_t y_width) {
    return of_bytes() && repeated() && parameter(1) &&
           require(quantized_rows() == y_width, "the result has another width");
  }
  bool byte_dense(int64_t y_width) {
    if (!of_bytes() || !repeated(true)) return false;
    const int64_t columns = next();
    if (columns < 1 || columns * repeat_ != y_width) return fail("the result has another width");
    if (size_t(inner_) > most_int8_inputs) return fail("int8 sums would overflow");
    return flag() && parameter(inner_ * columns) && parameter(columns) && parameter(columns) && parameter(4);
  }

  bool single() {
    return require(plan_.precision == Precision::f32, "reduced weights and values of doubles are only for f32");
  }

  bool reduce(int64_t y_width) {
    return repeated() && require(repeat_ == y_width, "the result has another width") && numbered(&Ends::reduce);
  }

  bool gather(int64_t y_width) {
    const int32_t x = next();
    if (!used(x, -1) || !has(size_t(y_width))) return false;
    for (int64_t i = 0; i < y_width; i++) {
      const int32_t column = next();
      if (column < 0 || column >= width(x)) return fail("a column is out of range");
    }
    return true;
  }

  bool concat(int64_t y_width) {
    if (!has(2)) return false;
    const int32_t outer = next(), parts = next();
    if (outer < 1 || parts < 1 || !has(size_t(parts))) return fail("a size is less than 1");
    int64_t total = 0;
    for (int32_t i = 0; i < parts; i++) {
      const int32_t word = next();
      int64_t part = 0;
      if (word >= 0) {
        if (!used(word, -1)) return false;
        part = width(word);
      } else {
        const int32_t index = -1 - word;
        if (size_t(index) >= from_.parameter_count || from_.parameters[index].data == nullptr ||
            from_.parameters[index].count > size_t(operand_limit)) {
          return fail("a constant operand is out of range");
        }
        part = int64_t(from_.parameters[index].count);
      }
      if (part % outer != 0) return fail("a part does not divide into the outer count");
      total += part;
    }
    return require(total == y_width, "the result has another width");
  }

  bool embedding(int64_t y_width) {
    const int32_t ids = next();
    const int32_t table = next();
    const int64_t vocabulary = next(), dimension = next();
    if (vocabulary < 1 || dimension < 1) return fail("a size is less than 1");
    if (!used(ids, -1)) return false;
    if (!is_parameter(table, vocabulary * dimension)) return fail("a parameter array is not of the size used");
    if (width(ids) * dimension != y_width) return fail("the result has another width");
    return flag();
  }

  bool one_hot(int64_t y_width) {
    const int32_t ids = next();
    const int64_t depth = next();
    if (depth < 1) return fail("a size is less than 1");
    if (!used(ids, -1)) return false;
    if (width(ids) * depth != y_width) return fail("the result has another width");
    return parameter(2) && flag();
  }

  bool ragged(int32_t value) {
    return require(is_defined(value) && ragged_[size_t(value)], "no ragged input is where one is used");
  }

  bool bag(int64_t y_width) {
    const int32_t x = next();
    return ragged(x) && parameter(width(x) * y_width) && optional_parameter(y_width) && numbered(&Ends::bag);
  }

  bool couple(int64_t y_width) {
    const int32_t x = next();
    const int64_t classes = next();
    if (classes < 2 || classes > most_coupled) return fail("the number of classes is out of range");
    return used(x, classes * (classes - 1) / 2) && require(classes == y_width, "the result has another width");
  }

  bool matmul(int64_t y_width) {
    const int32_t* const sizes = from_.words + at_ + 2;
    const int64_t repeat = sizes[0], M = sizes[1], K = sizes[2], N = sizes[3];
    if (repeat < 1 || M < 1 || K < 1 || N < 1) return fail("a size is less than 1");
    // Each product is of two numbers of 31 bits.
    const int64_t rows = repeat * M, columns = repeat * N;
    if (rows > y_width || columns > y_width || rows * N != y_width) return fail("the result has another width");
    if (!operand(rows * K) || !operand(columns * K)) return false;
    at_ += 4;
    return flag();
  }

  bool sort(int64_t y_width) {
    if (!repeated()) return false;
    const int64_t count = next();
    if (count < 1 || count > inner_) return fail("a size is less than 1, or more than there is");
    // Places stand in the result meanwhile.
    if (plan_.precision == Precision::f32 && unit_ == 1 && inner_ > most_sorted_f32) {
      return fail("places are more than a float tells apart");
    }
    return require(repeat_ * count == y_width, "the result has another width") && flag() && numbered(&Ends::sort);
  }

  bool distances(int64_t y_width) {
    const int32_t x = next();
    const int64_t features = next();
    if (!used(x, features) || features < 1 || !numbered(&Ends::metric)) return false;
    return parameter(y_width * features) && optional_parameter(features + 1);
  }

  bool nearest(int64_t y_width) {
    if (!repeated()) return false;
    const int64_t count = next();
    if (count < 1 || count > inner_) return fail("a size is less than 1, or more than there is");
    if (plan_.precision == Precision::f32 && inner_ > most_sorted_f32) {
      return fail("places are more than a float tells apart");
    }
    return require(repeat_ * count * 2 == y_width, "the result has another width");
  }

  template <typename T>
  bool trees(int64_t y_width) {
    const int32_t x = next();
    const int64_t leaf_width = next();
    const int32_t sum = from_.words[at_];
    if (!numbered(&Ends::tree_sum)) return false;
    const int32_t nodes = next(), leaves = next(), sets = next();
    if (!optional_parameter(1) || !used(x, -1)) return false;
    const Parameter* const nodes_of = any_parameter(nodes);
    const Parameter* const leaves_of = any_parameter(leaves);
    const Parameter* const sets_of = sets == -1 ? nullptr : any_parameter(sets);
    if (nodes_of == nullptr || leaves_of == nullptr || (sets != -1 && sets_of == nullptr)) {
      return fail("a parameter array is not there");
    }
    const size_t count = nodes_of->count / node_fields;
    if (leaf_width < 1 || nodes_of->count % node_fields != 0 || count < 1 || count > INT32_MAX) {
      return fail("the nodes of trees are incomplete");
    }
    size_t tree_count = 0, leaf_count = 0;
    const char* const fault = check_trees(static_cast<const T*>(nodes_of->data), count, size_t(width(x)),
                                          sets_of == nullptr ? nullptr : static_cast<const T*>(sets_of->data),
                                          sets_of == nullptr ? 0 : sets_of->count, tree_count, leaf_count);
    if (fault != nullptr) return fail(fault);
    if (uint64_t(leaf_count) * uint64_t(leaf_width) != leaves_of->count) return fail("leaves are not of the size used");
    if (TreeSum(sum) == TreeSum::none) {
      return require(int64_t(tree_count) * leaf_width == y_width, "the result has another width");
    }
    if (!has(tree_count)) return false;
    for (size_t i = 0; i < tree_count; i++) {
      const int64_t target = next();
      if (target < 0 || target + leaf_width > y_width) return fail("a tree adds to what is not there");
    }
    return true;
  }

  // Of any size.
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

}  // namespace

Verdict verify(const Plan& from, VerifiedPlan& plan, PlanError& error) { return Verifier(from, plan, error).run(); }

}  // namespace fp
