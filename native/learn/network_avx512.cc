#include "../cpu.h"

#if FP_X86_64
#define FP_ISA fp::avx512
#define FP_REST fp::avx2

// What is included here belongs to no instruction set; what follows may run only where has_avx512() says so.
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

#include "network_kernels.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
