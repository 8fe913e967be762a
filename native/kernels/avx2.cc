#include "../cpu.h"

#if FP_X86_64
#define FP_ISA fp::avx2

// The code included here is not for a specific instruction set; the code below may only run if has_avx2() returns true.
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

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,popcnt"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC target("avx2,fma,popcnt")
#endif

#include "vec_avx2.h"

#include "table.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
