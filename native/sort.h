// The first few of a row's elements in their order.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"

namespace fp {

// A float tells so many places apart.
constexpr int64_t most_sorted_f32 = 1 << 24;

// Whether x[i] comes before x[j]: NaN is greater than all numbers, and of equal elements the first comes first. No two
// places are equal to it, so that the order is the same whatever the algorithm.
template <typename T>
FP_NOINLINE bool comes_before(const T* x, bool descending, size_t i, size_t j) {
  const T a = x[i], b = x[j];
  const bool nan = a != a, other_nan = b != b;
  if (a == b || (nan && other_nan)) return i < j;
  if (nan || other_nan) return descending ? nan : other_nan;
  return descending ? a > b : a < b;
}

// The element at `at` of a heap of places goes down to where it belongs: the last in order is at the root.
template <typename T>
FP_NOINLINE void sink_place(const T* x, bool descending, T* y, size_t at, size_t end) {
  const T moved = y[at];
  for (size_t child = 2 * at + 1; child < end; child = 2 * at + 1) {
    if (child + 1 < end && comes_before(x, descending, size_t(y[child]), size_t(y[child + 1]))) child++;
    if (!comes_before(x, descending, size_t(moved), size_t(y[child]))) break;
    y[at] = y[child];
    at = child;
  }
  y[at] = moved;
}

// y[count] becomes the places of the first `count` of x[width] in order, 1 ≤ count ≤ width. It is a heap meanwhile, so
// that nothing else is needed.
template <typename T>
FP_NOINLINE void sort_places(const T* x, size_t width, bool descending, T* y, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] = T(i);
  for (size_t at = count / 2; at-- > 0;) sink_place(x, descending, y, at, count);
  for (size_t i = count; i < width; i++) {
    if (!comes_before(x, descending, i, size_t(y[0]))) continue;
    y[0] = T(i);
    sink_place(x, descending, y, 0, count);
  }
  for (size_t end = count; end-- > 1;) {
    const T last = y[end];
    y[end] = y[0];
    y[0] = last;
    sink_place(x, descending, y, 0, end);
  }
}

}  // namespace fp
