#define FP_ISA fp::scalar

#include "vec_scalar.h"

#include "table.h"
