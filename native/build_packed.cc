// Builds a network: packed parameters, which are those of dense layers, points and trees.
#include <limits>

#include "builder.h"
#include "pack_reduced.h"

namespace fp {
namespace {

// The stride for a copy of rows of K elements that tiles read side by side; 0 if no copy is needed. First-level caches
// keep addresses 4 KB apart in one set of 8 or 12 lines, where the rows of a taller tile evict each other. A copy pays
// off above a number of columns.
size_t spread_stride(size_t K, size_t N, size_t element, int tile_rows) {
  constexpr size_t apart = 4096, least_columns = 128;
  constexpr int lines_of_set = 8;
  const size_t bytes = K * element, beyond = (bytes + cache_line_bytes) % apart;
  if (tile_rows <= lines_of_set || N < least_columns || bytes < apart / 2 || beyond > 2 * cache_line_bytes) return 0;
  return (bytes + 2 * cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes / element;
}

}  // namespace

template <typename T>
void Network<T>::Builder::dense(Step<T>& step, const int32_t* field) {
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

// Only for f32. What the zero point adds to a row's integers is subtracted from each sum, like the kernel's own offset.
template <typename T>
void Network<T>::Builder::static_dense(Step<T>& step, const int32_t* field) {
  if constexpr (sizeof(T) == sizeof(float)) {
    const size_t K = step.inner, N = size_t(field[3]);
    const T* const weights = parameter(field[5]);
    const T* const bias = field[6] >= 0 ? parameter(field[6]) : nullptr;
    const T zero = parameter(field[8])[1];
    Int8Layout layout = network_.int8_->layout;
    layout.offset += int32_t(zero);
    bool fill;
    T* const packed =
        take({weights, bias, K, N, 2 * int32_t(Weights::int8) + field[4], zero}, packed_int8_size(K, N, layout), fill);
    if (fill) pack_int8(weights, field[4] != 0, bias, K, N, layout, packed);
    step.run_dense = network_.int8_->dense;
    constexpr T infinity = std::numeric_limits<T>::infinity();
    const T* const clamp = field[7] >= 0 ? parameter(field[7]) : nullptr;
    step.dense = {K, N, K, {}, packed, clamp ? clamp[0] : -infinity, clamp ? clamp[1] : infinity};
    if (field[9] >= 0) step.dense.bytes = reinterpret_cast<const StaticScale*>(static_scale(field[9]));
  }
}

template <typename T>
const T* Network<T>::Builder::static_scale(int32_t index) {
  const T* const from = parameter(index);
  bool fill;
  T* const to = take({from, nullptr, 3, 0, form_of_scale, 0}, 3, fill);
  for (size_t i = 0; fill && i < 3; i++) to[i] = i == 0 ? from[0] : i == 1 ? 1 / from[0] : from[1];
  return to;
}

template <typename T>
void Network<T>::Builder::distances(Step<T>& step, const int32_t* field) {
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

template <typename T>
void Network<T>::Builder::trees(Step<T>& step, const int32_t* field, const int32_t* end) {
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

template <typename T>
TreePacker* Network<T>::Builder::next_packer(const T* nodes, size_t count, const T* sets, size_t set_count) {
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

template void Network<float>::Builder::dense(Step<float>&, const int32_t*);
template void Network<float>::Builder::static_dense(Step<float>&, const int32_t*);
template const float* Network<float>::Builder::static_scale(int32_t);
template void Network<float>::Builder::distances(Step<float>&, const int32_t*);
template void Network<float>::Builder::trees(Step<float>&, const int32_t*, const int32_t*);
template void Network<double>::Builder::dense(Step<double>&, const int32_t*);
template void Network<double>::Builder::static_dense(Step<double>&, const int32_t*);
template const double* Network<double>::Builder::static_scale(int32_t);
template void Network<double>::Builder::distances(Step<double>&, const int32_t*);
template void Network<double>::Builder::trees(Step<double>&, const int32_t*, const int32_t*);

}  // namespace fp
