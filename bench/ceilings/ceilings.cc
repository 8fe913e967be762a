// What this processor can do at most, on one core: f32 multiply-adds per instruction set, and reading memory.
//
//   ceilings BYTES...
//
// prints JSON: GFLOP/s of fused multiply-adds with every operand in registers, for each instruction set that the
// processor has, and GB/s of reading a buffer of so many bytes over and over, for each size. A ceiling is a maximum, so
// each figure is the best of several trials of a few milliseconds, of processor time: others may use the machine too.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

constexpr int kTrials = 5;
constexpr double kTrialSeconds = 0.003;
constexpr int kChains = 12;  // more than latency × units of any core, and they fit in 16 registers

double seconds_since(std::clock_t start) { return double(std::clock() - start) / CLOCKS_PER_SEC; }

template <typename Element, int lanes>
struct VectorOf {
  typedef Element Type __attribute__((vector_size(sizeof(Element) * lanes)));
};

#if defined(__x86_64__)
#define REGISTER "x"
#define TARGET(features) __attribute__((target(features)))
#else
#define REGISTER "w"
#define TARGET(features)
#endif

// Written out, since gcc keeps an array in memory where a loop over it is unrolled late.
#define EACH_OF_8(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define EACH_CHAIN(DO) EACH_OF_8(DO) DO(8) DO(9) DO(10) DO(11)
#define DECLARE(i) Vector sum##i = {};
#define MULTIPLY_ADD(i)            \
  sum##i = sum##i * factor + term; \
  asm("" : "+" REGISTER(sum##i));
#define READ(i) sum##i ^= vectors[i];
#define USE(i) asm volatile("" : : REGISTER(sum##i));

// NAME_fma(n) runs n·kChains multiply-adds of FLOATS; NAME_read(p, bytes) reads `bytes` at p, a multiple of kReadBlock.
// The empty assembly keeps every chain in its own register and its result wanted.
#define INSTRUCTION_SET(NAME, FLOATS, WORDS, FEATURES)                    \
  TARGET(FEATURES) void NAME##_fma(int64_t n) {                           \
    using Vector = FLOATS;                                                \
    const Vector factor = Vector{} + 0.9f, term = Vector{} + 1.0f;        \
    EACH_CHAIN(DECLARE)                                                   \
    for (int64_t i = 0; i < n; i++) {                                     \
      EACH_CHAIN(MULTIPLY_ADD)                                            \
    }                                                                     \
    EACH_CHAIN(USE)                                                       \
  }                                                                       \
  TARGET(FEATURES) void NAME##_read(const char* p, size_t bytes) {        \
    using Vector = WORDS;                                                 \
    EACH_OF_8(DECLARE)                                                    \
    for (const char* end = p + bytes; p < end; p += 8 * sizeof(Vector)) { \
      const Vector* vectors = reinterpret_cast<const Vector*>(p);         \
      EACH_OF_8(READ)                                                     \
    }                                                                     \
    EACH_OF_8(USE)                                                        \
  }

using Words4 = VectorOf<int32_t, 4>::Type;
#if defined(__x86_64__)
using Float8 = VectorOf<float, 8>::Type;
using Words8 = VectorOf<int32_t, 8>::Type;
using Float16 = VectorOf<float, 16>::Type;
using Words16 = VectorOf<int32_t, 16>::Type;
INSTRUCTION_SET(scalar, float, Words4, "fma")
INSTRUCTION_SET(avx2, Float8, Words8, "avx2,fma")
INSTRUCTION_SET(avx512, Float16, Words16, "avx512f,fma")
#else
using Float4 = VectorOf<float, 4>::Type;
INSTRUCTION_SET(scalar, float, Words4, "")
INSTRUCTION_SET(neon, Float4, Words4, "")
#endif

struct InstructionSet {
  const char* name;
  int lanes;
  bool available;
  void (*fma)(int64_t n);
  void (*read)(const char* p, size_t bytes);
};

constexpr size_t kReadBlock = 512;  // eight of the widest vectors

// Work per second: `run(n)` does n units of work.
template <typename Run>
double best_rate(Run run) {
  int64_t n = 1;
  for (;; n *= 2) {
    const std::clock_t start = std::clock();
    run(n);
    if (seconds_since(start) > kTrialSeconds) break;
  }
  double best = 0;
  for (int trial = 0; trial < kTrials; trial++) {
    const std::clock_t start = std::clock();
    run(n);
    const double rate = double(n) / seconds_since(start);
    if (rate > best) best = rate;
  }
  return best;
}

double gigaflops(const InstructionSet& set) {
  return best_rate([&](int64_t n) { set.fma(n); }) * kChains * set.lanes * 2 / 1e9;
}

double gigabytes_per_second(const InstructionSet& set, const char* buffer, size_t bytes) {
  return best_rate([&](int64_t n) {
           for (int64_t i = 0; i < n; i++) {
             set.read(buffer, bytes);
             asm volatile("" : : : "memory");
           }
         }) *
         double(bytes) / 1e9;
}

}  // namespace

int main(int argc, char** argv) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const InstructionSet sets[] = {
      {"scalar", 1, has_avx2, scalar_fma, scalar_read},
      {"avx2", 8, has_avx2, avx2_fma, avx2_read},
      {"avx512", 16, bool(__builtin_cpu_supports("avx512f")), avx512_fma, avx512_read},
  };
#else
  const InstructionSet sets[] = {{"scalar", 1, true, scalar_fma, scalar_read}, {"neon", 4, true, neon_fma, neon_read}};
#endif
  const InstructionSet* widest = nullptr;
  std::printf("{\"fma\":{");
  for (const InstructionSet& set : sets) {
    if (!set.available) continue;
    std::printf("%s\"%s\":%.2f", widest ? "," : "", set.name, gigaflops(set));
    widest = &set;
  }
  if (!widest) {
    std::fprintf(stderr, "this processor has no fused multiply-add\n");
    return 1;
  }
  std::printf("},\"read\":[");
  for (int i = 1; i < argc; i++) {
    const size_t bytes = (std::strtoull(argv[i], nullptr, 10) + kReadBlock - 1) / kReadBlock * kReadBlock;
    char* buffer = static_cast<char*>(std::aligned_alloc(kReadBlock, bytes));
    if (!buffer || !bytes) {
      std::fprintf(stderr, "no buffer of %s bytes\n", argv[i]);
      return 1;
    }
    for (size_t j = 0; j < bytes; j++) buffer[j] = char(j);  // also makes its pages real
    std::printf("%s{\"bytes\":%zu,\"gigabytesPerSecond\":%.2f}", i > 1 ? "," : "", bytes,
                gigabytes_per_second(*widest, buffer, bytes));
    std::free(buffer);
  }
  std::printf("]}\n");
}
