#include "../cpu.h"

#if FP_X86_64
#define FP_ISA fp::avx512
#define FP_REST fp::avx2

// The code included here is not for a specific instruction set; the code below may only run if has_avx512() returns
// true.
#include <immintrin.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "../pack.h"
#include "../pack_reduced.h"
#include "../tree_layouts.h"
#include "kernels.h"

namespace fp::avx2 {
extern const Kernels<float> f32;
extern const Kernels<double> f64;
}  // namespace fp::avx2

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,popcnt"))), \
                             apply_to = function)
#elif defined(__GNUC__)
#pragma GCC target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,popcnt")
#pragma GCC diagnostic ignored "-Wuninitialized"  // gcc 12's own intrinsics (bug 105593)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "vec_avx512.h"

#include "table.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
