// Dense layers of very few outputs (DenseOrder::lanes of pack.h): dot products along k.
//
// Adding up sixteen lanes takes four steps, each a shuffle and an addition. Four sums at once share them: those of
// several rows if there are several, otherwise outputs of one row. Weights are aligned and rows are not, so most loads
// of a row touch two cache lines, and several outputs share each of them.
#pragma once

#include <cstddef>

#include "../pack.h"
#include "kernels.h"
#include "lanes.h"

namespace FP_ISA {

template <class S>
struct Dots {
  using T = typename S::T;
  using L = Lanes<S>;
  using Layer = fp::DenseLayer<T>;

  // Whether a step can be loaded in part with few instructions.
  template <int U>
  static constexpr bool has_masks = S::lanes * sizeof(T) >= 32 && L::vectors* U <= (S::registers >= 32 ? 8 : 2);

  // Whether the sums need more than half of the registers; then they are added up two sixteens at a time.
  template <int R, int NN, int U>
  static constexpr bool by_twos = S::lanes > 1 && R* NN* U == 4 && 4 * L::vectors > S::registers / 2;

  // Whether rows come from beyond the second-level cache, and how many elements ahead each row is then prefetched.
  static bool are_far(size_t rows, size_t K) { return rows * K * sizeof(T) > size_t(1) << 20; }
  static constexpr size_t ahead = 1024 / sizeof(T);

  struct Finish {
    typename S::V low, high;
    Four<S> bias;
    FP_INLINE Four<S> operator()(const Four<S>& sums) const {
      return Four<S>::map([&](int i) { return S::min(high, S::max(low, S::add(sums.v[i], bias.v[i]))); });
    }
  };

  // The first `count` elements of each row, then zeros up to `step`.
  static FP_INNER FP_NOINLINE void pad(const T* x, size_t K, size_t count, T* to, size_t step, int rows) {
    for (; rows > 0; rows--, x += K, to += step) {
      for (size_t i = 0; i < step; i += S::lanes) {
        const ptrdiff_t left = ptrdiff_t(count) - ptrdiff_t(i);
        S::store(to + i, left >= S::lanes ? S::load(x + i)
                         : left > 0       ? S::load_part(x + i, int(left), S::zero())
                                          : S::zero());
      }
    }
  }

  // Sixteen sums for each of two rows, outputs or runs of k. The rest of a row after its last step is in `rest`.
  struct Two {
    const T *x[2], *weights[2], *rest[2];
  };
  static FP_INNER FP_NOINLINE void add_two(const Two& two, size_t K, size_t step, L* sums) {
    const T *const x0 = two.x[0], *const x1 = two.x[1], *const w0 = two.weights[0], *const w1 = two.weights[1];
    L first = L::set1(0), second = first;
    size_t k = 0;
    for (; k + step <= K; k += step) {
      first = L::fma(L::load(x0 + k), L::load(w0 + k), first);
      second = L::fma(L::load(x1 + k), L::load(w1 + k), second);
    }
    if (k < K) {
      first = L::fma(L::load(two.rest[0]), L::load(w0 + k), first);
      second = L::fma(L::load(two.rest[1]), L::load(w1 + k), second);
    }
    sums[0] = first;
    sums[1] = second;
  }

