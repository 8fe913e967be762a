// The table of functions that an instruction set fills. The engine only calls kernels through it.
//
// Every kernel gives the same bits in every table: see docs/numerics.md. No kernel allocates, throws, or touches
// memory outside the ranges stated here. Pointers need no alignment unless stated. Rows are stored one after
// another without padding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../pack_reduced.h"
#include "../plan_numbers.h"

// For functions whose arguments must stay in registers, but which compilers find too large to inline. FP_SMALL is for
// an instruction set without vectors, which gains nothing from inlining or unrolling.
#if defined(FP_SMALL)
#define FP_INLINE inline
#elif defined(_MSC_VER)
#define FP_INLINE __forceinline
#else
#define FP_INLINE inline __attribute__((always_inline))
#endif

// For functions with several callers, each of which would inline them.
#ifdef _MSC_VER
#define FP_NOINLINE __declspec(noinline)
#else
#define FP_NOINLINE __attribute__((noinline))
#endif

// For functions that only kernels call. With the calling convention of Windows, each of them would save ten vector
// registers; with another convention only the functions in the tables do so.
#if defined(_WIN64) && defined(__x86_64__) && defined(__GNUC__)
#define FP_INNER __attribute__((sysv_abi))
#else
#define FP_INNER
#endif

// Keeps a vector in a register: gcc would read it from memory again at each use, which is slow if it is not in the
// first-level cache.
#if defined(__GNUC__) && !defined(__clang__) && (defined(__x86_64__) || defined(__aarch64__))
#ifdef __x86_64__
#define FP_KEEP(vector) asm("" : "+v"(vector))
#else
#define FP_KEEP(vector) asm("" : "+w"(vector))
#endif
#else
#define FP_KEEP(vector)
#endif

// For loops over registers with a constant count: without unrolling, the compiler would keep the registers in memory.
#if defined(FP_SMALL)
#define FP_UNROLL
#elif defined(__clang__)
#define FP_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define FP_UNROLL _Pragma("GCC unroll 32")
#else
#define FP_UNROLL
#endif

#ifdef __GNUC__
#define FP_PREFETCH(address) __builtin_prefetch(address)
#else
#define FP_PREFETCH(address)
#endif

// For loops that clang would unroll without gain.
#ifdef __clang__
#define FP_ONE_BY_ONE _Pragma("clang loop unroll(disable)")
#else
#define FP_ONE_BY_ONE
#endif

namespace fp {

// Functions by their numbers: the lists are made of the tables in lib/graph/operations.
enum class Unary : int32_t {
#define FP_UNARY(name, use) name,
#include "unary.inc"
#undef FP_UNARY
  count
};

enum class Binary : int32_t {
#define FP_BINARY(name, use) name,
#include "binary.inc"
#undef FP_BINARY
  count
};

enum class Reduce : int32_t {
#define FP_REDUCE(name) name,
#include "reduce.inc"
#undef FP_REDUCE
  count
};

// How far a row is from a point.
enum class Metric : int32_t {
#define FP_METRIC(name) name,
#include "metrics.inc"
#undef FP_METRIC
  count
};

// Points in panels of `lane_count` (pack.h), each [features, lane_count]; the last one is padded with 0.
template <typename T>
struct Points {
  const T* panels;
  size_t count, features;
  Metric metric;
  const T* weights;  // of each feature, then the exponent: for Metric::power
};

// A dense layer in the layout of pack(); see pack.h.
template <typename T>
struct DenseLayer;

// Trees in the layouts of tree_layouts.h.
template <typename T>
struct Slots;
struct SlicedNode;
struct Jumps;

template <typename T>
struct Kernels {
  int lanes;          // elements of one vector
  int panel_columns;  // columns of one full panel of a packed dense layer, a multiple of `lanes`
  int tile_rows;      // the most rows of such a layer that are read side by side

  // y[rows, N] = clamp(x[rows, K]·W + b), where x has the layer's stride, for the columns from `first` to `end`; the
  // others are not changed. Both are multiples of panel_columns, but `end` may be N. `layer` was packed for this
  // table. y overlaps neither x nor the layer.
  void (*dense)(const DenseLayer<T>& layer, const T* x, T* y, size_t rows, size_t first, size_t end);

  // The same for a layer with bf16 weights; null in double precision.
  void (*dense_bf16)(const DenseLayer<T>& layer, const T* x, T* y, size_t rows, size_t first, size_t end);

  // y[i] = f(x[i]), i < count; parameters are {alpha, beta}. y may be x; otherwise they do not overlap.
  void (*unary[int(Unary::count)])(const T* x, T* y, size_t count, const T* parameters);

  // y[r, i] = f(a[r, i], b[r, i]), i < width; a row stride of 0 repeats the same row (a constant), otherwise it is
  // `width`. y may be a or b where their stride is `width`.
  void (*binary[int(Binary::count)])(const T* a, size_t a_stride, const T* b, size_t b_stride, T* y, size_t rows,
                                     size_t width);

  // y[r, i] = x[r, i]·scale[i] + shift[i], rounded once. y may be x.
  void (*affine)(const T* x, const T* scale, const T* shift, T* y, size_t rows, size_t width);

  // y[r, i] = min(max(⌊(sums[r, i] + bias[i])·factor[i] + shift⌋, low), high) + zero, where the product and its sum are
  // rounded once, and settings are {shift, low, high, zero}. The sums may be the second half of y. Null in single
  // precision.
  void (*requantize)(const float* sums, const T* bias, const T* factor, const T* settings, T* y, size_t rows,
                     size_t width);

