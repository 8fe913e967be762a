// Sixteen parallel sums, for any vector width of the instruction set: the unit of every sum along a row.
//
// Element i of a row belongs to lane i mod 16; lanes are combined half onto half (8, 4, 2, 1). So the order is the same
// with one vector of 16, two of 8, four of 4 or sixteen single elements.
#pragma once

#include <cstddef>

#include "../pack.h"
#include "kernels.h"

namespace FP_ISA {

template <class S>
struct Lanes {
  using T = typename S::T;
  using V = typename S::V;
  static constexpr int vectors = int(fp::lane_count) / S::lanes;

  V v[vectors];

  static FP_INLINE Lanes set1(T value) {
    Lanes out;
    FP_UNROLL
    for (int i = 0; i < vectors; i++) out.v[i] = S::set1(value);
    return out;
  }
  static FP_INLINE Lanes load(const T* from) {
    Lanes out;
    FP_UNROLL
    for (int i = 0; i < vectors; i++) out.v[i] = S::load(from + i * S::lanes);
    return out;
  }
  // The first `count` elements (any number), and `fill` for the others. Does not read beyond the first ones.
  static FP_INLINE Lanes load_part(const T* from, ptrdiff_t count, T fill) {
    Lanes out;
    FP_UNROLL
    for (int i = 0; i < vectors; i++, count -= S::lanes) {
      if (count >= S::lanes) {
        out.v[i] = S::load(from + i * S::lanes);
      } else if (count > 0) {
        out.v[i] = S::load_part(from + i * S::lanes, int(count), S::set1(fill));
      } else {
        out.v[i] = S::set1(fill);
      }
    }
    return out;
  }
  FP_INLINE void store(T* to) const {
    FP_UNROLL
    for (int i = 0; i < vectors; i++) S::store(to + i * S::lanes, v[i]);
  }
  void store_part(T* to, ptrdiff_t count) const {
    for (int i = 0; i < vectors && count > 0; i++, count -= S::lanes) {
      if (count >= S::lanes) {
        S::store(to + i * S::lanes, v[i]);
      } else {
        S::store_part(to + i * S::lanes, v[i], int(count));
      }
    }
  }

  template <class F>
  static FP_INLINE Lanes map(const Lanes& a, F f) {
    Lanes out;
    FP_UNROLL
    for (int i = 0; i < vectors; i++) out.v[i] = f(a.v[i]);
    return out;
  }
  template <class F>
  static FP_INLINE Lanes map(const Lanes& a, const Lanes& b, F f) {
    Lanes out;
    FP_UNROLL
    for (int i = 0; i < vectors; i++) out.v[i] = f(a.v[i], b.v[i]);
    return out;
  }
  static FP_INLINE Lanes add(const Lanes& a, const Lanes& b) { return map(a, b, S::add); }
  static FP_INLINE Lanes fma(const Lanes& a, const Lanes& b, const Lanes& c) {
    Lanes out;
    FP_UNROLL
    for (int i = 0; i < vectors; i++) out.v[i] = S::fma(a.v[i], b.v[i], c.v[i]);
    return out;
  }

  // Combines all lanes by f, half onto half.
  template <class F>
  T fold(F f) const {
    V half[vectors];
    for (int i = 0; i < vectors; i++) half[i] = v[i];
    for (int n = vectors / 2; n >= 1; n /= 2) {
      for (int i = 0; i < n; i++) half[i] = f(half[i], half[i + n]);
    }
    return fold_vector<S::lanes / 2>(half[0], f);
  }
  T sum() const { return fold(S::add); }

  // Half onto half, down to one vector.
  V one_vector() const {
    V half[vectors];
    for (int i = 0; i < vectors; i++) half[i] = v[i];
    for (int n = vectors / 2; n >= 1; n /= 2) {
      for (int i = 0; i < n; i++) half[i] = S::add(half[i], half[i + n]);
    }
    return half[0];
  }

 private:
  template <int D, class F>
  static T fold_vector(V a, F f) {
    if constexpr (D == 0) {
      return S::first(a);
    } else {
      return fold_vector<D / 2>(f(a, S::template down<D>(a)), f);
    }
  }
};

// Four elements, such as four sums.
template <class S>
struct Four {
  using T = typename S::T;
  using V = typename S::V;
  static constexpr int lanes = S::lanes < 4 ? S::lanes : 4;  // of each vector, that count
  static constexpr int vectors = 4 / lanes;

  V v[vectors];

  // sum() of each vector.
  static Four sums(const Lanes<S>& a, const Lanes<S>& b, const Lanes<S>& c, const Lanes<S>& d) {
    Four out;
    S::sums(a.one_vector(), b.one_vector(), c.one_vector(), d.one_vector(), out.v);
    return out;
  }
  static Four set1(T value) {
    return map([&](int) { return S::set1(value); });
  }
  // The first `count` elements (1 to 4). Does not read or write beyond them.
  static Four load(const T* from, int count) {
    return map([&](int i) {
      const int here = part(count, i);
      if (here == S::lanes) return S::load(from + i * lanes);
      return here > 0 ? S::load_part(from + i * lanes, here, S::zero()) : S::zero();
    });
  }
  void store(T* to, int count) const {
    for (int i = 0; i < vectors; i++) {
      const int here = part(count, i);
      if (here == S::lanes) {
        S::store(to + i * lanes, v[i]);
      } else if (here > 0) {
        S::store_part(to + i * lanes, v[i], here);
      }
    }
  }
  template <class F>
  static Four map(F f) {
    Four out;
    FP_UNROLL
    for (int i = 0; i < vectors; i++) out.v[i] = f(i);
    return out;
  }

 private:
  static int part(int count, int i) {
    const int left = count - i * lanes;
    return left < 0 ? 0 : left < lanes ? left : lanes;
  }
};

}  // namespace FP_ISA
