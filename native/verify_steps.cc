// Verifies a plan: the fields of each instruction.
#include <cstring>

#include "couple.h"
#include "kernels/kernels.h"
#include "pack.h"
#include "sort.h"
#include "tree_packer.h"
#include "verifier.h"

namespace fp {
namespace {

constexpr int64_t operand_limit = INT32_MAX;

}  // namespace

bool Verifier::fields(Opcode opcode, int64_t y_width) {
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
    case Opcode::static_quantize:
      return has(4) && quantize(y_width) && static_scale(next());
    case Opcode::static_dense:
      return has(10) && static_dense(y_width);
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
bool Verifier::wide(Opcode opcode, int64_t y_width) {
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

bool Verifier::dense(int64_t y_width) {
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

bool Verifier::quantize(int64_t y_width) {
  return single() && repeated() && require(quantized_rows() == y_width, "the result has another width");
}

bool Verifier::static_dense(int64_t y_width) {
  if (!single() || !repeated(true)) return false;
  const int64_t columns = next();
  if (columns < 1) return fail("the result has another width");
  if (size_t(inner_) > most_int8_inputs) return fail("int8 sums would overflow");
  if (!flag() || !parameter(inner_ * columns) || !optional_parameter(columns) || !optional_parameter(2)) return false;
  if (!static_scale(next())) return false;
  const int32_t result = next();
  const int64_t width = result == -1 ? columns : int64_t(quantized_width(size_t(columns)));
  return require(width * repeat_ == y_width, "the result has another width") && (result == -1 || static_scale(result));
}

// The only parameter that is looked at here: what comes of another would not be the same everywhere.
bool Verifier::static_scale(int32_t index) {
  if (!is_parameter(index, 2)) return fail("a parameter array is not of the size used");
  float scale[2];
  std::memcpy(scale, from_.parameters[index].data, sizeof scale);
  const bool valid = scale[0] >= 0x1p-100f && scale[0] <= 0x1p100f && scale[1] >= -128 && scale[1] <= 127 &&
                     scale[1] == float(int32_t(scale[1]));
  return require(valid, "a scale is not from 2^-100 to 2^100, or its zero not an integer from -128 to 127");
}

bool Verifier::byte_rows(int64_t y_width) {
  return of_bytes() && repeated() && parameter(1) &&
         require(quantized_rows() == y_width, "the result has another width");
}

bool Verifier::byte_dense(int64_t y_width) {
  if (!of_bytes() || !repeated(true)) return false;
  const int64_t columns = next();
  if (columns < 1 || columns * repeat_ != y_width) return fail("the result has another width");
  if (size_t(inner_) > most_int8_inputs) return fail("int8 sums would overflow");
  return flag() && parameter(inner_ * columns) && parameter(columns) && parameter(columns) && parameter(4);
}

bool Verifier::reduce(int64_t y_width) {
  return repeated() && require(repeat_ == y_width, "the result has another width") && numbered(&Ends::reduce);
}

bool Verifier::gather(int64_t y_width) {
  const int32_t x = next();
  if (!used(x, -1) || !has(size_t(y_width))) return false;
  for (int64_t i = 0; i < y_width; i++) {
    const int32_t column = next();
    if (column < 0 || column >= width(x)) return fail("a column is out of range");
  }
  return true;
}

bool Verifier::concat(int64_t y_width) {
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

bool Verifier::embedding(int64_t y_width) {
  const int32_t ids = next();
  const int32_t table = next();
  const int64_t vocabulary = next(), dimension = next();
  if (vocabulary < 1 || dimension < 1) return fail("a size is less than 1");
  if (!used(ids, -1)) return false;
  if (!is_parameter(table, vocabulary * dimension)) return fail("a parameter array is not of the size used");
  if (width(ids) * dimension != y_width) return fail("the result has another width");
  return flag();
}

bool Verifier::one_hot(int64_t y_width) {
  const int32_t ids = next();
  const int64_t depth = next();
  if (depth < 1) return fail("a size is less than 1");
  if (!used(ids, -1)) return false;
  if (width(ids) * depth != y_width) return fail("the result has another width");
  return parameter(2) && flag();
}

bool Verifier::ragged(int32_t value) {
  return require(is_defined(value) && ragged_[size_t(value)], "no ragged input is where one is used");
}

bool Verifier::bag(int64_t y_width) {
  const int32_t x = next();
  return ragged(x) && parameter(width(x) * y_width) && optional_parameter(y_width) && numbered(&Ends::bag);
}

bool Verifier::couple(int64_t y_width) {
  const int32_t x = next();
  const int64_t classes = next();
  if (classes < 2 || classes > most_coupled) return fail("the number of classes is out of range");
  return used(x, classes * (classes - 1) / 2) && require(classes == y_width, "the result has another width");
}

bool Verifier::matmul(int64_t y_width) {
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

bool Verifier::sort(int64_t y_width) {
  if (!repeated()) return false;
  const int64_t count = next();
  if (count < 1 || count > inner_) return fail("a size is less than 1, or more than there is");
  // In between, the result contains positions.
  if (plan_.precision == Precision::f32 && unit_ == 1 && inner_ > most_sorted_f32) {
    return fail("places are more than a float tells apart");
  }
  return require(repeat_ * count == y_width, "the result has another width") && flag() && numbered(&Ends::sort);
}

bool Verifier::distances(int64_t y_width) {
  const int32_t x = next();
  const int64_t features = next();
  if (!used(x, features) || features < 1 || !numbered(&Ends::metric)) return false;
  return parameter(y_width * features) && optional_parameter(features + 1);
}

bool Verifier::nearest(int64_t y_width) {
  if (!repeated()) return false;
  const int64_t count = next();
  if (count < 1 || count > inner_) return fail("a size is less than 1, or more than there is");
  if (plan_.precision == Precision::f32 && inner_ > most_sorted_f32) {
    return fail("places are more than a float tells apart");
  }
  return require(repeat_ * count * 2 == y_width, "the result has another width");
}

template <typename T>
bool Verifier::trees(int64_t y_width) {
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

}  // namespace fp