  // Adds up R rows times NN outputs, with U·16 sums each; `weights` has those of each output.
  template <int R, int NN, int U, bool far>
  static FP_INLINE void multiply(L (&sum)[R][NN][U], const T* x, size_t K, const T* const (&weights)[NN]) {
    constexpr size_t step = fp::lane_count * U;
    if constexpr (by_twos<R, NN, U>) {
      T rest[R * step];
      const size_t left = K % step;
      if (left > 0) pad(x + (K - left), K, left, rest, step, R);
      FP_ONE_BY_ONE
      for (int i = 0; i < R * NN * U; i += 2) {
        Two two;
        for (int j = 0; j < 2; j++) {
          const int r = (i + j) / (NN * U), n = (i + j) / U % NN, u = (i + j) % U;
          two.x[j] = x + size_t(r) * K + u * fp::lane_count;
          two.weights[j] = weights[n] + u * fp::lane_count;
          two.rest[j] = rest + size_t(r) * step + u * fp::lane_count;
        }
        add_two(two, K, step, &sum[0][0][0] + i);
      }
    } else {
      multiply_together<R, NN, U, far>(sum, x, K, weights);
    }
    FP_UNROLL
    for (int r = 0; r < R; r++) {
      FP_UNROLL
      for (int n = 0; n < NN; n++) {
        FP_UNROLL
        for (int d = 1; d < U; d *= 2) {
          FP_UNROLL
          for (int u = 0; u < U; u += 2 * d) sum[r][n][u] = L::add(sum[r][n][u], sum[r][n][u + d]);
        }
      }
    }
  }

  template <int R, int NN, int U, bool far>
  static FP_INLINE void multiply_together(L (&sum)[R][NN][U], const T* x, size_t K, const T* const (&weights)[NN]) {
    constexpr size_t step = fp::lane_count * U;
    FP_UNROLL
    for (int r = 0; r < R; r++) {
      FP_UNROLL
      for (int n = 0; n < NN; n++) {
        FP_UNROLL
        for (int u = 0; u < U; u++) sum[r][n][u] = L::set1(0);
      }
    }
    const auto add = [&](const T* from, size_t stride, size_t k) {
      FP_UNROLL
      for (int u = 0; u < U; u++) {
        FP_UNROLL
        for (int r = 0; r < R; r++) {
          const T* const of_row = from + r * stride + u * fp::lane_count;
          if constexpr (far) FP_PREFETCH(of_row + ahead);
          const L a = L::load(of_row);
          FP_UNROLL
          for (int n = 0; n < NN; n++) {
            sum[r][n][u] = L::fma(a, L::load(weights[n] + k + u * fp::lane_count), sum[r][n][u]);
          }
        }
      }
    };
    size_t k = 0;
    for (; k + step <= K; k += step) add(x + k, K, k);
    if (k < K) {
      if constexpr (has_masks<U>) {
        // With masks, the sums stay in registers.
        const T* from = x + k;
        FP_UNROLL
        for (int i = 0; i < U * L::vectors; i++) {
          const ptrdiff_t left = ptrdiff_t(K - k) - i * S::lanes;
          const int here = left < 0 ? 0 : left < S::lanes ? int(left) : S::lanes;
          FP_UNROLL
          for (int r = 0; r < R; r++) {
            const auto a = S::load_part(from + size_t(r) * K + i * S::lanes, here, S::zero());
            FP_UNROLL
            for (int n = 0; n < NN; n++) {
              auto& of = sum[r][n][i / L::vectors].v[i % L::vectors];
              of = S::fma(a, S::load(weights[n] + k + i * S::lanes), of);
            }
          }
        }
      } else {
        T rest[R * step];
        pad(x + k, K, K - k, rest, step, R);
        add(rest, step, k);
      }
    }
  }

