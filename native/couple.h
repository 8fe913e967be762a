// Probabilities of classes from those of pairs of them, as libsvm has it: Wu, Lin and Weng's second method.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace fp {

constexpr int32_t most_coupled = 1024;

// x has r(i, j), the probability of i within the pair, for each i < j in order; y becomes a probability for each of K
// classes. How often the classes are gone through depends on the row, so the order of operations is libsvm's: a last
// bit may decide. Computed in double whatever the precision.
template <typename T>
void couple(const T* x, T* y, size_t K) {
  const auto pair = [x, K](size_t i, size_t j) { return double(x[i * (2 * K - i - 1) / 2 + (j - i - 1)]); };
  const auto within = [&pair](size_t i, size_t j) { return i < j ? pair(i, j) : 1 - pair(j, i); };
  const auto cross = [&within](size_t t, size_t j) { return -within(j, t) * within(t, j); };
  double p[most_coupled], q[most_coupled], diagonal[most_coupled];
  for (size_t t = 0; t < K; t++) {
    p[t] = 1.0 / double(K);
    diagonal[t] = 0;
    for (size_t j = 0; j < K; j++) {
      if (j != t) diagonal[t] += within(j, t) * within(j, t);
    }
  }
  const size_t most_rounds = K > 100 ? K : 100;
  const double tolerance = 0.005 / double(K);
  for (size_t round = 0; round < most_rounds; round++) {
    double total = 0;
    for (size_t t = 0; t < K; t++) {
      q[t] = 0;
      for (size_t j = 0; j < K; j++) q[t] += (j == t ? diagonal[t] : cross(t, j)) * p[j];
      total += p[t] * q[t];
    }
    double greatest = 0;
    for (size_t t = 0; t < K; t++) {
      const double error = std::fabs(q[t] - total);
      if (!(error <= greatest)) greatest = error;  // NaN too
    }
    if (greatest < tolerance) break;
    for (size_t t = 0; t < K; t++) {
      const double difference = (-q[t] + total) / diagonal[t];
      p[t] += difference;
      total = (total + difference * (difference * diagonal[t] + 2 * q[t])) / (1 + difference) / (1 + difference);
      for (size_t j = 0; j < K; j++) {
        q[j] = (q[j] + difference * (j == t ? diagonal[t] : cross(t, j))) / (1 + difference);
        p[j] /= 1 + difference;
      }
    }
  }
  for (size_t t = 0; t < K; t++) y[t] = T(p[t]);
}

}  // namespace fp
