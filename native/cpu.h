// Features of this processor and its operating system.
#pragma once

#if defined(__x86_64__) || (defined(_M_X64) && !defined(_M_ARM64EC))
#define FP_X86_64 1
#elif defined(__aarch64__) || defined(_M_ARM64)
#define FP_ARM64 1
#endif

namespace fp {

// Whether kernels/<name>.cc can run here. Sets of other architectures have no function.
bool has_scalar();
#if FP_X86_64
bool has_avx2();    // AVX2 and FMA
bool has_avx512();  // AVX-512 F, VL, BW and DQ, with AVX2 and FMA
bool has_avxvnni();
bool has_avx512vnni();
bool has_avx512vbmi();
#elif FP_ARM64
bool has_neon();
bool has_neondotprod();
bool has_neoni8mm();
#endif

}  // namespace fp
