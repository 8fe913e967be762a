#include "../cpu.h"

#if FP_ARM64
#define FP_ISA fp::neon

#include "vec_neon.h"

#include "table.h"

#endif
