// The vector type with one element: the contract that the other vec_*.h implement with intrinsics.
//
// A vec_*.h defines two structs F32 and F64 in the namespace FP_ISA. Their operations follow IEEE 754, round to nearest
// even, and give the same bits in every file, so algorithms written with them do not depend on the instruction set.
// Where hardware differs (minimum, maximum, NaN), the comments define the result.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "fma.h"
#include "kernels.h"

namespace FP_ISA {

template <typename Element, typename Bits, int MantissaBits>
struct ScalarVector {
  using T = Element;  // element
  using V = Element;  // vector of `lanes` elements
  using I = Bits;     // the same bits as signed integers of the element's size
  using M = bool;     // a truth value per lane
  static constexpr int lanes = 1;
  static constexpr int registers = 4;  // the number of vector registers, which determines the size of a dense tile
  static constexpr int mantissa_bits = MantissaBits;

  static V set1(T value) { return value; }
  static V zero() { return T(0); }

  // Memory need not be aligned. `count` is 1 to lanes - 1; lanes beyond it read as `fill` and are not written.
  static V load(const T* from) { return *from; }
  static void store(T* to, V a) { *to = a; }
  static V load_part(const T* from, int count, V fill) { return count > 0 ? *from : fill; }
  static void store_part(T* to, V a, int count) {
    if (count > 0) *to = a;
  }

  static V add(V a, V b) { return a + b; }
  static V sub(V a, V b) { return a - b; }
  static V mul(V a, V b) { return a * b; }
  static V div(V a, V b) { return a / b; }
  static V sqrt(V a) { return std::sqrt(a); }
  static FP_NOINLINE V fma(V a, V b, V c) { return fused_multiply_add(a, b, c); }  // a·b + c, rounded once
  static V fnma(V a, V b, V c) { return fma(-a, b, c); }                           // c − a·b, rounded once

  // As on x86: the second operand if either is NaN, or if both are zero.
  static V min(V a, V b) { return a < b ? a : b; }
  static V max(V a, V b) { return a > b ? a : b; }

  // To an integer.
  static V round(V a) { return std::nearbyint(a); }  // ties to even
  static V floor(V a) { return std::floor(a); }
  static V ceil(V a) { return std::ceil(a); }
  static V trunc(V a) { return std::trunc(a); }

  // Ordered comparisons: false if either is NaN.
  static M less(V a, V b) { return a < b; }
  static M less_equal(V a, V b) { return a <= b; }
  static M equal(V a, V b) { return a == b; }
  static M is_nan(V a) { return a != a; }
  static M mask_and(M a, M b) { return a && b; }
  static M mask_or(M a, M b) { return a || b; }
  static M mask_not(M a) { return !a; }
  static V select(M m, V a, V b) { return m ? a : b; }  // m ? a : b
  static bool any(M m) { return m; }
  static int count(M m) { return int(m); }

  // Across lanes: lane l of down<D>(a) is lane l + D of a; the top D lanes are undefined. D is a power of two.
  template <int D>
  static V down(V a) {
    return a;
  }
  static T first(V a) { return a; }
  // The sum of the lanes of each of the four vectors, added half onto half (l + lanes / 2 onto l, then again): four
  // elements, in the first element of one vector, or in 4 / lanes vectors.
  static void sums(V a, V b, V c, V d, V* to) {
    to[0] = a;
    to[1] = b;
    to[2] = c;
    to[3] = d;
  }

  // Bits.
  static I bits(V a) {
    I to;
    std::memcpy(&to, &a, sizeof to);
    return to;
  }
  static V from_bits(I a) {
    V to;
    std::memcpy(&to, &a, sizeof to);
    return to;
  }
  static I iset1(Bits value) { return value; }
  static I iadd(I a, I b) { return I(Unsigned(a) + Unsigned(b)); }  // wraps
  static I isub(I a, I b) { return I(Unsigned(a) - Unsigned(b)); }
  static I iand(I a, I b) { return a & b; }
  static I imin(I a, I b) { return a < b ? a : b; }
  static I imax(I a, I b) { return a > b ? a : b; }
  static I ior(I a, I b) { return a | b; }
  static I ixor(I a, I b) { return a ^ b; }
  template <int Count>
  static I shift_left(I a) {
    return I(Unsigned(a) << Count);
  }
  template <int Count>
  static I shift_right(I a) {
    return I(Unsigned(a) >> Count);
  }  // logical: zeros are shifted in

 private:
  template <int Size, typename = void>
  struct UnsignedOf {
    using type = uint64_t;
  };
  template <typename Unused>
  struct UnsignedOf<4, Unused> {
    using type = uint32_t;
  };
  using Unsigned = typename UnsignedOf<sizeof(Bits)>::type;
};

struct F32 : ScalarVector<float, int32_t, 23> {
  static V load_doubles(const double* from) { return float(*from); }  // each rounded
};
struct F64 : ScalarVector<double, int64_t, 52> {
  // The memory may contain doubles before and afterwards.
  static V load_floats(const float* from) {
    float value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
};

// How bytes are multiplied: see dense_int8.h.
struct Products {
  using F = F32;
  using Row = int8_t;
  using A = int32_t;
  using B = int32_t;
  static constexpr int group = 1, offset = 0;
  static A broadcast(const char* at) { return Row(*at); }
  static B load(const int8_t* at) { return *at; }
  static int32_t dot(int32_t sum, A a, B b) { return sum + a * b; }
  static void narrow(Row* to, int32_t v) { *to = Row(v); }
  static float to_float(int32_t v) { return float(v); }
};

}  // namespace FP_ISA
