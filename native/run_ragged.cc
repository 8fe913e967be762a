// Runs steps that take ragged rows: sums over the rows of a table, and dense rows from pairs.
#include <cstring>

#include "network.h"
#include "pairs.h"

namespace fp {
namespace {

// Adds up weight·row of the table over the pairs, or takes the maximum of each column.
template <typename T>
bool bag_row(const Kernels<T>& kernels, const Step<T>& step, Pairs<T>& pairs, T* y) {
  const size_t width = step.width, row_count = pairs.row_count();
  const T* const table = step.p[0];
  for (size_t j = 0; j < width; j++) y[j] = 0;
  bool first = true;
  while (const size_t count = pairs.next()) {
    if (BagMode(step.function) == BagMode::max) {
      for (size_t k = 0; k < count; k++, first = false) {
        const T* const row = table + size_t(pairs.ids[k]) * width;
        for (size_t j = 0; j < width; j++) {
          const T product = pairs.weights[k] * row[j];
          if (first || product > y[j] || product != product) y[j] = product;
        }
      }
    } else if (width == 1) {
      T sum = *y;
      for (size_t k = 0; k < count; k++) sum += pairs.weights[k] * table[pairs.ids[k]];
      *y = sum;
    } else {
      kernels.bag(table, width, pairs.ids, pairs.weights, count, y);
    }
  }
  if (BagMode(step.function) == BagMode::mean && row_count > 0) {
    for (size_t j = 0; j < width; j++) y[j] /= T(row_count);
  }
  for (size_t j = 0; step.p[1] != nullptr && j < width; j++) y[j] += step.p[1][j];
  return !pairs.bad();
}

template <typename T>
bool scatter_row(Pairs<T>& pairs, T* y, size_t width) {
  std::memset(static_cast<void*>(y), 0, width * sizeof(T));
  while (const size_t count = pairs.next()) {
    for (size_t k = 0; k < count; k++) y[pairs.ids[k]] += pairs.weights[k];
  }
  return !pairs.bad();
}

}  // namespace

template <typename T>
bool Network<T>::run_ragged(const Step<T>& step, const Input& input, T* y, size_t first, size_t rows,
                            RunError& error) const {
  Pairs<T> pairs(input, step.inner);
  for (size_t r = 0; r < rows; r++, y += step.width) {
    pairs.begin(first + r);
    if (step.opcode == Opcode::bag ? bag_row(*kernels_, step, pairs, y) : scatter_row(pairs, y, step.width)) continue;
    size_t port = 0;
    while (inputs_[port].value != step.a) port++;
    error = {port, r, pairs.bad_place(), pairs.bad_id(), step.inner};
    return false;
  }
  return true;
}

template bool Network<float>::run_ragged(const Step<float>&, const Input&, float*, size_t, size_t, RunError&) const;
template bool Network<double>::run_ragged(const Step<double>&, const Input&, double*, size_t, size_t, RunError&) const;

}  // namespace fp
