// vec_scalar.h for AVX-512 (F, VL, BW, DQ): 16 floats or 8 doubles.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace FP_ISA {

struct F32 {
  using T = float;
  using V = __m512;
  using I = __m512i;
  using M = __mmask16;
  static constexpr int lanes = 16;
  static constexpr int registers = 32;
  static constexpr int mantissa_bits = 23;

  static V set1(T value) { return _mm512_set1_ps(value); }
  static V zero() { return _mm512_setzero_ps(); }

  static V load(const T* from) { return _mm512_loadu_ps(from); }
  static V load_doubles(const double* from) {
    const __m256 first = _mm512_cvtpd_ps(_mm512_loadu_pd(from)), second = _mm512_cvtpd_ps(_mm512_loadu_pd(from + 8));
    return _mm512_insertf32x8(_mm512_castps256_ps512(first), second, 1);
  }
  static void store(T* to, V a) { _mm512_storeu_ps(to, a); }
  static V load_part(const T* from, int count, V fill) { return _mm512_mask_loadu_ps(fill, lowest(count), from); }
  static void store_part(T* to, V a, int count) { _mm512_mask_storeu_ps(to, lowest(count), a); }

  static V add(V a, V b) { return _mm512_add_ps(a, b); }
  static V sub(V a, V b) { return _mm512_sub_ps(a, b); }
  static V mul(V a, V b) { return _mm512_mul_ps(a, b); }
  static V div(V a, V b) { return _mm512_div_ps(a, b); }
  static V sqrt(V a) { return _mm512_sqrt_ps(a); }
  static V fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
  static V fnma(V a, V b, V c) { return _mm512_fnmadd_ps(a, b, c); }

  static V min(V a, V b) { return _mm512_min_ps(a, b); }
  static V max(V a, V b) { return _mm512_max_ps(a, b); }

