// vec_scalar.h for NEON on 64-bit Arm: 4 floats or 2 doubles.
#pragma once

#include <arm_neon.h>

#include <cstdint>
#include <cstring>

namespace FP_ISA {

struct F32 {
  using T = float;
  using V = float32x4_t;
  using I = int32x4_t;
  using M = uint32x4_t;
  static constexpr int lanes = 4;
  static constexpr int registers = 32;
  static constexpr int mantissa_bits = 23;

  static V set1(T value) { return vdupq_n_f32(value); }
  static V zero() { return vdupq_n_f32(0); }

  static V load(const T* from) { return vld1q_f32(from); }
  static V load_doubles(const double* from) {
    return vcvt_high_f32_f64(vcvt_f32_f64(vld1q_f64(from)), vld1q_f64(from + 2));
  }
  static void store(T* to, V a) { vst1q_f32(to, a); }
  static V load_part(const T* from, int count, V fill) {
    if (count > 2) fill = vld1q_lane_f32(from + 2, fill, 2);
    if (count > 1) fill = vld1q_lane_f32(from + 1, fill, 1);
    return vld1q_lane_f32(from, fill, 0);
  }
  static void store_part(T* to, V a, int count) {
    if (count > 2) vst1q_lane_f32(to + 2, a, 2);
    if (count > 1) vst1q_lane_f32(to + 1, a, 1);
    vst1q_lane_f32(to, a, 0);
  }

  static V add(V a, V b) { return vaddq_f32(a, b); }
  static V sub(V a, V b) { return vsubq_f32(a, b); }
  static V mul(V a, V b) { return vmulq_f32(a, b); }
  static V div(V a, V b) { return vdivq_f32(a, b); }
  static V sqrt(V a) { return vsqrtq_f32(a); }
  static V fma(V a, V b, V c) { return vfmaq_f32(c, a, b); }
  static V fnma(V a, V b, V c) { return vfmsq_f32(c, a, b); }

  // vminq and vmaxq prefer the NaN, unlike the contract.
  static V min(V a, V b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
  static V max(V a, V b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }

  static V round(V a) { return vrndnq_f32(a); }
  static V floor(V a) { return vrndmq_f32(a); }
  static V ceil(V a) { return vrndpq_f32(a); }
  static V trunc(V a) { return vrndq_f32(a); }

  static M less(V a, V b) { return vcltq_f32(a, b); }
  static M less_equal(V a, V b) { return vcleq_f32(a, b); }
  static M equal(V a, V b) { return vceqq_f32(a, b); }
  static M is_nan(V a) { return vmvnq_u32(vceqq_f32(a, a)); }
  static M mask_and(M a, M b) { return vandq_u32(a, b); }
  static M mask_or(M a, M b) { return vorrq_u32(a, b); }
  static M mask_not(M a) { return vmvnq_u32(a); }
  static V select(M m, V a, V b) { return vbslq_f32(m, a, b); }
  static bool any(M m) { return vmaxvq_u32(m) != 0; }
  static int count(M m) { return -int(vaddvq_s32(vreinterpretq_s32_u32(m))); }

  template <int D>
  static V down(V a) {
    if constexpr (D == 2) return vextq_f32(a, a, 2);
    if constexpr (D == 1) return vextq_f32(a, a, 1);
  }
  static T first(V a) { return vgetq_lane_f32(a, 0); }
  static void sums(V a, V b, V c, V d, V* to) {
    const V ab = add(vcombine_f32(vget_low_f32(a), vget_low_f32(b)), vcombine_f32(vget_high_f32(a), vget_high_f32(b)));
    const V cd = add(vcombine_f32(vget_low_f32(c), vget_low_f32(d)), vcombine_f32(vget_high_f32(c), vget_high_f32(d)));
    *to = add(vuzp1q_f32(ab, cd), vuzp2q_f32(ab, cd));
  }

  static I bits(V a) { return vreinterpretq_s32_f32(a); }
  static V from_bits(I a) { return vreinterpretq_f32_s32(a); }
  static I iset1(int32_t value) { return vdupq_n_s32(value); }
  static I iadd(I a, I b) { return vaddq_s32(a, b); }
  static I isub(I a, I b) { return vsubq_s32(a, b); }
  static I iand(I a, I b) { return vandq_s32(a, b); }
  static I imin(I a, I b) { return vminq_s32(a, b); }
  static I imax(I a, I b) { return vmaxq_s32(a, b); }
  static I ior(I a, I b) { return vorrq_s32(a, b); }
  static I ixor(I a, I b) { return veorq_s32(a, b); }
  template <int Count>
  static I shift_left(I a) {
    return vshlq_n_s32(a, Count);
  }
  template <int Count>
  static I shift_right(I a) {
    return vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(a), Count));
  }
};

