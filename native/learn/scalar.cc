#define FP_ISA fp::scalar
#define FP_SMALL
#define FP_FUSED_SOFTWARE

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "../arena.h"

#include "../kernels/vec_scalar.h"

#include "table.h"
