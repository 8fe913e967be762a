#include "../cpu.h"

#if FP_X86_64
#define FP_ISA fp::avx512vnni

// The code included here is not for a specific instruction set; the code below may only run if has_avx512vnni() returns
// true.
#include <immintrin.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "../pack.h"
#include "../pack_reduced.h"
#include "kernels.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512vnni,avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), \
                             apply_to = function)
#elif defined(__GNUC__)
#pragma GCC target("avx512vnni,avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")
#pragma GCC diagnostic ignored "-Wuninitialized"  // gcc 12's own intrinsics (bug 105593)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "vec_avx512.h"

#include "dense_int8.h"

namespace FP_ISA {

// Four products of bytes at once. The bytes of the row are unsigned: its elements are q + 128.
struct ByteProducts {
  using F = F32;
  using Row = uint8_t;
  using A = F::I;
  using B = F::I;
  static constexpr int group = 4, offset = 128;
  static A broadcast(const char* at) { return F::bits(F::set1(*reinterpret_cast<const float*>(at))); }
  static B load(const int8_t* at) { return F::bits(F::load(reinterpret_cast<const float*>(at))); }
  static F::I dot(F::I sum, A a, B b) {
#if defined(__GNUC__) && !defined(__clang__)
    // With its own intrinsic, gcc 12 copies every sum at every step.
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
#else
    return _mm512_dpbusd_epi32(sum, a, b);
#endif
  }
  static void narrow(Row* to, F::I v) { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(v)); }
  static F::V to_float(F::I v) { return _mm512_cvtepi32_ps(v); }
  static A sixteen(const char* at, F::I flip) {
    return F::ixor(_mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))), flip);
  }
  static F::I fold(F::I a, F::I b, F::I c, F::I d) {
    const F::I ab = F::iadd(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    const F::I cd = F::iadd(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    return F::iadd(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
  }
};

// Constant, so that no code of this instruction set runs before it is chosen.
extern const fp::Int8Kernels int8;
constexpr fp::Int8Kernels int8 = int8_table<ByteProducts>();

}  // namespace FP_ISA

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