struct F64 {
  using T = double;
  using V = float64x2_t;
  using I = int64x2_t;
  using M = uint64x2_t;
  static constexpr int lanes = 2;
  static constexpr int registers = 32;
  static constexpr int mantissa_bits = 52;

  static V set1(T value) { return vdupq_n_f64(value); }
  static V zero() { return vdupq_n_f64(0); }

  static V load(const T* from) { return vld1q_f64(from); }
  static V load_floats(const float* from) { return vcvt_f64_f32(vld1_f32(from)); }
  static void store(T* to, V a) { vst1q_f64(to, a); }
  // Two lanes only have one part.
  static V load_part(const T* from, int, V fill) { return vld1q_lane_f64(from, fill, 0); }
  static void store_part(T* to, V a, int) { vst1q_lane_f64(to, a, 0); }

  static V add(V a, V b) { return vaddq_f64(a, b); }
  static V sub(V a, V b) { return vsubq_f64(a, b); }
  static V mul(V a, V b) { return vmulq_f64(a, b); }
  static V div(V a, V b) { return vdivq_f64(a, b); }
  static V sqrt(V a) { return vsqrtq_f64(a); }
  static V fma(V a, V b, V c) { return vfmaq_f64(c, a, b); }
  static V fnma(V a, V b, V c) { return vfmsq_f64(c, a, b); }

  static V min(V a, V b) { return vbslq_f64(vcltq_f64(a, b), a, b); }
  static V max(V a, V b) { return vbslq_f64(vcgtq_f64(a, b), a, b); }

  static V round(V a) { return vrndnq_f64(a); }
  static V floor(V a) { return vrndmq_f64(a); }
  static V ceil(V a) { return vrndpq_f64(a); }
  static V trunc(V a) { return vrndq_f64(a); }

  static M less(V a, V b) { return vcltq_f64(a, b); }
  static M less_equal(V a, V b) { return vcleq_f64(a, b); }
  static M equal(V a, V b) { return vceqq_f64(a, b); }
  static M is_nan(V a) { return mask_not(vceqq_f64(a, a)); }
  static M mask_and(M a, M b) { return vandq_u64(a, b); }
  static M mask_or(M a, M b) { return vorrq_u64(a, b); }
  static M mask_not(M a) { return vreinterpretq_u64_u32(vmvnq_u32(vreinterpretq_u32_u64(a))); }
  static V select(M m, V a, V b) { return vbslq_f64(m, a, b); }
  static bool any(M m) { return vmaxvq_u32(vreinterpretq_u32_u64(m)) != 0; }
  static int count(M m) { return -int(vaddvq_s64(vreinterpretq_s64_u64(m))); }

  template <int D>
  static V down(V a) {
    return vextq_f64(a, a, 1);
  }
  static T first(V a) { return vgetq_lane_f64(a, 0); }
  static void sums(V a, V b, V c, V d, V* to) {
    to[0] = add(vuzp1q_f64(a, b), vuzp2q_f64(a, b));
    to[1] = add(vuzp1q_f64(c, d), vuzp2q_f64(c, d));
  }

