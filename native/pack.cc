#include "pack.h"

#include <cstring>

#include "panel.h"

namespace fp {
namespace {

// The number of elements of one row of weights in DenseOrder::lanes.
size_t lane_row(size_t K, DenseShape shape) { return round_up(K, lane_count * size_t(shape.partials)); }

// Full panels of weights [K, N], `count` columns from the first on. Several panels take their parts of each row in
// turn: a single panel would touch a page for each of its short rows.
template <typename T>
void pack_full_panels(const T* weights, size_t K, size_t N, size_t count, size_t panel, T* to) {
  constexpr size_t panels_at_once = 16;
  const size_t stride = (K + 1) * panel;
  for (size_t first = 0; first < count; first += panels_at_once * panel) {
    const size_t end = first + panels_at_once * panel < count ? first + panels_at_once * panel : count;
    for (size_t k = 0; k < K; k++) {
      T* row = to + first / panel * stride + (k + 1) * panel;
      for (size_t n = first; n < end; n += panel, row += stride)
        std::memcpy(row, weights + k * N + n, panel * sizeof(T));
    }
  }
}

}  // namespace

DenseShape dense_shape(size_t K, size_t N) {
  if (N <= 8 && K >= 4 * N) return {DenseOrder::lanes, K >= 256 ? 4 : 1};
  // Eight chains of 16 columns hide the latency of a fused multiply-add; splitting into runs of fewer than 8 does not
  // pay.
  int partials = 1;
  while (partials < 8 && size_t(partials) * 2 * N <= 128 && K >= size_t(partials) * 2 * 8) partials *= 2;
  return {DenseOrder::chains, partials};
}

size_t packed_size(size_t K, size_t N, int lanes, int panel_columns) {
  const DenseShape shape = dense_shape(K, N);
  if (shape.order == DenseOrder::lanes) return N * lane_row(K, shape) + N;
  const size_t full = N / size_t(panel_columns) * size_t(panel_columns);
  return (K + 1) * (full + round_up(N - full, size_t(lanes)));
}

template <typename T>
void pack(const T* weights, bool out_in, const T* bias, size_t K, size_t N, int lanes, int panel_columns, T* to) {
  const DenseShape shape = dense_shape(K, N);
  if (shape.order == DenseOrder::lanes) {
    const size_t row = lane_row(K, shape);
    for (size_t n = 0; n < N; n++) {
      for (size_t k = 0; k < K; k++) to[n * row + k] = out_in ? weights[n * K + k] : weights[k * N + n];
      to[N * row + n] = bias != nullptr ? bias[n] : T(0);
    }
    return;
  }
  const size_t panel = size_t(panel_columns), full = N / panel * panel;
  if (!out_in) pack_full_panels(weights, K, N, full, panel, to);
  for (size_t first = 0; first < N; first += panel) {
    const size_t columns = first < full ? panel : N - first, width = round_up(columns, size_t(lanes));
    for (size_t n = 0; bias != nullptr && n < columns; n++) to[n] = bias[first + n];
    to += width;
    if (out_in || first >= full) {
      each_weight(weights, out_in, K, N, first, columns, [&](size_t k, size_t n, T w) { to[k * width + n] = w; });
    }
    to += K * width;
  }
}

template void pack(const float*, bool, const float*, size_t, size_t, int, int, float*);
template void pack(const double*, bool, const double*, size_t, size_t, int, int, double*);

}  // namespace fp
