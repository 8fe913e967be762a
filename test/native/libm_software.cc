// exp and pow of learning over the fused multiply-add in software, for libm_test.cc.
#define FP_ISA fp::libm_software
#define FP_FUSED_SOFTWARE
#include "learn/libm.h"

double software_exp(double x) { return fp::libm_software::libm_exp(x); }
double software_pow(double x, double y) { return fp::libm_software::libm_pow(x, y); }