  // Outputs `first` to first + outputs − 1 of rows, a multiple of R. If there are fewer than NN outputs, the last one
  // is computed several times.
  template <int R, int NN, int U, bool far = false>
  static FP_INNER void dots(const Layer& layer, const T* x, T* y, size_t rows, size_t first, size_t outputs = NN) {
    constexpr size_t step = fp::lane_count * U;
    if constexpr (R > 1 || NN == 1) outputs = NN;
    const size_t K = layer.K, N = layer.N, padded = (K + step - 1) / step * step;
    const T* weights[NN];
    FP_UNROLL
    for (size_t n = 0; n < NN; n++) weights[n] = layer.weights + (first + (n < outputs ? n : outputs - 1)) * padded;
    const T* const bias = layer.weights + N * padded + first;
    constexpr bool by_rows = R > 1 && R * NN == 4;  // the sums of all rows side by side, otherwise those of one
    T biases[4];
    for (int i = 0; by_rows && i < 4; i++) biases[i] = bias[i % NN];
    const Finish finish = {S::set1(layer.low), S::set1(layer.high),
                           by_rows ? Four<S>::load(biases, 4) : Four<S>::load(bias, int(outputs))};
    y += first;
    for (size_t row = 0; row < rows; row += R, x += R * K, y += R * N) {
      L sum[R][NN][U];
      multiply<R, NN, U, far>(sum, x, K, weights);
      if constexpr (by_rows) {
        const auto of = [&](int i) -> const L& { return sum[i / NN][i % NN][0]; };
        const auto out = finish(Four<S>::sums(of(0), of(1), of(2), of(3)));
        if (N == NN) {
          out.store(y, 4);
        } else {
          T apart[4];
          out.store(apart, 4);
          for (int i = 0; i < 4; i++) y[i / NN * N + i % NN] = apart[i];
        }
      } else {
        static_assert(NN <= 4, "sums are added up by four");
        constexpr int end = NN - 1, second = end < 1 ? end : 1, third = end < 2 ? end : 2;
        FP_UNROLL
        for (int r = 0; r < R; r++) {
          const auto& of = sum[r];
          finish(Four<S>::sums(of[0][0], of[second][0], of[third][0], of[end][0])).store(y + r * N, int(outputs));
        }
      }
    }
  }

  // Row by row: NN outputs at a time, then the rest together.
  template <int NN, int U>
  static FP_INNER void single_rows(const Layer& layer, const T* x, T* y, size_t rows) {
    size_t n = 0;
    for (; n + NN <= layer.N; n += NN) dots<1, NN, U>(layer, x, y, rows, n);
    const size_t left = layer.N - n;
    if (left > 1) {
      dots<1, NN, U>(layer, x, y, rows, n, left);
    } else if (left == 1) {
      dots<1, 1, U>(layer, x, y, rows, n);
    }
  }

  // Rows in groups of four (only whole groups), with as few loads for each product as registers allow.
  template <int U, int sets>
  static FP_INNER void rows_by_fours(const Layer& layer, const T* x, T* y, size_t rows) {
    size_t n = 0;
    if constexpr (sets >= 16) {
      for (; n + 4 <= layer.N; n += 4) dots<4, 4, U, (U > 1)>(layer, x, y, rows, n);
    }
    if constexpr (L::vectors == 1) {
      for (; layer.N - n == 3 || layer.N - n > 4; n += 3) dots<2, 3, U, (U > 1)>(layer, x, y, rows, n);
      for (; n + 2 <= layer.N; n += 2) dots<2, 2, U, (U > 1)>(layer, x, y, rows, n);
    }
    for (; n < layer.N; n++) {
      // One output would have a prefetch for each product, which costs time if rows are near.
      if (U > 1 && are_far(rows, layer.K)) {
        dots<4, 1, U, (U > 1)>(layer, x, y, rows, n);
      } else {
        dots<4, 1, U>(layer, x, y, rows, n);
      }
    }
  }

  template <int U>
  static FP_INNER void all_rows(const Layer& layer, const T* x, T* y, size_t rows) {
    constexpr int sets = S::registers / 2 / (L::vectors * U);  // of sixteen sums in half of the registers
    constexpr bool by_fours = S::lanes > 1 && (sets >= 4 || U == 1);
    if constexpr (by_fours) {
      if (rows >= 4) {
        const size_t whole = rows / 4 * 4;
        rows_by_fours<U, sets>(layer, x, y, whole);
        x += whole * layer.K;
        y += whole * layer.N;
        rows -= whole;
      }
    }
    if (rows > 0) single_rows<by_fours ? 4 : sets >= 2 ? 2 : 1, U>(layer, x, y, rows);
  }

  static void run(const Layer& layer, const T* x, T* y, size_t rows) {
    if (layer.shape.partials == 1) {
      all_rows<1>(layer, x, y, rows);
    } else {
      all_rows<4>(layer, x, y, rows);
    }
  }
};

}  // namespace FP_ISA
