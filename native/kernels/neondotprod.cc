#include "../cpu.h"

#if FP_ARM64
#define FP_ISA fp::neondotprod

#include <arm_neon.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "../pack.h"
#include "../pack_reduced.h"
#include "kernels.h"

// The code below may only run if has_neondotprod() returns true.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC target("arch=armv8.2-a+dotprod")
#endif

#include "vec_neon.h"

#include "dense_int8.h"

namespace FP_ISA {

// Four products of bytes at once.
struct ByteProducts {
  using F = F32;
  using Row = int8_t;
  using A = int8x16_t;
  using B = int8x16_t;
  static constexpr int group = 4, offset = 0;
  static A broadcast(const char* at) {
    int32_t four;
    std::memcpy(&four, at, sizeof four);
    return vreinterpretq_s8_s32(vdupq_n_s32(four));
  }
  static B load(const int8_t* at) { return vld1q_s8(at); }
  static int32x4_t dot(int32x4_t sum, A a, B b) { return vdotq_s32(sum, a, b); }
  static void narrow(Row* to, int32x4_t v) { Products::narrow(to, v); }
  static float32x4_t to_float(int32x4_t v) { return vcvtq_f32_s32(v); }
  static A sixteen(const char* at, int32x4_t flip) {
    return veorq_s8(vld1q_s8(reinterpret_cast<const int8_t*>(at)), vreinterpretq_s8_s32(flip));
  }
  static int32x4_t fold(int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d) {
    return vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d));
  }
};

extern const fp::Int8Kernels int8;
constexpr fp::Int8Kernels int8 = int8_table<ByteProducts>();

}  // namespace FP_ISA

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