  // y[r, i] = condition[r, i] != 0 ? a[r, i] : b[r, i]; strides as in binary (NaN counts as non-zero).
  void (*select)(const T* condition, size_t condition_stride, const T* a, size_t a_stride, const T* b, size_t b_stride,
                 T* y, size_t rows, size_t width);

  // The position of the first of `count` elements that is infinite, or NaN unless `nan` allows it; `count` for none.
  size_t (*first_not_finite)(const T* x, size_t count, bool nan);

  // Row-wise: x and y are [rows, width], y may be x. scale and shift are [width].
  void (*softmax)(const T* x, T* y, size_t rows, size_t width, int kind);  // a Softmax
  void (*layer_norm)(const T* x, T* y, size_t rows, size_t width, T epsilon, const T* scale, const T* shift);
  void (*rms_norm)(const T* x, T* y, size_t rows, size_t width, T epsilon, const T* scale, const T* shift);
  void (*normalize)(const T* x, T* y, size_t rows, size_t width, int norm, T epsilon, T floor);
  // y[M, N] = a[M, K]·b, where b is [K, N], or [N, K] with out_in. y overlaps neither.
  void (*matmul)(const T* a, const T* b, T* y, size_t M, size_t K, size_t N, bool out_in);
  // y[rows, points] from x[rows, features]; they do not overlap.
  void (*distances)(const Points<T>& points, const T* x, T* y, size_t rows);
  // y[j] += weights[k]·table[ids[k], j] for one k after another, rounded twice; j < width, which is 2 or more. A vector
  // may be read beyond the end of the table.
  void (*bag)(const T* table, size_t width, const int32_t* ids, const T* weights, size_t count, T* y);
  // x is [rows, width], y is [rows]; they do not overlap.
  void (*reduce[int(Reduce::count)])(const T* x, T* y, size_t rows, size_t width);

  // ranks[slot, row] of x[rows, features], in rows of `stride` bytes; no slot has more than 255 thresholds. Null if
  // TreeKernels has no functions.
  void (*rank)(const Slots<T>& slots, const T* x, size_t features, size_t rows, uint8_t* ranks, size_t stride);
};

// Trees with ranks that are bytes. An instruction set without vectors does not have these.
struct TreeKernels {
  // The leaf of each row in the tree that begins there; sets have `sliced_set_bytes` each. `rows` is 1, 2 or 4 times
  // `sliced_rows`, and the stride of ranks.
  void (*slice)(const SlicedNode* tree, const uint8_t* sets, const uint8_t* ranks, size_t rows, uint8_t* leaves);
  // leaves[i], from 0 on, of trees `first` to `end`, for one row: the first leaf of the tree, and its own leaf.
  // `most_jump_slots` ranks can be read.
  void (*jump)(const Jumps& jumps, const uint8_t* ranks, size_t first, size_t end, const int32_t* first_leaves,
               int32_t* leaves);
};

// Turns the sums of a layer into bytes in float32, if only another layer or the caller uses its results. If the
// products with a factor just below the layer's and with one just above it round to the same integer, so does the exact
// product; otherwise float32 cannot decide. The layer adds ½ before rounding down. Its factors are at most 2^-4 and its
// biases at most 2^24, so products stay within the integers that float32 can round to.
struct Narrowing {
  const float* bias;           // [N], padded with zeros to a whole vector, like the next two
  const float *below, *above;  // the factor, and 2^-22 of it less and more
  float low, high;             // integers within ±512
  float shift;                 // an integer that is added last, so that results are bytes
};

// One way to multiply bytes: an instruction set may have several, for processors that have more of it.
struct Int8Kernels {
  Int8Layout layout;  // panel_columns divides that of the set's f32 table
  // y[rows, quantized_width(K)] from x[rows, K]; they do not overlap.
  void (*quantize)(const float* x, float* y, size_t rows, size_t K);
  // The same with one scale for all rows: x·factor + zero, rounded to nearest even, clamped to −128 to 127. Each row
  // gets this scale, or NaN if it has a NaN or an infinity.
  void (*static_quantize)(const float* x, float* y, size_t rows, size_t K, const StaticScale& scale);
  // The same with a scale of 1, for doubles or int32 that are integers from center − 128 to center + 127. Numbers
  // outside are clamped and fractions truncated. A row with NaN gets the scale NaN.
  void (*bytes)(const void* x, bool integers, double center, float* y, size_t rows, size_t K);
  // The elements of such rows from sums[rows, N]: min(max(⌊(sum + bias)·factor + ½⌋, low), high) + shift. Starts at a
  // column of the first row. Returns the position in sums of the first vector that float32 cannot decide, or their
  // number; a vector ends with its row.
  size_t (*narrow)(const float* sums, const Narrowing& layer, float* y, size_t rows, size_t N, size_t column);
  // Like Kernels::dense, for x from quantize() and a layer packed as int8 in this layout. For a layer with `bytes`,
  // y[rows, quantized_width(N)] is the result of static_quantize() for the layer's results, which must be finite if the
  // row is.
  void (*dense)(const DenseLayer<float>& layer, const float* x, float* y, size_t rows, size_t first, size_t end);
  // The sums of one panel of a layer of bytes of very few outputs, packed in dots_layout(), for at most four rows; the
  // rows of y are N apart. Null if it would not be faster than `dense`.
  void (*dots)(const ByteRows& x, const float* panel, size_t K, size_t N, float* y, size_t rows, size_t columns);
};

// An instruction set: its name, whether this processor and its operating system have it, its tables.
struct InstructionSet {
  const char* name;
  bool (*available)();
  const Kernels<float>& f32;
  const Kernels<double>& f64;
  const TreeKernels& trees;
};

}  // namespace fp
