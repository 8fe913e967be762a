#include "../cpu.h"

#if FP_X86_64

// The code included here is not for a specific instruction set; the code below may only run if has_avx512vbmi() returns
// true.
#include <immintrin.h>

#include "../tree_layouts.h"
#include "kernels.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512vbmi,avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), \
                             apply_to = function)
#elif defined(__GNUC__)
#pragma GCC target("avx512vbmi,avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")
#pragma GCC diagnostic ignored "-Wuninitialized"  // gcc 12's own intrinsics (bug 105593)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace fp::avx512vbmi {
namespace {

// Trees of at most 32 splits and 64 slots, in half a register.
struct Half {
  static constexpr size_t size = 32;
  using V = __m256i;
  static V load(const uint8_t* from) { return _mm256_loadu_si256(reinterpret_cast<const V*>(from)); }
  static V look_up(V low, V high, V index) { return _mm256_permutex2var_epi8(low, index, high); }
  static uint64_t greater(V a, V b) { return _mm256_cmpgt_epu8_mask(a, b); }
  static V select(uint64_t mask, V a, V b) { return _mm256_mask_blend_epi8(__mmask32(mask), b, a); }
  static V jump(V table, V index) { return _mm256_permutexvar_epi8(index, table); }
  static size_t first(V a) { return size_t(_mm_cvtsi128_si32(_mm256_castsi256_si128(a))); }
};

struct Full {
  static constexpr size_t size = 64;
  using V = __m512i;
  static V load(const uint8_t* from) { return _mm512_loadu_si512(from); }
  static V look_up(V low, V high, V index) { return _mm512_permutex2var_epi8(low, index, high); }
  static uint64_t greater(V a, V b) { return _mm512_cmpgt_epu8_mask(a, b); }
  static V select(uint64_t mask, V a, V b) { return _mm512_mask_blend_epi8(mask, b, a); }
  static V jump(V table, V index) { return _mm512_permutexvar_epi8(index, table); }
  static size_t first(V a) { return size_t(_mm_cvtsi128_si32(_mm512_castsi512_si128(a))); }
};

template <class W, int doublings>
void jump_by(const Jumps& jumps, const uint8_t* ranks, size_t first, size_t end, const int32_t* first_leaves,
             int32_t* leaves) {
  constexpr size_t size = W::size;
  const typename W::V low = W::load(ranks), high = W::load(ranks + size);
  const uint8_t* tree = jumps.trees + first * jump_arrays * size;
  for (size_t i = first; i < end; i++, tree += jump_arrays * size) {
    const typename W::V rank = W::look_up(low, high, W::load(tree));
    const uint64_t right = W::greater(rank, W::load(tree + size));
    typename W::V next = W::select(right, W::load(tree + 3 * size), W::load(tree + 2 * size));
    for (int jump = 0; jump < doublings; jump++) next = W::jump(next, next);
    const size_t split = W::first(next) % size;
    *leaves++ = first_leaves[i] + tree[(4 + (right >> split & 1)) * size + split];
  }
}

// Doubles the step each time: the next split, the one after that, the fourth. Past the last split of a path it stays
// the same.
template <class W>
void jump_in(const Jumps& jumps, const uint8_t* ranks, size_t first, size_t end, const int32_t* first_leaves,
             int32_t* leaves) {
  const auto kernel = jumps.hops <= 4    ? jump_by<W, 2>
                      : jumps.hops <= 8  ? jump_by<W, 3>
                      : jumps.hops <= 16 ? jump_by<W, 4>
                                         : jump_by<W, 6>;
  kernel(jumps, ranks, first, end, first_leaves, leaves);
}

}  // namespace

void jump(const Jumps& jumps, const uint8_t* ranks, size_t first, size_t end, const int32_t* first_leaves,
          int32_t* leaves) {
  const auto kernel = jumps.size == Half::size ? jump_in<Half> : jump_in<Full>;
  kernel(jumps, ranks, first, end, first_leaves, leaves);
}

}  // namespace fp::avx512vbmi

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
