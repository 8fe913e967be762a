#include "cpu.h"

#include <cstdint>

#if FP_X86_64
#ifdef _MSC_VER
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace fp {

bool has_scalar() { return true; }

#if FP_X86_64

namespace {

struct Registers {
  uint32_t eax, ebx, ecx, edx;
};

// All zeros where the processor lacks the leaf.
Registers cpuid(uint32_t leaf) {
  Registers r = {0, 0, 0, 0};
#ifdef _MSC_VER
  int values[4];
  __cpuid(values, 0);
  if (uint32_t(values[0]) < leaf) return r;
  __cpuidex(values, int(leaf), 0);
  r = {uint32_t(values[0]), uint32_t(values[1]), uint32_t(values[2]), uint32_t(values[3])};
#else
  __get_cpuid_count(leaf, 0, &r.eax, &r.ebx, &r.ecx, &r.edx);
#endif
  return r;
}

// Register states that the operating system saves. Only valid where OSXSAVE is set; the instruction is written
// out because its intrinsic wants a compiler flag.
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

constexpr uint32_t bit(int index) { return uint32_t(1) << index; }

// Of leaf 1, ecx.
constexpr uint32_t fma_bit = bit(12), osxsave_bit = bit(27), avx_bit = bit(28);
// Of leaf 7, ebx.
constexpr uint32_t avx2_bit = bit(5);
constexpr uint32_t avx512_bits = bit(16) | bit(17) | bit(30) | bit(31);  // F, DQ, BW, VL
// Of XCR0: SSE and AVX registers; the same with AVX-512's masks, upper halves and upper sixteen.
constexpr uint64_t avx_states = 0x6, avx512_states = 0xE6;

}  // namespace

bool has_avx2() {
  return all_set(cpuid(1).ecx, osxsave_bit | avx_bit | fma_bit) && all_set(saved_states(), avx_states) &&
         all_set(cpuid(7).ebx, avx2_bit);
}

bool has_avx512() { return has_avx2() && all_set(saved_states(), avx512_states) && all_set(cpuid(7).ebx, avx512_bits); }

#elif FP_ARM64

// Part of the architecture's baseline.
bool has_neon() { return true; }

#endif

}  // namespace fp
