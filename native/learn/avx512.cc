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

#include "../kernels/kernels.h"
#include "network_types.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,popcnt"))), \
                             apply_to = function)
#elif defined(__GNUC__)
#pragma GCC target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,popcnt")
#pragma GCC diagnostic ignored "-Wuninitialized"  // gcc 12's own intrinsics (bug 105593)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "../kernels/vec_avx512.h"

#include "network.h"

namespace fp::avx2 {
double learn_exp(double);
double learn_pow(double, double);
}  // namespace fp::avx2

namespace FP_ISA {

// Only the code that gains from wider vectors. The rest is that of avx2.
extern const fp::learn::Kind learn_kinds[];
const fp::learn::Kind learn_kinds[] = {{"network", make_network}, {nullptr, nullptr}};

double learn_exp(double x) { return fp::avx2::learn_exp(x); }
double learn_pow(double x, double y) { return fp::avx2::learn_pow(x, y); }

}  // namespace FP_ISA

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
