// All kinds of one instruction set, after its vec_*.h.
#include "fma.h"
#include "gaussian.h"
#include "kind.h"
#include "libm.h"
#include "mlp.h"
#include "network.h"
#include "sgd.h"

namespace FP_ISA {

extern const fp::learn::Kind learn_kinds[];
const fp::learn::Kind learn_kinds[] = {
#define FP_KIND(name) {#name, make_##name},
#include "kinds.inc"
#undef FP_KIND
    {nullptr, nullptr},
};

double learn_exp(double x) { return libm_exp(x); }
double learn_pow(double x, double y) { return libm_pow(x, y); }

}  // namespace FP_ISA
