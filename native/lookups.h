// Steps that compute nothing: they look up rows and columns, and copy them.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "network.h"

namespace fp {

constexpr size_t no_id = SIZE_MAX;

// The id as an index below `limit`, or no_id. With `wrap`, −1 is the last.
template <typename T>
size_t index_of(T id, size_t limit, bool wrap) {
  if (!(id >= -T(limit) && id < T(limit)) || id != std::trunc(id)) return no_id;
  if (id >= 0) return size_t(id);
  return wrap ? limit - size_t(-id) : no_id;
}

// y is [ids, D]; returns the position of an invalid id, or no_id.
template <typename T>
size_t embed(const T* ids, size_t count, const Step<T>& step, T* y) {
  for (size_t i = 0; i < count; i++) {
    const size_t index = index_of(ids[i], step.repeat, step.function != 0);
    if (index == no_id) return i;
    std::memcpy(y + i * step.inner, step.p[0] + index * step.inner, step.inner * sizeof(T));
  }
  return no_id;
}

// Copies what is already filled, because with small code size clang makes a loop of single elements.
template <typename T>
void fill(T* to, size_t count, T value) {
  constexpr size_t most = 1024;  // stays in the first-level cache
  if (count > 0) to[0] = value;
  for (size_t done = 1, part; done < count; done += part) {
    part = done < most ? done : most;
    if (part > count - done) part = count - done;
    std::memcpy(to + done, to, part * sizeof(T));
  }
}

// y is [ids, depth]; an id outside the range gives a row of only off; a number that is not an integer is invalid.
template <typename T>
size_t one_hot(const T* ids, size_t count, const Step<T>& step, T* y) {
  const T on = step.p[0][0], off = step.p[0][1];
  fill(y, count * step.inner, off);
  for (size_t i = 0; i < count; i++) {
    if (ids[i] != std::trunc(ids[i])) return i;
    T* const row = y + i * step.inner;
    const size_t index = index_of(ids[i], step.inner, step.function != 0);
    if (index != no_id) row[index] = on;
  }
  return no_id;
}

template <typename T>
void gather(const T* x, size_t x_width, const Step<T>& step, T* y, size_t rows) {
  for (size_t r = 0; r < rows; r++, x += x_width, y += step.width) {
    if (step.function != 0) {
      std::memcpy(y, x + step.inner, step.width * sizeof(T));
    } else {
      for (size_t i = 0; i < step.width; i++) y[i] = x[step.list[i]];
    }
  }
}

template <typename T>
void concat(T* const* base, size_t value_count, const Step<T>& step, T* y, size_t rows) {
  const int32_t* const widths = step.list + step.list_count;
  size_t column = 0;
  for (size_t i = 0; i < step.list_count; i++) {
    const bool constant = size_t(step.list[i]) >= value_count;
    const size_t width = size_t(widths[i]), part = width / step.repeat, whole = step.width / step.repeat;
    for (size_t r = 0; r < rows; r++) {
      const T* const from = base[step.list[i]] + (constant ? 0 : r * width);
      T* const to = y + r * step.width + column;
      for (size_t o = 0; o < step.repeat; o++) std::memcpy(to + o * whole, from + o * part, part * sizeof(T));
    }
    column += part;
  }
}

}  // namespace fp