  static V round(V a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  static V floor(V a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
  static V ceil(V a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
  static V trunc(V a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }

  static M less(V a, V b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
  static M less_equal(V a, V b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
  static M equal(V a, V b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
  static M is_nan(V a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
  static M mask_and(M a, M b) { return M(a & b); }
  static M mask_or(M a, M b) { return M(a | b); }
  static M mask_not(M a) { return M(~a); }
  static V select(M m, V a, V b) { return _mm512_mask_blend_ps(m, b, a); }
  static bool any(M m) { return m != 0; }
  static int count(M m) { return _mm_popcnt_u32(m); }

  template <int D>
  static V down(V a) {
    if constexpr (D == 8) return _mm512_shuffle_f32x4(a, a, 0x0e);
    if constexpr (D == 4) return _mm512_shuffle_f32x4(a, a, 0x01);
    if constexpr (D == 2) return _mm512_permute_ps(a, 0x0e);
    if constexpr (D == 1) return _mm512_permute_ps(a, 0x01);
  }
  static T first(V a) { return _mm512_cvtss_f32(a); }
  static void sums(V a, V b, V c, V d, V* to) {
    // Quarters of the register: a a b b, then a b c d.
    const V ab = add(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee));
    const V cd = add(_mm512_shuffle_f32x4(c, d, 0x44), _mm512_shuffle_f32x4(c, d, 0xee));
    V all = add(_mm512_shuffle_f32x4(ab, cd, 0x88), _mm512_shuffle_f32x4(ab, cd, 0xdd));
    all = add(all, _mm512_permute_ps(all, 0x0e));
    all = add(all, _mm512_permute_ps(all, 0x01));
    const __m512i firsts = _mm512_setr_epi32(0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    *to = _mm512_permutexvar_ps(firsts, all);
  }

  static I bits(V a) { return _mm512_castps_si512(a); }
  static V from_bits(I a) { return _mm512_castsi512_ps(a); }
  static I iset1(int32_t value) { return _mm512_set1_epi32(value); }
  static I iadd(I a, I b) { return _mm512_add_epi32(a, b); }
  static I isub(I a, I b) { return _mm512_sub_epi32(a, b); }
  static I iand(I a, I b) { return _mm512_and_si512(a, b); }
  static I imin(I a, I b) { return _mm512_min_epi32(a, b); }
  static I imax(I a, I b) { return _mm512_max_epi32(a, b); }
  static I ior(I a, I b) { return _mm512_or_si512(a, b); }
  static I ixor(I a, I b) { return _mm512_xor_si512(a, b); }
  template <int Count>
  static I shift_left(I a) {
    return _mm512_slli_epi32(a, Count);
  }
  template <int Count>
  static I shift_right(I a) {
    return _mm512_srli_epi32(a, Count);
  }

 private:
  static M lowest(int count) { return M((1u << count) - 1); }
};

struct F64 {
  using T = double;
  using V = __m512d;
  using I = __m512i;
  using M = __mmask8;
  static constexpr int lanes = 8;
  static constexpr int registers = 32;
  static constexpr int mantissa_bits = 52;

  static V set1(T value) { return _mm512_set1_pd(value); }
  static V zero() { return _mm512_setzero_pd(); }

  static V load(const T* from) { return _mm512_loadu_pd(from); }
  static V load_floats(const float* from) { return _mm512_cvtps_pd(_mm256_loadu_ps(from)); }
  static void store(T* to, V a) { _mm512_storeu_pd(to, a); }
  static V load_part(const T* from, int count, V fill) { return _mm512_mask_loadu_pd(fill, lowest(count), from); }
  static void store_part(T* to, V a, int count) { _mm512_mask_storeu_pd(to, lowest(count), a); }

  static V add(V a, V b) { return _mm512_add_pd(a, b); }
  static V sub(V a, V b) { return _mm512_sub_pd(a, b); }
  static V mul(V a, V b) { return _mm512_mul_pd(a, b); }
  static V div(V a, V b) { return _mm512_div_pd(a, b); }
  static V sqrt(V a) { return _mm512_sqrt_pd(a); }
  static V fma(V a, V b, V c) { return _mm512_fmadd_pd(a, b, c); }
  static V fnma(V a, V b, V c) { return _mm512_fnmadd_pd(a, b, c); }

  static V min(V a, V b) { return _mm512_min_pd(a, b); }
  static V max(V a, V b) { return _mm512_max_pd(a, b); }

  static V round(V a) { return _mm512_roundscale_pd(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  static V floor(V a) { return _mm512_roundscale_pd(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
  static V ceil(V a) { return _mm512_roundscale_pd(a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
  static V trunc(V a) { return _mm512_roundscale_pd(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }

  static M less(V a, V b) { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
  static M less_equal(V a, V b) { return _mm512_cmp_pd_mask(a, b, _CMP_LE_OQ); }
  static M equal(V a, V b) { return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ); }
  static M is_nan(V a) { return _mm512_cmp_pd_mask(a, a, _CMP_UNORD_Q); }
  static M mask_and(M a, M b) { return M(a & b); }
  static M mask_or(M a, M b) { return M(a | b); }
  static M mask_not(M a) { return M(~a); }
  static V select(M m, V a, V b) { return _mm512_mask_blend_pd(m, b, a); }
  static bool any(M m) { return m != 0; }
  static int count(M m) { return _mm_popcnt_u32(m); }

  template <int D>
  static V down(V a) {
    if constexpr (D == 4) return _mm512_shuffle_f64x2(a, a, 0x0e);
    if constexpr (D == 2) return _mm512_shuffle_f64x2(a, a, 0x01);
    if constexpr (D == 1) return _mm512_permute_pd(a, 0x01);
  }
  static T first(V a) { return _mm512_cvtsd_f64(a); }
  static void sums(V a, V b, V c, V d, V* to) {
    // Quarters of the register: a a b b, then a b c d.
    const V ab = add(_mm512_shuffle_f64x2(a, b, 0x44), _mm512_shuffle_f64x2(a, b, 0xee));
    const V cd = add(_mm512_shuffle_f64x2(c, d, 0x44), _mm512_shuffle_f64x2(c, d, 0xee));
    V all = add(_mm512_shuffle_f64x2(ab, cd, 0x88), _mm512_shuffle_f64x2(ab, cd, 0xdd));
    all = add(all, _mm512_permute_pd(all, 0x55));
    const __m512i firsts = _mm512_setr_epi64(0, 2, 4, 6, 0, 0, 0, 0);
    *to = _mm512_permutexvar_pd(firsts, all);
  }

  static I bits(V a) { return _mm512_castpd_si512(a); }
  static V from_bits(I a) { return _mm512_castsi512_pd(a); }
  static I iset1(int64_t value) { return _mm512_set1_epi64(value); }
  static I iadd(I a, I b) { return _mm512_add_epi64(a, b); }
  static I isub(I a, I b) { return _mm512_sub_epi64(a, b); }
  static I iand(I a, I b) { return _mm512_and_si512(a, b); }
  static I ior(I a, I b) { return _mm512_or_si512(a, b); }
  static I ixor(I a, I b) { return _mm512_xor_si512(a, b); }
  template <int Count>
  static I shift_left(I a) {
    return _mm512_slli_epi64(a, Count);
  }
  template <int Count>
  static I shift_right(I a) {
    return _mm512_srli_epi64(a, Count);
  }

 private:
  static M lowest(int count) { return M((1u << count) - 1); }
};

// How bytes are multiplied (see dense_int8.h): they are widened to 16 bits, and products are added in pairs.
struct Products {
  using F = F32;
  using Row = int16_t;
  using A = __m512i;
  using B = __m512i;
  static constexpr int group = 2, offset = 0;
  static A broadcast(const char* at) {
    return _mm512_castps_si512(_mm512_set1_ps(*reinterpret_cast<const float*>(at)));
  }
  static B load(const int8_t* at) {
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
  }
  static __m512i dot(__m512i sum, A a, B b) { return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b)); }
  static void narrow(Row* to, __m512i v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(v));
  }
  static __m512 to_float(__m512i v) { return _mm512_cvtepi32_ps(v); }
};

// Unsigned bytes, for trees: see trees.h.
struct Bytes {
  using V = __m512i;
  using M = __mmask64;
  static constexpr size_t width = 64, most_vectors = 4;
  static V load(const uint8_t* from) { return _mm512_loadu_si512(from); }
  static void store(uint8_t* to, V a) { _mm512_storeu_si512(to, a); }
  static V set1(uint8_t value) { return _mm512_set1_epi8(char(value)); }
  static M at_most(V a, V b) { return _mm512_cmple_epu8_mask(a, b); }
  static M all() { return ~M(0); }
  static M both(M a, M b) { return a & b; }
  static M without(M a, M b) { return a & ~b; }
  static V select(M m, V a, V b) { return _mm512_mask_blend_epi8(m, b, a); }

  // One bit for each of 256 values. A shuffle looks at 16 bytes, by the lowest bits of an index.
  struct Set {
    V low, high;
    explicit Set(const uint8_t* from)
        : low(_mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)))),
          high(_mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 16)))) {}
    M has(V value) const {
      const V powers = _mm512_set1_epi64(int64_t(0x8040201008040201));
      const V bit = _mm512_shuffle_epi8(powers, _mm512_and_si512(value, _mm512_set1_epi8(7)));
      const V index = _mm512_and_si512(_mm512_srli_epi16(value, 3), _mm512_set1_epi8(15));
      const V byte = _mm512_mask_shuffle_epi8(_mm512_shuffle_epi8(low, index), _mm512_movepi8_mask(value), high, index);
      return _mm512_test_epi8_mask(byte, bit);
    }
  };
};

}  // namespace FP_ISA
