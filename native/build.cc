// From a verified plan to a network: packs parameters, decides where values stand and how many rows make a block.
#include <limits>

#include "network.h"
#include "pack_reduced.h"
#include "packed_once.h"
#include "pairs.h"
#include "tree_packer.h"

namespace fp {
namespace {

// Rows of a block. Small models keep the activations of a block in the first-level cache. The weights of larger ones
// are read again for each block from further away, and larger blocks pay for that. So do at least `wanted` rows.
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

// Of distances to many points, each of which is looked at once, as many as stay near the core.
size_t rows_of_neighbours(size_t row_bytes) {
  constexpr size_t least_rows = 8, most_bytes = 512 << 10;
  return most_bytes / row_bytes > least_rows ? most_bytes / row_bytes : least_rows;
}

// The stride of a copy of rows of K elements that tiles read side by side; 0 where the rows serve as they are.
// First-level caches keep what is 4 KB apart in one set of 8 or 12 lines, where the rows of a taller tile push each
// other out. Copying pays from so many columns on.
size_t spread_stride(size_t K, size_t N, size_t element, int tile_rows) {
  constexpr size_t apart = 4096, least_columns = 128;
  constexpr int lines_of_set = 8;
  const size_t bytes = K * element, beyond = (bytes + cache_line_bytes) % apart;
  if (tile_rows <= lines_of_set || N < least_columns || bytes < apart / 2 || beyond > 2 * cache_line_bytes) return 0;
  return (bytes + 2 * cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes / element;
}

// Whether the kernel may write its result over an operand as wide.
bool in_place(Opcode opcode) {
  switch (opcode) {
    case Opcode::unary:
    case Opcode::binary:
    case Opcode::affine:
    case Opcode::select:
    case Opcode::softmax:
    case Opcode::norm:
    case Opcode::normalize:
      return true;
    default:
      return false;
  }
}

}  // namespace

template <typename T>
class Network<T>::Builder {
 public:
  Builder(Network& network, const VerifiedPlan& plan) : network_(network), plan_(plan) {}
  ~Builder() {
    while (packers_ != nullptr) destroy(std::exchange(packers_, packers_->next));
  }

