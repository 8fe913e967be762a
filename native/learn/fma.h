// a·b + c of doubles, rounded once: the processor's instruction if the instruction set has one.
#pragma once

#ifdef FP_FUSED_SOFTWARE
#include "../kernels/fma.h"

namespace FP_ISA {
inline double fused(double a, double b, double c) { return fused_multiply_add(a, b, c); }
inline float fused(float a, float b, float c) { return fused_multiply_add(a, b, c); }
}  // namespace FP_ISA
#elif defined(__GNUC__)
namespace FP_ISA {
inline double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }
inline float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
}  // namespace FP_ISA
#else
#include <cmath>

namespace FP_ISA {
inline double fused(double a, double b, double c) { return std::fma(a, b, c); }
inline float fused(float a, float b, float c) { return std::fma(a, b, c); }
}  // namespace FP_ISA
#endif
