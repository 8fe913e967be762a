#include "cpu.h"

#include <cstdint>

#if FP_X86_64
#ifdef _MSC_VER
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#elif FP_ARM64
#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(_WIN32)
#include <windows.h>
#endif
#endif

namespace fp {

bool has_scalar() { return true; }

#if FP_X86_64

namespace {

struct Registers {
  uint32_t eax, ebx, ecx, edx;
};

// All zeros if the processor does not have the leaf.
Registers cpuid(uint32_t leaf, uint32_t subleaf = 0) {
  Registers r = {0, 0, 0, 0};
#ifdef _MSC_VER
  int values[4];
  __cpuid(values, 0);
  if (uint32_t(values[0]) < leaf) return r;
  __cpuidex(values, int(leaf), int(subleaf));
  r = {uint32_t(values[0]), uint32_t(values[1]), uint32_t(values[2]), uint32_t(values[3])};
#else
  __get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx);
#endif
  return r;
}

// Register states that the operating system saves. Only valid if OSXSAVE is set; the instruction is written out because
// its intrinsic needs a compiler flag.
uint64_t saved_states() {
#ifdef _MSC_VER
  return _xgetbv(0);
#else
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
#endif
}

bool all_set(uint64_t value, uint64_t bits) { return (value & bits) == bits; }

// Queried once, because a query takes tens of microseconds under a hypervisor.
const Registers leaf_1 = cpuid(1), leaf_7 = cpuid(7), leaf_7_1 = cpuid(7, 1);

constexpr uint32_t bit(int index) { return uint32_t(1) << index; }

// Leaf 1, ecx.
constexpr uint32_t fma_bit = bit(12), osxsave_bit = bit(27), avx_bit = bit(28);
// Leaf 7, ebx.
constexpr uint32_t avx2_bit = bit(5);
constexpr uint32_t avx512_bits = bit(16) | bit(17) | bit(30) | bit(31);  // F, DQ, BW, VL
// Leaf 7, ecx; its subleaf 1, eax.
constexpr uint32_t avx512vbmi_bit = bit(1), avx512vnni_bit = bit(11), avxvnni_bit = bit(4);
// XCR0: SSE and AVX registers; in addition AVX-512's masks, upper halves and upper sixteen registers.
constexpr uint64_t avx_states = 0x6, avx512_states = 0xE6;

}  // namespace

bool has_avx2() {
  return all_set(leaf_1.ecx, osxsave_bit | avx_bit | fma_bit) && all_set(saved_states(), avx_states) &&
         all_set(leaf_7.ebx, avx2_bit);
}

bool has_avx512() { return has_avx2() && all_set(saved_states(), avx512_states) && all_set(leaf_7.ebx, avx512_bits); }

bool has_avxvnni() { return has_avx2() && all_set(leaf_7_1.eax, avxvnni_bit); }

bool has_avx512vnni() { return has_avx512() && all_set(leaf_7.ecx, avx512vnni_bit); }

bool has_avx512vbmi() { return has_avx512() && all_set(leaf_7.ecx, avx512vbmi_bit); }

#elif FP_ARM64

// Part of the architecture's baseline.
bool has_neon() { return true; }

bool has_neondotprod() {
#if defined(__ARM_FEATURE_DOTPROD)
  return true;  // the compiler may use it in any case
#elif defined(__linux__)
  constexpr unsigned long dotprod_bit = 1ul << 20;  // HWCAP_ASIMDDP
  return (getauxval(AT_HWCAP) & dotprod_bit) != 0;
#elif defined(__APPLE__)
  return true;      // all of Apple's processors for the Mac
#elif defined(_WIN32)
  return IsProcessorFeaturePresent(43) != 0;  // PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE
#else
  return false;
#endif
}

bool has_neoni8mm() {
#if defined(__ARM_FEATURE_MATMUL_INT8)
  return true;  // the compiler may use it in any case
#elif defined(__linux__)
  constexpr unsigned long i8mm_bit = 1ul << 13;  // HWCAP2_I8MM
  return (getauxval(AT_HWCAP2) & i8mm_bit) != 0;
#elif defined(__APPLE__)
  int present = 0;  // not on the first of Apple's processors for the Mac
  size_t size = sizeof present;
  return sysctlbyname("hw.optional.arm.FEAT_I8MM", &present, &size, nullptr, 0) == 0 && present != 0;
#elif defined(_WIN32)
  return IsProcessorFeaturePresent(66) != 0;  // PF_ARM_V82_I8MM_INSTRUCTIONS_AVAILABLE
#else
  return false;
#endif
}

#endif

}  // namespace fp