  Creation build(const MostBytes& most) {
    constexpr Creation no_memory = Creation::out_of_memory;
    if (!copy_ports() || !number_constants()) return no_memory;
    decode();  // counts
    if (has_no_memory_) return no_memory;
    // Instructions may pack the same weights with many biases, or repeat a number: the plan's length bounds nothing.
    if (network_.arena_.taken() > most.packed / sizeof(T)) return Creation::too_large;
    if (!network_.arena_.allocate() || !network_.lists_.allocate(list_count_)) return no_memory;
    if (!network_.steps_.allocate(plan_.instruction_count)) return no_memory;
    filling_ = true;
    list_count_ = 0;
    packed_.restart();
    decode();
    if (!place_values()) return no_memory;
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

 private:
  const T* parameter(int32_t index) const { return static_cast<const T*>(plan_.parameters[index].data); }

  bool copy_ports() {
    if (!network_.inputs_.allocate(plan_.input_count) || !network_.outputs_.allocate(plan_.output_count)) return false;
    if (!network_.widths_.allocate(plan_.value_count)) return false;
    const auto port = [&](int32_t word) {
      has_wide_ = has_wide_ || word < 0;
      return Port{port_value(word), word < 0, is_ragged_port(word), -1};
    };
    for (size_t i = 0; i < plan_.input_count; i++) network_.inputs_[i] = port(plan_.inputs[i]);
    for (size_t i = 0; i < plan_.output_count; i++) network_.outputs_[i] = port(plan_.outputs[i]);
    for (size_t i = 0; i < plan_.value_count; i++) network_.widths_[i] = size_t(plan_.widths[i]);
    // Ragged rows stay where the caller has them.
    for (const Port& input : network_.inputs_) {
      if (input.ragged) network_.widths_[size_t(input.value)] = 0;
    }
    return true;
  }

  // Constants that stand as operands, each once.
  bool number_constants() {
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

  // The words of an instruction that may name a constant.
  static const int32_t* operand_words(const int32_t* word, size_t& count) {
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

  int32_t operand(int32_t word) const {
    return word >= 0 ? word : int32_t(plan_.value_count) + constant_of_[size_t(-1 - word)];
  }

  // The place of what is packed as the key says, which takes `count` elements. `fill` says whether it is to be written:
  // only where it is first met.
  T* take(const PackedKey& key, size_t count, bool& fill) {
    fill = false;
    const auto entry = packed_.find(key);
    if (entry == nullptr) {
      has_no_memory_ = true;
      return nullptr;
    }
    if (!entry->taken) {
      entry->taken = true;
      entry->place = network_.arena_.take(count);
      fill = filling_;
    }
    return entry->place;
  }
  // A copy of the array; of null, `count` times the number.
  const T* copy(const T* from, size_t count, float number = 0) {
    bool fill;
    T* const to = take({from, nullptr, count, 0, form_of_copy, number}, count, fill);
    if (fill && from != nullptr) std::memcpy(to, from, count * sizeof(T));
    for (size_t i = 0; fill && from == nullptr && i < count; i++) to[i] = T(number);
    return to;
  }
  // A parameter array, or `count` times `otherwise` where the plan gives none.
  const T* copy(int32_t index, size_t count, float otherwise) {
    return index >= 0 ? copy(parameter(index), count) : copy(nullptr, count, otherwise);
  }
  // A copy beyond whose end a vector may be read.
  const T* table(const T* from, size_t count) {
    bool fill;
    T* const to = take({from, nullptr, count, 0, form_of_table, 0}, count + table_padding, fill);
    if (fill) std::memcpy(to, from, count * sizeof(T));
    return to;
  }
  const int32_t* take_list(size_t count) {
    int32_t* const to = filling_ ? network_.lists_.data() + list_count_ : nullptr;
    list_count_ += count;
    return to;
  }

  // Walks constants and instructions in the same order each time: first to count, then to fill.
  void decode() {
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

  Step<T> decode(const int32_t* word) {
    Step<T> step = {};
    step.opcode = Opcode(word[0]);
    step.y = word[2];
    step.a = step.b = step.c = -1;
    step.width = size_t(plan_.widths[step.y]);
    const int32_t* field = word + 3;
    if (step.opcode == Opcode::wide) {
      step.wide = true;
      step.opcode = Opcode(*field++);
      step.width /= 2;
    }
    has_wide_ = has_wide_ || step.wide || step.opcode == Opcode::widen;
    const size_t unit = step.wide ? 2 : 1;
    switch (step.opcode) {
      case Opcode::dense:
        repeated(step, field);
        dense(step, field);
        break;
      case Opcode::unary:
        step.a = field[0];
        step.function = field[1];
        step.p[0] = copy(field[2], 2 * unit, 0);
        break;
      case Opcode::binary:
        step.a = operand(field[0]);
        step.b = operand(field[1]);
        step.function = field[2];
        break;
      case Opcode::affine:
        step.a = field[0];
        step.p[0] = copy(parameter(field[1]), step.width * unit);
        step.p[1] = copy(parameter(field[2]), step.width * unit);
        break;
      case Opcode::select:
        step.a = operand(field[0]);
        step.b = operand(field[1]);
        step.c = operand(field[2]);
        break;
      case Opcode::quantize:
        repeated(step, field);
        break;
      case Opcode::softmax:
      case Opcode::reduce:
        repeated(step, field);
        step.function = field[3];
        break;
      case Opcode::norm:
        repeated(step, field);
        step.function = field[3];
        step.p[0] = copy(parameter(field[4]), 1);
        step.p[1] = copy(field[5], step.inner, 1);
        step.p[2] = copy(field[6], step.inner, 0);
        break;
      case Opcode::normalize:
        repeated(step, field);
        step.function = field[3];
        step.p[0] = copy(parameter(field[4]), 2);
        break;
      case Opcode::bytes:
        repeated(step, field);
        step.p[0] = copy(parameter(field[3]), 1);
        break;
      case Opcode::byte_dense:
        repeated(step, field);
        byte_dense(step, field);
        break;
      case Opcode::gather:
        step.a = field[0];
        gather(step, field + 1);
        break;
      case Opcode::concat:
        step.repeat = size_t(field[0]);
        concat(step, field + 2, size_t(field[1]));
        break;
      case Opcode::embedding:
        step.a = field[0];
        step.repeat = size_t(field[2]);
        step.inner = size_t(field[3]);
        step.p[0] = copy(parameter(field[1]), step.repeat * step.inner);
        step.function = field[4];
        break;
      case Opcode::one_hot:
        step.a = field[0];
        step.inner = size_t(field[1]);
        step.p[0] = copy(parameter(field[2]), 2);
        step.function = field[3];
        break;
      case Opcode::trees:
        trees(step, field, word + word[1]);
        break;
      case Opcode::matmul:
        step.a = operand(field[0]);
        step.b = operand(field[1]);
        step.repeat = size_t(field[2]);
        step.inner = size_t(field[4]);
        step.columns = size_t(field[5]);
        step.function = field[6];
        break;
      case Opcode::sort:
        repeated(step, field);
        step.columns = size_t(field[3]);
        step.function = 2 * field[4] + field[5];
        break;
      case Opcode::distances:
        step.a = field[0];
        distances(step, field);
        break;
      case Opcode::nearest:
        repeated(step, field);
        step.columns = size_t(field[3]);
        break;
      case Opcode::couple:
      case Opcode::widen:
      case Opcode::narrow:
        step.a = field[0];
        break;
      case Opcode::require_finite:
        step.a = step.y;
        step.function = field[0];
        break;
      case Opcode::require_exact:
        step.a = step.y;
        break;
      case Opcode::bag:
        step.a = field[0];
        step.inner = size_t(plan_.widths[step.a]);
        step.p[0] = table(parameter(field[1]), step.inner * step.width);
        step.p[1] = field[2] >= 0 ? copy(parameter(field[2]), step.width) : nullptr;
        step.function = field[3];
        break;
      case Opcode::scatter:
        step.a = field[0];
        step.inner = step.width;
        break;
      case Opcode::wide:
        break;  // an instruction within one was refused
    }
    return step;
  }

  static void repeated(Step<T>& step, const int32_t* field) {
    step.a = field[0];
    step.repeat = size_t(field[1]);
    step.inner = size_t(field[2]);
  }

  void dense(Step<T>& step, const int32_t* field) {
    const Kernels<T>& kernels = *network_.kernels_;
    const size_t K = step.inner, N = size_t(field[3]);
    const bool out_in = field[4] != 0;
    const T* const weights = parameter(field[5]);
    const T* const bias = field[6] >= 0 ? parameter(field[6]) : nullptr;
    const Weights form = Weights(field[8]);
    const int lanes = kernels.lanes, panel_columns = kernels.panel_columns;
    const Int8Layout& int8 = network_.int8_->layout;
    const size_t count = form == Weights::int8   ? packed_int8_size(K, N, int8)
                         : form == Weights::bf16 ? packed_bf16_size(K, N, lanes, panel_columns)
                                                 : packed_size(K, N, lanes, panel_columns);
    bool fill;
    T* const packed = take({weights, bias, K, N, 2 * field[8] + field[4], 0}, count, fill);
    step.spread = form == Weights::int8 ? 0 : spread_stride(K, N, sizeof(T), kernels.tile_rows);
    if (form == Weights::whole) {
      if (fill) pack(weights, out_in, bias, K, N, lanes, panel_columns, packed);
      step.run_dense = kernels.dense;
    }
    if constexpr (sizeof(T) == sizeof(float)) {
      if (form == Weights::bf16) {
        if (fill) pack_bf16(weights, out_in, bias, K, N, lanes, panel_columns, packed);
        step.run_dense = kernels.dense_bf16;
      } else if (form == Weights::int8) {
        if (fill) pack_int8(weights, out_in, bias, K, N, int8, packed);
        step.run_dense = network_.int8_->dense;
      }
    }
    constexpr T infinity = std::numeric_limits<T>::infinity();
    const T* const clamp = field[7] >= 0 ? parameter(field[7]) : nullptr;
    step.dense = {K, N, K, dense_shape(K, N), packed, clamp ? clamp[0] : -infinity, clamp ? clamp[1] : infinity};
  }

  // Only for f64. Words of 32 bits are kept in an arena of doubles.
  void byte_dense(Step<T>& step, const int32_t* field) {
    if constexpr (sizeof(T) == sizeof(double)) {
      const size_t K = step.inner, N = step.columns = size_t(field[3]);
      const Int8Layout& int8 = network_.int8_->layout;
      bool fill;
      T* const packed = take({parameter(field[5]), nullptr, K, N, 2 * int32_t(Weights::int8) + field[4], 0},
                             (packed_int8_size(K, N, int8) + 1) / 2, fill);
      if (fill) pack_bytes(parameter(field[5]), field[4] != 0, K, N, int8, reinterpret_cast<float*>(packed));
      for (size_t i = 1; i < 4; i++) step.p[i - 1] = copy(parameter(field[5 + i]), i < 3 ? N : 4);
      step.dense.weights = packed;
    }
  }

  // Columns in a row are copied at once; `function` says so and `inner` where they begin.
  void gather(Step<T>& step, const int32_t* columns) {
    bool adjacent = true;
    for (size_t i = 1; i < step.width; i++) adjacent = adjacent && columns[i] == columns[i - 1] + 1;
    step.function = adjacent;
    step.inner = size_t(columns[0]);
    if (adjacent) return;
    fill_list(step, step.width, [&](size_t i) { return columns[i]; });
  }

  void trees(Step<T>& step, const int32_t* field, const int32_t* end) {
    step.a = field[0];
    const Parameter& nodes = plan_.parameters[field[3]];
    Trees<T>& trees = step.trees;
    trees.width = size_t(field[1]);
    trees.sum = TreeSum(field[2]);
    const bool adds = trees.sum != TreeSum::none;
    trees.divisor = field[6] < 0 ? T(1) : parameter(field[6])[0];
    trees.count = adds ? size_t(end - (field + 7)) : step.width / trees.width;
    trees.leaves = copy(parameter(field[4]), plan_.parameters[field[4]].count);
    const size_t set_count = field[5] < 0 ? 0 : plan_.parameters[field[5]].count;
    const T* const sets = field[5] < 0 ? nullptr : parameter(field[5]);
    fill_list(step, adds ? trees.count : 0, [&](size_t i) { return field[7 + i]; });
    trees.targets = adds ? step.list : nullptr;
    TreePacker* const packer = next_packer(parameter(field[3]), nodes.count / node_fields, sets, set_count);
    if (packer != nullptr) packer->pack(network_.arena_, trees);
  }

  void distances(Step<T>& step, const int32_t* field) {
    const size_t N = step.width, K = size_t(field[1]), panels = (N + lane_count - 1) / lane_count;
    const T* const from = parameter(field[3]);
    bool fill;
    T* const to = take({from, nullptr, N, K, form_of_points, 0}, panels * K * lane_count, fill);
    for (size_t n = 0; fill && n < N; n++) {
      T* const panel = to + n / lane_count * K * lane_count + n % lane_count;
      for (size_t k = 0; k < K; k++) panel[k * lane_count] = from[n * K + k];
    }
    step.points = {to, N, K, Metric(field[2]), copy(field[4], K + 1, 1)};
  }

  // What was found out while counting serves for filling.
  TreePacker* next_packer(const T* nodes, size_t count, const T* sets, size_t set_count) {
    if (filling_) {
      Packers* const taken = filled_ == nullptr ? packers_ : filled_->next;
      filled_ = taken;
      return &taken->packer;
    }
    Packers* const made = make<Packers>();
    if (made == nullptr ||
        !made->packer.analyse(PlanNumbers(nodes), count, PlanNumbers(sets), set_count, network_.trees_)) {
      destroy(made);
      has_no_memory_ = true;
      return nullptr;
    }
    *(last_packer_ == nullptr ? &packers_ : &last_packer_->next) = made;
    last_packer_ = made;
    return &made->packer;
  }

  void concat(Step<T>& step, const int32_t* words, size_t count) {
    fill_list(step, count, [&](size_t i) { return operand(words[i]); });
    // Beside the operands, the width of each: constants have no entry in widths_.
    const int32_t* const list = step.list;
    fill_list(step, count, [&](size_t i) {
      return words[i] >= 0 ? plan_.widths[words[i]] : int32_t(plan_.parameters[-1 - words[i]].count);
    });
    step.list = list;
    step.list_count = count;
  }

  template <typename F>
  void fill_list(Step<T>& step, size_t count, F at) {
    const int32_t* const list = take_list(count);
    step.list = list;
    step.list_count = count;
    for (size_t i = 0; filling_ && i < count; i++) const_cast<int32_t*>(list)[i] = at(i);
  }

  // Gives every value a place in scratch. Inputs and outputs keep theirs (they are used when the caller's buffers
  // need converting); others share places once their last use is over.
  bool place_values() {
    const size_t values = plan_.value_count;
    if (!network_.places_.allocate(values) || !last_use_.allocate(values) || !free_.allocate(values)) return false;
    constexpr size_t kept = SIZE_MAX;
    for (size_t i = 0; i < network_.steps_.size(); i++) {
      for_operands(network_.steps_[i], [&](int32_t value) { last_use_[size_t(value)] = i + 1; });
    }
    for (const Port& port : network_.inputs_) last_use_[size_t(port.value)] = kept;
    for (const Port& port : network_.outputs_) last_use_[size_t(port.value)] = kept;
    for (const Port& port : network_.inputs_) network_.places_[size_t(port.value)] = grow(width(port.value));

    for (size_t i = 0; i < network_.steps_.size(); i++) {
      const Step<T>& step = network_.steps_[i];
      const size_t y = size_t(step.y);
      const bool defines = step.opcode != Opcode::require_finite && step.opcode != Opcode::require_exact;
      int32_t taken = -1;
      if (last_use_[y] != kept && in_place(step.opcode)) {
        for (const int32_t operand : {step.a, step.b, step.c}) {
          if (taken < 0 && ends_here(operand, i) && width(operand) == width(step.y)) taken = operand;
        }
      }
      if (defines) {
        network_.places_[y] = taken >= 0             ? network_.places_[size_t(taken)]
                              : last_use_[y] == kept ? grow(width(step.y))
                                                     : claim(width(step.y));
      }
      for_operands(step, [&](int32_t value) {
        if (value == taken || !ends_here(value, i)) return;
        last_use_[size_t(value)] = 0;  // an operand may stand twice
        release(value);
      });
      if (defines && last_use_[y] == 0) release(step.y);
    }
    return true;
  }

  static size_t cost_of(const Step<T>& step) {
    constexpr size_t cost_of_element = 8, cost_of_tree = 64, cost_of_sorted = 64, products_at_once = 4;
    if (step.opcode == Opcode::trees) return step.trees.count * cost_of_tree;
    if (step.opcode == Opcode::matmul) return step.width * (step.inner + cost_of_element);
    if (step.opcode == Opcode::distances) return step.width * (2 * step.points.features + cost_of_element);
    if (step.opcode == Opcode::nearest) return step.repeat * step.inner + step.width * cost_of_sorted;
    if (step.opcode == Opcode::sort) return step.repeat * step.inner * cost_of_sorted;
    if (step.opcode == Opcode::byte_dense) return step.width * (step.inner / products_at_once + cost_of_element);
    return step.opcode == Opcode::dense ? step.repeat * step.dense.K * step.dense.N : step.width * cost_of_element;
  }

  size_t width(int32_t value) const { return network_.widths_[size_t(value)]; }
  bool ends_here(int32_t operand, size_t i) const {
    return operand >= 0 && size_t(operand) < plan_.value_count && last_use_[size_t(operand)] == i + 1;
  }

  template <typename F>
  void for_operands(const Step<T>& step, F f) const {
    for (const int32_t operand : {step.a, step.b, step.c}) {
      if (operand >= 0 && size_t(operand) < plan_.value_count) f(operand);
    }
    if (step.opcode != Opcode::concat) return;
    for (size_t i = 0; i < step.list_count; i++) {
      if (size_t(step.list[i]) < plan_.value_count) f(step.list[i]);
    }
  }

  struct Gap {
    size_t place, width;
  };
  // Of each instruction of trees, in order.
  struct Packers {
    TreePacker packer;
    Packers* next = nullptr;
  };

  size_t grow(size_t width) {
    const size_t place = network_.row_elements_;
    // A place of doubles is a multiple of their size, however many rows a block has.
    network_.row_elements_ += has_wide_ ? (width + 1) / 2 * 2 : width;
    return place;
  }
  // The narrowest gap that is wide enough, among the latest few, so that a long list costs no more than a short one.
  size_t claim(size_t width) {
    constexpr size_t looked_at = 64;
    size_t best = SIZE_MAX;
    for (size_t i = free_count_ > looked_at ? free_count_ - looked_at : 0; i < free_count_; i++) {
      if (free_[i].width >= width && (best == SIZE_MAX || free_[i].width < free_[best].width)) best = i;
    }
    if (best == SIZE_MAX) return grow(width);
    const size_t place = free_[best].place;
    free_[best] = free_[--free_count_];
    return place;
  }
  void release(int32_t value) { free_[free_count_++] = {network_.places_[size_t(value)], width(value)}; }

  Network& network_;
  const VerifiedPlan& plan_;
  Array<int32_t> constant_of_;  // by parameter, −1 where it is not an operand
  size_t constant_count_ = 0;
  size_t list_count_ = 0;
  bool filling_ = false;
  bool has_wide_ = false;
  bool has_no_memory_ = false;  // for packed_ and packers_, which are asked for memory only while counting
  static constexpr int32_t form_of_copy = -1, form_of_points = -2, form_of_table = -3;
  PackedOnce<T> packed_;
  Packers* packers_ = nullptr;
  Packers* last_packer_ = nullptr;
  Packers* filled_ = nullptr;  // the last that was taken for filling
  Array<size_t> last_use_;     // one more than the step, 0 for none
  Array<Gap> free_;
  size_t free_count_ = 0;
};

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
