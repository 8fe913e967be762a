// The first elements of a row in sorted order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "kernels/kernels.h"

namespace fp {

// The number of indices that are exact as floats.
constexpr int64_t most_sorted_f32 = 1 << 24;

// Whether x[i] comes before x[j]: NaN is greater than all numbers, and equal elements keep their order. No two indices
// are equal, so the order does not depend on the algorithm.
template <typename T>
FP_NOINLINE bool comes_before(const T* x, bool descending, size_t i, size_t j) {
  const T a = x[i], b = x[j];
  const bool nan = a != a, other_nan = b != b;
  if (a == b || (nan && other_nan)) return i < j;
  if (nan || other_nan) return descending ? nan : other_nan;
  return descending ? a > b : a < b;
}

// Moves the element at `at` of a heap of indices down to its position: the last in order is at the root.
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

template <typename T>
void make_heap(const T* x, bool descending, T* y, size_t count) {
  for (size_t at = count / 2; at-- > 0;) sink_place(x, descending, y, at, count);
}

// Turns a heap into sorted order.
template <typename T>
FP_NOINLINE void sort_heap(const T* x, bool descending, T* y, size_t count) {
  for (size_t end = count; end-- > 1;) {
    const T last = y[end];
    y[end] = y[0];
    y[0] = last;
    sink_place(x, descending, y, 0, end);
  }
}

// y[count] becomes the indices of the first `count` of x[width] in order, 1 ≤ count ≤ width. It serves as the heap, so
// no other memory is needed.
template <typename T>
FP_NOINLINE void sort_places(const T* x, size_t width, bool descending, T* y, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] = T(i);
  make_heap(x, descending, y, count);
  for (size_t i = count; i < width; i++) {
    if (!comes_before(x, descending, i, size_t(y[0]))) continue;
    y[0] = T(i);
    sink_place(x, descending, y, 0, count);
  }
  sort_heap(x, descending, y, count);
}

// The least `count` of x[width] in order, as values and indices. Equal values are chosen as by scikit-learn's heap,
// which only compares values: a lesser value replaces the greatest one and sinks, to the left if both children are
// equal. NaN and infinity are never taken; if nothing else is left, the value is infinity, and the index 0.
template <typename T>
FP_NOINLINE void nearest_places(const T* x, size_t width, T* values, T* places, size_t count) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  for (size_t i = 0; i < count; i++) {
    values[i] = infinity;
    places[i] = 0;
  }
  constexpr size_t part = 16;  // looked at together, since few are less
  for (size_t first = 0; first < width; first += part) {
    const size_t end = width - first < part ? width : first + part;
    const T greatest = values[0];
    int less = 0;
    for (size_t i = first; i < end; i++) less |= x[i] < greatest;
    for (size_t i = first; less != 0 && i < end; i++) {
      const T value = x[i];
      if (!(value < values[0])) continue;
      size_t at = 0;
      for (size_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && values[child] < values[child + 1]) child++;
        if (!(value < values[child])) break;
        values[at] = values[child];
        places[at] = places[child];
        at = child;
      }
      values[at] = value;
      places[at] = T(i);
    }
  }
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    if (values[i] < infinity) places[found++] = places[i];
  }
  make_heap(x, false, places, found);
  sort_heap(x, false, places, found);
  for (size_t i = 0; i < count; i++) {
    values[i] = i < found ? x[size_t(places[i])] : infinity;
    if (i >= found) places[i] = 0;
  }
}

}  // namespace fp