  static I bits(V a) { return vreinterpretq_s64_f64(a); }
  static V from_bits(I a) { return vreinterpretq_f64_s64(a); }
  static I iset1(int64_t value) { return vdupq_n_s64(value); }
  static I iadd(I a, I b) { return vaddq_s64(a, b); }
  static I isub(I a, I b) { return vsubq_s64(a, b); }
  static I iand(I a, I b) { return vandq_s64(a, b); }
  static I ior(I a, I b) { return vorrq_s64(a, b); }
  static I ixor(I a, I b) { return veorq_s64(a, b); }
  template <int Count>
  static I shift_left(I a) {
    return vshlq_n_s64(a, Count);
  }
  template <int Count>
  static I shift_right(I a) {
    return vreinterpretq_s64_u64(vshrq_n_u64(vreinterpretq_u64_s64(a), Count));
  }
};

// How bytes are multiplied (see dense_int8.h): products of 16 bits, added in pairs.
struct Products {
  using F = F32;
  using Row = int8_t;
  using A = int8x8_t;
  using B = int8x8_t;
  static constexpr int group = 2, offset = 0;
  static A broadcast(const char* at) {
    int16_t pair;
    std::memcpy(&pair, at, sizeof pair);
    return vreinterpret_s8_s16(vdup_n_s16(pair));
  }
  static B load(const int8_t* at) { return vld1_s8(at); }
  static int32x4_t dot(int32x4_t sum, A a, B b) { return vpadalq_s16(sum, vmull_s8(a, b)); }
  static void narrow(Row* to, int32x4_t v) {
    const int8x8_t bytes = vmovn_s16(vcombine_s16(vmovn_s32(v), vdup_n_s16(0)));
    vst1_lane_s32(reinterpret_cast<int32_t*>(to), vreinterpret_s32_s8(bytes), 0);
  }
  static float32x4_t to_float(int32x4_t v) { return vcvtq_f32_s32(v); }
};

// Unsigned bytes, for trees: see trees.h.
struct Bytes {
  using V = uint8x16_t;
  using M = uint8x16_t;
  static constexpr size_t width = 16, most_vectors = 8;
  static V load(const uint8_t* from) { return vld1q_u8(from); }
  static void store(uint8_t* to, V a) { vst1q_u8(to, a); }
  static V set1(uint8_t value) { return vdupq_n_u8(value); }
  static M at_most(V a, V b) { return vcleq_u8(a, b); }
  static M all() { return vdupq_n_u8(255); }
  static M both(M a, M b) { return vandq_u8(a, b); }
  static M without(M a, M b) { return vbicq_u8(a, b); }
  static V select(M m, V a, V b) { return vbslq_u8(m, a, b); }

  // Looks up bytes by index; an index outside of one part leaves the result of the other parts.
  template <size_t count>
  struct Table {
    uint8x16x4_t parts[count / 64];
    explicit Table(const uint8_t* from) {
      for (size_t i = 0; i < count / 64; i++) parts[i] = vld1q_u8_x4(from + 64 * i);
    }
    V at(V index) const {
      V found = vqtbl4q_u8(parts[0], index);
      if constexpr (count == 128) found = vqtbx4q_u8(found, parts[1], vsubq_u8(index, vdupq_n_u8(64)));
      return found;
    }
  };

  // One bit for each of 256 values.
  struct Set {
    uint8x16x2_t bits;
    explicit Set(const uint8_t* from) : bits(vld1q_u8_x2(from)) {}
    M has(V value) const {
      const V bit = vshlq_u8(vdupq_n_u8(1), vreinterpretq_s8_u8(vandq_u8(value, vdupq_n_u8(7))));
      return vtstq_u8(vqtbl2q_u8(bits, vshrq_n_u8(value, 3)), bit);
    }
  };
};

}  // namespace FP_ISA
