// Builds a network: the order in which its parts are built, and the number of rows in a block.
#include "builder.h"

namespace fp {
namespace {

// Rows of a block. Small models keep the activations of a block in the first-level cache. Weights of larger models are
// read again for each block, from farther away, so larger blocks are faster. A block has at least `wanted` rows.
size_t rows_of_block(size_t row_bytes, size_t weight_bytes, size_t wanted) {
  constexpr size_t most_rows = 384, most_bytes = 64 << 20;
  const size_t least_rows = wanted > 48 ? wanted : 48;
  const size_t budget = weight_bytes <= 256 << 10 ? 32 << 10 : 16 << 20;
  size_t rows = budget / row_bytes;
  if (rows > most_rows) rows = most_rows;
  if (rows < least_rows) rows = least_rows;
  if (rows > most_bytes / row_bytes) rows = most_bytes / row_bytes;
  return rows > 0 ? rows : 1;
}

// Rows of a block that is compared with many points: as many as stay in the second-level cache.
size_t rows_of_neighbours(size_t row_bytes) {
  constexpr size_t least_rows = 8, most_bytes = 512 << 10;
  return most_bytes / row_bytes > least_rows ? most_bytes / row_bytes : least_rows;
}

// The words of an instruction that may name a constant.
const int32_t* operand_words(const int32_t* word, size_t& count) {
  const bool wide = Opcode(word[0]) == Opcode::wide;
  const int32_t* const fields = word + (wide ? 4 : 3);
  switch (Opcode(word[wide ? 3 : 0])) {
    case Opcode::binary:
    case Opcode::matmul:
      count = 2;
      return fields;
    case Opcode::select:
      count = 3;
      return fields;
    case Opcode::concat:
      count = size_t(word[4]);
      return word + 5;
    default:
      count = 0;
      return word;
  }
}

template <typename T>
size_t cost_of(const Step<T>& step) {
  constexpr size_t cost_of_element = 8, cost_of_tree = 64, cost_of_sorted = 64, products_at_once = 4;
  if (step.opcode == Opcode::trees) return step.trees.count * cost_of_tree;
  if (step.opcode == Opcode::matmul) return step.width * (step.inner + cost_of_element);
  if (step.opcode == Opcode::distances) return step.width * (2 * step.points.features + cost_of_element);
  if (step.opcode == Opcode::nearest) return step.repeat * step.inner + step.width * cost_of_sorted;
  if (step.opcode == Opcode::sort) return step.repeat * step.inner * cost_of_sorted;
  if (step.opcode == Opcode::byte_dense) return step.width * (step.inner / products_at_once + cost_of_element);
  const bool dense = step.opcode == Opcode::dense || step.opcode == Opcode::static_dense;
  return dense ? step.repeat * step.dense.K * step.dense.N : step.width * cost_of_element;
}

}  // namespace

template <typename T>
Creation Network<T>::Builder::build(const MostBytes& most) {
  constexpr Creation no_memory = Creation::out_of_memory;
  if (!copy_ports() || !number_constants()) return no_memory;
  decode();  // counts
  if (has_no_memory_) return no_memory;
  // Instructions may pack the same weights with many biases, or repeat a number: the plan's length is no bound.
  if (network_.arena_.taken() > most.packed / sizeof(T)) return Creation::too_large;
  if (!network_.arena_.allocate() || !network_.lists_.allocate(list_count_)) return no_memory;
  if (!network_.steps_.allocate(plan_.instruction_count)) return no_memory;
  filling_ = true;
  list_count_ = 0;
  packed_.restart();
  decode();
  if (!place_values()) return no_memory;
  if constexpr (sizeof(T) == sizeof(double)) join_bytes();
  if (network_.row_elements_ > most.of_row / sizeof(T)) return Creation::row_too_large;
  const size_t row_bytes = (network_.row_elements_ > 0 ? network_.row_elements_ : 1) * sizeof(T);
  constexpr size_t cost_of_pair = 64, cost_of_pair_column = 4;
  size_t least_rows = 1;
  bool has_nearest = false;
  const size_t left = most.of_row / sizeof(T) - network_.row_elements_;
  for (Step<T>& step : network_.steps_) {
    network_.row_cost_ += cost_of(step);
    if (step.opcode == Opcode::bag) network_.pair_cost_ += cost_of_pair + cost_of_pair_column * step.width;
    if (step.spread * step.repeat > left) step.spread = 0;
    const size_t spread = step.spread * step.repeat;
    if (spread > network_.spread_elements_) network_.spread_elements_ = spread;
    if (step.trees.sliced != nullptr) least_rows = most_sliced_rows;
    has_nearest = has_nearest || step.opcode == Opcode::nearest;
  }
  network_.block_rows_ = rows_of_block(row_bytes, network_.arena_.bytes(), least_rows);
  if (has_nearest && network_.block_rows_ > rows_of_neighbours(row_bytes)) {
    network_.block_rows_ = rows_of_neighbours(row_bytes);
  }
  return Creation::done;
}

template <typename T>
bool Network<T>::Builder::copy_ports() {
  if (!network_.inputs_.allocate(plan_.input_count) || !network_.outputs_.allocate(plan_.output_count)) return false;
  if (!network_.widths_.allocate(plan_.value_count)) return false;
  const auto port = [&](int32_t word) {
    has_wide_ = has_wide_ || word < 0;
    return Port{port_value(word), word < 0, is_ragged_port(word), -1, false, 0, nullptr};
  };
  for (size_t i = 0; i < plan_.input_count; i++) network_.inputs_[i] = port(plan_.inputs[i]);
  for (size_t i = 0; i < plan_.output_count; i++) network_.outputs_[i] = port(plan_.outputs[i]);
  for (size_t i = 0; i < plan_.value_count; i++) network_.widths_[i] = size_t(plan_.widths[i]);
  // Ragged rows stay in the caller's buffers.
  for (const Port& input : network_.inputs_) {
    if (input.ragged) network_.widths_[size_t(input.value)] = 0;
  }
  return true;
}

template <typename T>
bool Network<T>::Builder::number_constants() {
  if (!constant_of_.allocate(plan_.parameter_count)) return false;
  for (int32_t& number : constant_of_) number = -1;
  const int32_t* word = plan_.instructions;
  for (size_t i = 0; i < plan_.instruction_count; word += word[1], i++) {
    size_t count = 0;
    const int32_t* operands = operand_words(word, count);
    for (size_t j = 0; j < count; j++) {
      if (operands[j] < 0 && constant_of_[size_t(-1 - operands[j])] < 0) {
        constant_of_[size_t(-1 - operands[j])] = int32_t(constant_count_++);
      }
    }
  }
  return network_.constants_.allocate(constant_count_);
}

template <typename T>
void Network<T>::Builder::decode() {
  for (size_t i = 0; i < plan_.parameter_count; i++) {
    if (constant_of_[i] < 0) continue;
    const T* place = copy(parameter(int32_t(i)), plan_.parameters[i].count);
    network_.constants_[size_t(constant_of_[i])] = place;
  }
  const int32_t* word = plan_.instructions;
  for (size_t i = 0; i < plan_.instruction_count; word += word[1], i++) {
    const Step<T> step = decode(word);
    if (!filling_) continue;
    network_.steps_[i] = step;
    if (step.opcode != Opcode::require_exact) continue;
    for (Port& input : network_.inputs_) {
      if (input.value == step.a) input.checked = int32_t(i);
    }
  }
}

template <typename T>
Creation Network<T>::create(const VerifiedPlan& plan, const Kernels<T>& kernels, const Kernels<double>& wide,
                            const Int8Kernels& int8, const TreeKernels& trees, const MostBytes& most) {
  kernels_ = &kernels;
  wide_ = &wide;
  int8_ = &int8;
  trees_ = trees;
  return Builder(*this, plan).build(most);
}

template Creation Network<float>::create(const VerifiedPlan&, const Kernels<float>&, const Kernels<double>&,
                                         const Int8Kernels&, const TreeKernels&, const MostBytes&);
template Creation Network<double>::create(const VerifiedPlan&, const Kernels<double>&, const Kernels<double>&,
                                          const Int8Kernels&, const TreeKernels&, const MostBytes&);

}  // namespace fp
