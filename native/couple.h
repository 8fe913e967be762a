// Probabilities of classes from the probabilities of pairs of classes, as in libsvm: the second method of Wu, Lin and
// Weng.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace fp {

constexpr int32_t most_coupled = 1024;

// The position of r(i, j) among the pairs, i < j.
template <typename T>
const T* pair_of(const T* x, size_t i, size_t j, size_t K) {
  return x + (i * (2 * K - i - 1) / 2 + (j - i - 1));
}

// x has r(i, j), the probability of i within the pair, for each i < j in order; y becomes a probability for each of K
// classes. The number of iterations depends on the row, so the order of operations is that of libsvm: a last bit may
// decide. Always computed in double precision.
template <typename T>
void couple(const T* x, T* y, size_t K) {
  // Every round reads the whole matrix, so a small one is stored; a large one is computed again row by row.
  constexpr size_t most_kept = 32;
  static_assert(most_kept * most_kept >= most_coupled, "a row fits in any case");
  const bool is_kept = K <= most_kept;
  double p[most_coupled], q[most_coupled], diagonal[most_coupled], matrix[most_kept * most_kept];
  for (size_t t = 0; t < K; t++) p[t] = 1.0 / double(K), diagonal[t] = 0;
  // Each class meets the others in order.
  for (size_t i = 0; i < K; i++) {
    for (size_t j = i + 1; j < K; j++) {
      const double first = double(*pair_of(x, i, j, K)), second = 1 - first;
      diagonal[i] += second * second;
      diagonal[j] += first * first;
      if (is_kept) matrix[i * K + j] = matrix[j * K + i] = -second * first;
    }
    if (is_kept) matrix[i * K + i] = diagonal[i];
  }
  const auto row_of = [&](size_t t) -> const double* {
    if (is_kept) return matrix + t * K;
    for (size_t j = 0; j < K; j++) {
      const double first = j == t ? 0 : double(*(j < t ? pair_of(x, j, t, K) : pair_of(x, t, j, K)));
      matrix[j] = j == t ? diagonal[t] : -(1 - first) * first;
    }
    return matrix;
  };
  const size_t most_rounds = K > 100 ? K : 100;
  const double tolerance = 0.005 / double(K);
  for (size_t round = 0; round < most_rounds; round++) {
    double total = 0;
    for (size_t t = 0; t < K; t++) {
      const double* const row = row_of(t);
      double sum = 0;
      for (size_t j = 0; j < K; j++) sum += row[j] * p[j];
      q[t] = sum;
      total += p[t] * sum;
    }
    double greatest = 0;
    for (size_t t = 0; t < K; t++) {
      const double error = std::fabs(q[t] - total);
      if (!(error <= greatest)) greatest = error;  // NaN too
    }
    if (greatest < tolerance) break;
    for (size_t t = 0; t < K; t++) {
      const double* const row = row_of(t);
      const double difference = (-q[t] + total) / diagonal[t];
      p[t] += difference;
      total = (total + difference * (difference * diagonal[t] + 2 * q[t])) / (1 + difference) / (1 + difference);
#ifdef __clang__
#pragma clang loop vectorize(enable)
#endif
      for (size_t j = 0; j < K; j++) {
        q[j] = (q[j] + difference * row[j]) / (1 + difference);
        p[j] /= 1 + difference;
      }
    }
  }
  for (size_t t = 0; t < K; t++) y[t] = T(p[t]);
}

}  // namespace fp
