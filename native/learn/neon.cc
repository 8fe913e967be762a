#include "../cpu.h"

#if FP_ARM64
#define FP_ISA fp::neon

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "../arena.h"

#include "../kernels/vec_neon.h"

#include "table.h"

#endif
