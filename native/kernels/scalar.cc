#define FP_ISA fp::scalar
#define FP_SMALL

// The code included here is compiled as elsewhere; the code below runs if there is no better set, and is kept small.
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "../pack.h"
#include "../pack_reduced.h"
#include "../tree_layouts.h"

#ifdef __clang__
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)
#endif

#include "vec_scalar.h"

#include "table.h"

#ifdef __clang__
#pragma clang attribute pop
#endif
