#include "pack_reduced.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "arena.h"
#include "panel.h"

namespace fp {
namespace {

constexpr size_t word_bytes = sizeof(float);

uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

float float_of(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

uint32_t to_bf16(float value) {
  const uint32_t bits = bits_of(value);
  if (value != value)
    return bits >> 16 | 0x40;  // quiet, so that cutting the payload cannot make
                               // it an infinity
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

// max|w| / 127, rounded up to 16 significant bits.
float scale_for(float greatest) {
  if (!(greatest <= std::numeric_limits<float>::max())) return std::numeric_limits<float>::quiet_NaN();
  if (greatest < 0x1p-100f) return 0;
  return float_of((bits_of(greatest / 127) + 0xff) & ~uint32_t(0xff));
}

// The number of columns in whole vectors.
size_t width_of(size_t columns, int lanes) { return round_up(columns, size_t(lanes)); }

size_t bf16_row(size_t width, int lanes) { return round_up(width, 2 * size_t(lanes)) / 2; }

// Packs the groups of a panel, and what their offset adds to each sum. `whole` converts a weight of a column to an
// integer.
template <typename T, class F>
void pack_groups(const T* weights, bool out_in, size_t K, size_t N, size_t first, size_t columns, size_t width,
                 const Int8Layout& layout, float* to, F whole) {
  float* const starts = to + 2 * width;  // bits of int32
  int8_t* const groups = reinterpret_cast<int8_t*>(to + 3 * width);
  const size_t group = size_t(layout.group);
  each_weight(weights, out_in, K, N, first, columns, [&](size_t k, size_t n, T w) {
    const int32_t q = whole(n, w);
    starts[n] = float_of(bits_of(starts[n]) - uint32_t(layout.offset * q));
    groups[(k / group * width + n) * group + k % group] = int8_t(q);
  });
}

void pack_int8_panel(const float* weights, bool out_in, const float* bias, size_t K, size_t N, size_t first,
                     size_t columns, size_t width, const Int8Layout& layout, float* to) {
  float* const scales = to + width;
  // Finds the greatest magnitudes; once it is NaN, a scale stays NaN.
  each_weight(weights, out_in, K, N, first, columns, [&](size_t, size_t n, float w) {
    const float magnitude = std::fabs(w);
    if (!(magnitude <= scales[n])) scales[n] = scales[n] != scales[n] ? scales[n] : magnitude;
  });
  for (size_t n = 0; n < columns; n++) {
    if (bias != nullptr) to[n] = bias[first + n];
    scales[n] = scale_for(scales[n]);
  }
  pack_groups(weights, out_in, K, N, first, columns, width, layout, to,
              [&](size_t n, float w) { return scales[n] > 0 ? int32_t(std::nearbyint(w / scales[n])) : 0; });
}

// Calls pack(first column, columns, their width, address) for each panel.
template <class F>
void each_panel(size_t K, size_t N, const Int8Layout& layout, float* to, F pack) {
  for (size_t first = 0; first < N; first += size_t(layout.panel_columns)) {
    const size_t left = N - first;
    const size_t columns = left < size_t(layout.panel_columns) ? left : size_t(layout.panel_columns);
    const size_t width = width_of(columns, layout.lanes);
    pack(first, columns, width, to);
    to += int8_panel_size(K, width, layout.group);
  }
}

}  // namespace

size_t packed_bf16_size(size_t K, size_t N, int lanes, int panel_columns) {
  const size_t panel = size_t(panel_columns), width = width_of(N % panel, lanes);
  return N / panel * (panel + K * bf16_row(panel, lanes)) + width + K * bf16_row(width, lanes);
}

void pack_bf16(const float* weights, bool out_in, const float* bias, size_t K, size_t N, int lanes, int panel_columns,
               float* to) {
  const size_t vector = size_t(lanes);
  for (size_t first = 0; first < N; first += size_t(panel_columns)) {
    const size_t left = N - first, columns = left < size_t(panel_columns) ? left : size_t(panel_columns);
    const size_t width = width_of(columns, lanes), row = bf16_row(width, lanes);
    for (size_t n = 0; bias != nullptr && n < columns; n++) to[n] = bias[first + n];
    to += width;
    each_weight(weights, out_in, K, N, first, columns, [&](size_t k, size_t n, float w) {
      float& word = to[k * row + n / (2 * vector) * vector + n % vector];
      word = float_of(bits_of(word) | to_bf16(w) << (n / vector % 2 * 16));
    });
    to += K * row;
  }
}

size_t int8_panel_size(size_t K, size_t width, int group) {
  const size_t bytes = 3 * width * word_bytes + round_up(K, size_t(group)) * width;
  return round_up(bytes, cache_line_bytes) / word_bytes;
}

size_t packed_int8_size(size_t K, size_t N, const Int8Layout& layout) {
  const size_t panel = size_t(layout.panel_columns), width = width_of(N % panel, layout.lanes);
  const size_t last = width > 0 ? int8_panel_size(K, width, layout.group) : 0;
  return N / panel * int8_panel_size(K, panel, layout.group) + last;
}

void pack_int8(const float* weights, bool out_in, const float* bias, size_t K, size_t N, const Int8Layout& layout,
               float* to) {
  each_panel(K, N, layout, to, [&](size_t first, size_t columns, size_t width, float* panel) {
    pack_int8_panel(weights, out_in, bias, K, N, first, columns, width, layout, panel);
  });
}

void pack_bytes(const double* weights, bool out_in, size_t K, size_t N, const Int8Layout& layout, float* to) {
  each_panel(K, N, layout, to, [&](size_t first, size_t columns, size_t width, float* panel) {
    for (size_t n = 0; n < columns; n++) panel[width + n] = 1;
    pack_groups(weights, out_in, K, N, first, columns, width, layout, panel,
                [](size_t, double w) { return w >= -128 && w <= 127 ? int32_t(w) : 0; });
  });
}

}  // namespace fp
