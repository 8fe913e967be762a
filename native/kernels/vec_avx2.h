// vec_scalar.h for AVX2 with FMA: 8 floats or 4 doubles.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace FP_ISA {

struct F32 {
  using T = float;
  using V = __m256;
  using I = __m256i;
  using M = __m256;
  static constexpr int lanes = 8;
  static constexpr int registers = 16;
  static constexpr int mantissa_bits = 23;

  static V set1(T value) { return _mm256_set1_ps(value); }
  static V zero() { return _mm256_setzero_ps(); }

  static V load(const T* from) { return _mm256_loadu_ps(from); }
  static V load_doubles(const double* from) {
    return _mm256_set_m128(_mm256_cvtpd_ps(_mm256_loadu_pd(from + 4)), _mm256_cvtpd_ps(_mm256_loadu_pd(from)));
  }
  static void store(T* to, V a) { _mm256_storeu_ps(to, a); }
  static V load_part(const T* from, int count, V fill) {
    const __m256i first = _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    return _mm256_blendv_ps(fill, _mm256_maskload_ps(from, first), _mm256_castsi256_ps(first));
  }
  // In parts of 4, 2 and 1: a masked store takes tens of cycles on AMD processors.
  static void store_part(T* to, V a, int count) {
    __m128 rest = _mm256_castps256_ps128(a);
    if (count & 4) {
      _mm_storeu_ps(to, rest);
      rest = _mm256_extractf128_ps(a, 1);
      to += 4;
    }
    if (count & 2) {
      _mm_storeu_si64(to, _mm_castps_si128(rest));
      rest = _mm_movehl_ps(rest, rest);
      to += 2;
    }
    if (count & 1) _mm_store_ss(to, rest);
  }

  static V add(V a, V b) { return _mm256_add_ps(a, b); }
  static V sub(V a, V b) { return _mm256_sub_ps(a, b); }
  static V mul(V a, V b) { return _mm256_mul_ps(a, b); }
  static V div(V a, V b) { return _mm256_div_ps(a, b); }
  static V sqrt(V a) { return _mm256_sqrt_ps(a); }
  static V fma(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
  static V fnma(V a, V b, V c) { return _mm256_fnmadd_ps(a, b, c); }

  static V min(V a, V b) { return _mm256_min_ps(a, b); }
  static V max(V a, V b) { return _mm256_max_ps(a, b); }

  static V round(V a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  static V floor(V a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
  static V ceil(V a) { return _mm256_round_ps(a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
  static V trunc(V a) { return _mm256_round_ps(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }

  static M less(V a, V b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
  static M less_equal(V a, V b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
  static M equal(V a, V b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
  static M is_nan(V a) { return _mm256_cmp_ps(a, a, _CMP_UNORD_Q); }
  static M mask_and(M a, M b) { return _mm256_and_ps(a, b); }
  static M mask_or(M a, M b) { return _mm256_or_ps(a, b); }
  static M mask_not(M a) { return _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(-1))); }
  static V select(M m, V a, V b) { return _mm256_blendv_ps(b, a, m); }
  static bool any(M m) { return _mm256_movemask_ps(m) != 0; }
  static int count(M m) { return _mm_popcnt_u32(unsigned(_mm256_movemask_ps(m))); }

  template <int D>
  static V down(V a) {
    if constexpr (D == 4) return _mm256_permute2f128_ps(a, a, 0x81);
    if constexpr (D == 2) return _mm256_permute_ps(a, 0x0e);
    if constexpr (D == 1) return _mm256_permute_ps(a, 0x01);
  }
  static T first(V a) { return _mm256_cvtss_f32(a); }
  static void sums(V a, V b, V c, V d, V* to) {
    const V ab = add(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));  // a a a a b b b b
    const V cd = add(_mm256_permute2f128_ps(c, d, 0x20), _mm256_permute2f128_ps(c, d, 0x31));
    V all = add(_mm256_shuffle_ps(ab, cd, 0x44), _mm256_shuffle_ps(ab, cd, 0xee));  // a a c c b b d d
    all = add(all, _mm256_permute_ps(all, 0xb1));
    const __m256i firsts = _mm256_setr_epi32(0, 4, 2, 6, 0, 0, 0, 0);
    *to = _mm256_permutevar8x32_ps(all, firsts);
  }

  static I bits(V a) { return _mm256_castps_si256(a); }
  static V from_bits(I a) { return _mm256_castsi256_ps(a); }
  static I iset1(int32_t value) { return _mm256_set1_epi32(value); }
  static I iadd(I a, I b) { return _mm256_add_epi32(a, b); }
  static I isub(I a, I b) { return _mm256_sub_epi32(a, b); }
  static I iand(I a, I b) { return _mm256_and_si256(a, b); }
  static I imin(I a, I b) { return _mm256_min_epi32(a, b); }
  static I imax(I a, I b) { return _mm256_max_epi32(a, b); }
  static I ior(I a, I b) { return _mm256_or_si256(a, b); }
  static I ixor(I a, I b) { return _mm256_xor_si256(a, b); }
  template <int Count>
  static I shift_left(I a) {
    return _mm256_slli_epi32(a, Count);
  }
  template <int Count>
  static I shift_right(I a) {
    return _mm256_srli_epi32(a, Count);
  }
};

struct F64 {
  using T = double;
  using V = __m256d;
  using I = __m256i;
  using M = __m256d;
  static constexpr int lanes = 4;
  static constexpr int registers = 16;
  static constexpr int mantissa_bits = 52;

  static V set1(T value) { return _mm256_set1_pd(value); }
  static V zero() { return _mm256_setzero_pd(); }

  static V load(const T* from) { return _mm256_loadu_pd(from); }
  static V load_floats(const float* from) { return _mm256_cvtps_pd(_mm_loadu_ps(from)); }
  static void store(T* to, V a) { _mm256_storeu_pd(to, a); }
  static V load_part(const T* from, int count, V fill) {
    const __m256i first = _mm256_cmpgt_epi64(_mm256_set1_epi64x(count), _mm256_setr_epi64x(0, 1, 2, 3));
    return _mm256_blendv_pd(fill, _mm256_maskload_pd(from, first), _mm256_castsi256_pd(first));
  }
  static void store_part(T* to, V a, int count) {
    __m128d rest = _mm256_castpd256_pd128(a);
    if (count & 2) {
      _mm_storeu_pd(to, rest);
      rest = _mm256_extractf128_pd(a, 1);
      to += 2;
    }
    if (count & 1) _mm_store_sd(to, rest);
  }

  static V add(V a, V b) { return _mm256_add_pd(a, b); }
  static V sub(V a, V b) { return _mm256_sub_pd(a, b); }
  static V mul(V a, V b) { return _mm256_mul_pd(a, b); }
  static V div(V a, V b) { return _mm256_div_pd(a, b); }
  static V sqrt(V a) { return _mm256_sqrt_pd(a); }
  static V fma(V a, V b, V c) { return _mm256_fmadd_pd(a, b, c); }
  static V fnma(V a, V b, V c) { return _mm256_fnmadd_pd(a, b, c); }

  static V min(V a, V b) { return _mm256_min_pd(a, b); }
  static V max(V a, V b) { return _mm256_max_pd(a, b); }

  static V round(V a) { return _mm256_round_pd(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
  static V floor(V a) { return _mm256_round_pd(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC); }
  static V ceil(V a) { return _mm256_round_pd(a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC); }
  static V trunc(V a) { return _mm256_round_pd(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }

  static M less(V a, V b) { return _mm256_cmp_pd(a, b, _CMP_LT_OQ); }
  static M less_equal(V a, V b) { return _mm256_cmp_pd(a, b, _CMP_LE_OQ); }
  static M equal(V a, V b) { return _mm256_cmp_pd(a, b, _CMP_EQ_OQ); }
  static M is_nan(V a) { return _mm256_cmp_pd(a, a, _CMP_UNORD_Q); }
  static M mask_and(M a, M b) { return _mm256_and_pd(a, b); }
  static M mask_or(M a, M b) { return _mm256_or_pd(a, b); }
  static M mask_not(M a) { return _mm256_xor_pd(a, _mm256_castsi256_pd(_mm256_set1_epi32(-1))); }
  static V select(M m, V a, V b) { return _mm256_blendv_pd(b, a, m); }
  static bool any(M m) { return _mm256_movemask_pd(m) != 0; }
  static int count(M m) { return _mm_popcnt_u32(unsigned(_mm256_movemask_pd(m))); }

  template <int D>
  static V down(V a) {
    if constexpr (D == 2) return _mm256_permute2f128_pd(a, a, 0x81);
    if constexpr (D == 1) return _mm256_permute_pd(a, 0x01);
  }
  static T first(V a) { return _mm256_cvtsd_f64(a); }
  static void sums(V a, V b, V c, V d, V* to) {
    const V ab = add(_mm256_permute2f128_pd(a, b, 0x20), _mm256_permute2f128_pd(a, b, 0x31));  // a a b b
    const V cd = add(_mm256_permute2f128_pd(c, d, 0x20), _mm256_permute2f128_pd(c, d, 0x31));
    const V all = add(_mm256_unpacklo_pd(ab, cd), _mm256_unpackhi_pd(ab, cd));  // a c b d
    *to = _mm256_permute4x64_pd(all, 0xd8);
  }

  static I bits(V a) { return _mm256_castpd_si256(a); }
  static V from_bits(I a) { return _mm256_castsi256_pd(a); }
  static I iset1(int64_t value) { return _mm256_set1_epi64x(value); }
  static I iadd(I a, I b) { return _mm256_add_epi64(a, b); }
  static I isub(I a, I b) { return _mm256_sub_epi64(a, b); }
  static I iand(I a, I b) { return _mm256_and_si256(a, b); }
  static I ior(I a, I b) { return _mm256_or_si256(a, b); }
  static I ixor(I a, I b) { return _mm256_xor_si256(a, b); }
  template <int Count>
  static I shift_left(I a) {
    return _mm256_slli_epi64(a, Count);
  }
  template <int Count>
  static I shift_right(I a) {
    return _mm256_srli_epi64(a, Count);
  }
};

// How bytes are multiplied (see dense_int8.h): they are widened to 16 bits, and products are added in pairs. Sums of
// byte products would saturate.
struct Products {
  using F = F32;
  using Row = int16_t;
  using A = __m256i;
  using B = __m256i;
  static constexpr int group = 2, offset = 0;
  static A broadcast(const char* at) {
    return _mm256_castps_si256(_mm256_broadcast_ss(reinterpret_cast<const float*>(at)));
  }
  static B load(const int8_t* at) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
  }
  static __m256i dot(__m256i sum, A a, B b) { return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b)); }
  static void narrow(Row* to, __m256i v) {
    v = _mm256_and_si256(v, _mm256_set1_epi32(0xffff));  // what follows would saturate
    const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), words);
  }
  static __m256 to_float(__m256i v) { return _mm256_cvtepi32_ps(v); }
};

// Unsigned bytes, for trees: see trees.h.
struct Bytes {
  using V = __m256i;
  using M = __m256i;
  static constexpr size_t width = 32, most_vectors = 4;
  static V load(const uint8_t* from) { return _mm256_loadu_si256(reinterpret_cast<const V*>(from)); }
  static void store(uint8_t* to, V a) { _mm256_storeu_si256(reinterpret_cast<V*>(to), a); }
  static V set1(uint8_t value) { return _mm256_set1_epi8(char(value)); }
  static M at_most(V a, V b) { return _mm256_cmpeq_epi8(_mm256_min_epu8(a, b), a); }
  static M all() { return _mm256_set1_epi8(-1); }
  static M both(M a, M b) { return _mm256_and_si256(a, b); }
  static M without(M a, M b) { return _mm256_andnot_si256(b, a); }
  static V select(M m, V a, V b) { return _mm256_blendv_epi8(b, a, m); }

  // Looks up bytes by index. A shuffle looks at 16 bytes, by the lowest bits of an index.
  template <size_t count>
  struct Table {
    V parts[count / 16];
    explicit Table(const uint8_t* from) {
      for (size_t i = 0; i < count / 16; i++) {
        parts[i] = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 16 * i)));
      }
    }
    V at(V index) const { return part<0, count / 16>(index); }

   private:
    template <size_t first, size_t parts_here>
    V part(V index) const {
      if constexpr (parts_here == 1) {
        return _mm256_shuffle_epi8(parts[first], index);
      } else {
        // Moves the bit that distinguishes the halves to where blends look.
        constexpr int bit = parts_here == 2 ? 4 : parts_here == 4 ? 5 : 6;
        constexpr size_t half = parts_here / 2;
        return _mm256_blendv_epi8(part<first, half>(index), part<first + half, half>(index),
                                  _mm256_slli_epi16(index, 7 - bit));
      }
    }
  };

  // One bit for each of 256 values.
  struct Set {
    Table<32> bits;
    explicit Set(const uint8_t* from) : bits(from) {}
    M has(V value) const {
      const V low = _mm256_set1_epi8(7), powers = _mm256_set1_epi64x(int64_t(0x8040201008040201));
      const V bit = _mm256_shuffle_epi8(powers, _mm256_and_si256(value, low));
      const V byte = bits.at(_mm256_and_si256(_mm256_srli_epi16(value, 3), _mm256_set1_epi8(31)));
      return _mm256_cmpeq_epi8(_mm256_and_si256(byte, bit), bit);
    }
  };
};

}  // namespace FP_ISA
