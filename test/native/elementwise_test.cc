// The element-wise kernels: what they compute, that every instruction set gives the same bits, that they touch
// nothing else.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <type_traits>
#include <vector>

#include "kernels/registry.h"
#include "sets.h"
#include "test.h"
#include "values.h"

namespace {

using fp::Binary;
using fp::Kernels;
using fp::Unary;
using test::each_set;
using test::same;
using test::table;

constexpr int unary_count = int(Unary::count), binary_count = int(Binary::count);

const char* const unary_names[] = {
#define FP_UNARY(name, use) #name,
#include "kernels/unary.inc"
#undef FP_UNARY
};
const char* const binary_names[] = {
#define FP_BINARY(name, use) #name,
#include "kernels/binary.inc"
#undef FP_BINARY
};

const fp::InstructionSet& scalar() { return *fp::find_instruction_set("scalar"); }

// Parameters that mean something to every function; {alpha, beta}.
template <typename T>
std::vector<std::vector<T>> parameter_sets() {
  return {{T(0.01), T(0)}, {T(1), T(1)}, {T(1.702), T(0.5)}, {T(-1), T(6)}};
}

// A copy in a block of exactly its size, off any boundary but the element's, so that a sanitizer sees a stray read.
template <typename T>
struct Exact {
  explicit Exact(const T* from, size_t count) : block(new T[count + 1]), data(block.get() + 1) {
    if (count > 0) std::memcpy(data, from, count * sizeof(T));
  }
  std::unique_ptr<T[]> block;
  T* data;
};

template <typename T>
void check_same(const char* set, const char* function, const T* got, const T* want, const T* x, size_t count) {
  for (size_t i = 0; i < count; i++) {
    CHECK_THAT(same(got[i], want[i]), "%s on %s: f(%a) is %a, on scalar %a", function, set, double(x[i]),
               double(got[i]), double(want[i]));
  }
}

template <typename T>
void check_unary(const std::vector<T>& x) {
  std::vector<T> want(x.size()), got(x.size());
  for (int f = 0; f < unary_count; f++) {
    for (const std::vector<T>& parameters : parameter_sets<T>()) {
      table<T>(scalar()).unary[f](x.data(), want.data(), x.size(), parameters.data());
      each_set([&](const fp::InstructionSet& set) {
        table<T>(set).unary[f](x.data(), got.data(), x.size(), parameters.data());
        check_same(set.name, unary_names[f], got.data(), want.data(), x.data(), x.size());
      });
    }
  }
}

template <typename T>
void check_binary(const std::vector<T>& a, const std::vector<T>& b) {
  std::vector<T> want(a.size()), got(a.size());
  for (int f = 0; f < binary_count; f++) {
    table<T>(scalar()).binary[f](a.data(), a.size(), b.data(), b.size(), want.data(), 1, a.size());
    each_set([&](const fp::InstructionSet& set) {
      table<T>(set).binary[f](a.data(), a.size(), b.data(), b.size(), got.data(), 1, a.size());
      check_same(set.name, binary_names[f], got.data(), want.data(), a.data(), a.size());
    });
  }
}

template <typename T>
void check_pairs_of_edges() {
  const std::vector<T> edges = test::edge_values<T>();
  std::vector<T> a, b;
  for (T x : edges) {
    for (T y : edges) {
      a.push_back(x);
      b.push_back(y);
    }
  }
  check_binary(a, b);
  check_binary(test::random_values<T>(1 << 14, 8), test::random_values<T>(1 << 14, 9));
}

// Every length, in place and not, at odd addresses: the same elements give the same results.
template <typename T>
void check_lengths() {
  const std::vector<T> x = test::random_values<T>(67, 10);
  const T parameters[] = {T(0.5), T(0.25)};
  std::vector<T> want(67);
  for (int f = 0; f < unary_count; f++) {
    table<T>(scalar()).unary[f](x.data(), want.data(), 67, parameters);
    each_set([&](const fp::InstructionSet& set) {
      for (size_t count = 0; count <= 67; count++) {
        Exact<T> in(x.data(), count), out(x.data(), count);
        table<T>(set).unary[f](in.data, out.data, count, parameters);
        check_same(set.name, unary_names[f], out.data, want.data(), x.data(), count);
        table<T>(set).unary[f](in.data, in.data, count, parameters);
        check_same(set.name, unary_names[f], in.data, want.data(), x.data(), count);
      }
    });
  }
}

// 3 rows of every width, each operand whole or one repeated row.
template <typename T>
void check_rows() {
  constexpr size_t rows = 3, most = 37;
  const std::vector<T> all_a = test::random_values<T>(rows * most, 11), all_b = test::random_values<T>(rows * most, 12);
  std::vector<T> all_c = test::random_values<T>(rows * most, 13);
  for (size_t i = 0; i < all_c.size(); i += 3) all_c[i] = i % 2 ? T(0) : T(-0.0);
  each_set([&](const fp::InstructionSet& set) {
    const Kernels<T>& kernels = table<T>(set);
    for (size_t width = 0; width <= most; width++) {
      for (int repeated = 0; repeated < 8; repeated++) {
        const size_t a_stride = repeated & 1 ? 0 : width, b_stride = repeated & 2 ? 0 : width;
        const size_t c_stride = repeated & 4 ? 0 : width;
        Exact<T> a(all_a.data(), a_stride ? rows * width : width), b(all_b.data(), b_stride ? rows * width : width);
        Exact<T> c(all_c.data(), c_stride ? rows * width : width), y(all_a.data(), rows * width);
        kernels.binary[int(Binary::sub)](a.data, a_stride, b.data, b_stride, y.data, rows, width);
        for (size_t r = 0; r < rows; r++) {
          for (size_t i = 0; i < width; i++) {
            const T want = all_a[r * a_stride + i] - all_b[r * b_stride + i];
            CHECK_THAT(same(y.data[r * width + i], want), "sub on %s, row %zu, column %zu of %zu", set.name, r, i,
                       width);
          }
        }
        kernels.select(c.data, c_stride, a.data, a_stride, b.data, b_stride, y.data, rows, width);
        for (size_t r = 0; r < rows; r++) {
          for (size_t i = 0; i < width; i++) {
            const T want = all_c[r * c_stride + i] != 0 ? all_a[r * a_stride + i] : all_b[r * b_stride + i];
            CHECK_THAT(same(y.data[r * width + i], want), "select on %s, row %zu, column %zu of %zu", set.name, r, i,
                       width);
          }
        }
      }
      Exact<T> x(all_a.data(), rows * width), scale(all_b.data(), width), shift(all_c.data(), width);
      kernels.affine(x.data, scale.data, shift.data, x.data, rows, width);
      for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < width; i++) {
          const T want = std::fma(all_a[r * width + i], all_b[i], all_c[i]);
          CHECK_THAT(same(x.data[r * width + i], want), "affine on %s, row %zu, column %zu of %zu", set.name, r, i,
                     width);
        }
      }
    }
  });
}

template <typename T>
struct Example {
  int function;
  T alpha, beta, x, y;
};

template <typename T>
void check_meaning() {
  const T nan = std::numeric_limits<T>::quiet_NaN(), inf = std::numeric_limits<T>::infinity();
  const T max = std::numeric_limits<T>::max(), tiny = std::numeric_limits<T>::denorm_min();
  const T half_pi = T(1.5707963267948966);
  const Example<T> examples[] = {
      {int(Unary::relu), 0, 0, -2, 0},
      {int(Unary::relu), 0, 0, 2, 2},
      {int(Unary::relu), 0, 0, T(-0.0), T(-0.0)},
      {int(Unary::leaky_relu), T(0.5), 0, -2, -1},
      {int(Unary::leaky_relu), T(0.5), 0, 2, 2},
      {int(Unary::leaky_relu), -1, 0, -inf, inf},
      {int(Unary::thresholded_relu), 1, 0, 1, 0},
      {int(Unary::thresholded_relu), 1, 0, 2, 2},
      {int(Unary::threshold), 1, -7, 1, -7},
      {int(Unary::threshold), 1, -7, 2, 2},
      {int(Unary::elu), 2, 0, -inf, -2},
      {int(Unary::elu), 2, 0, 3, 3},
      {int(Unary::selu), 2, 3, -inf, -6},
      {int(Unary::selu), 2, 3, 3, 9},
      {int(Unary::celu), 2, 0, -inf, -2},
      {int(Unary::celu), 2, 0, 3, 3},
      {int(Unary::gelu), 0, 0, inf, inf},
      {int(Unary::gelu), 0, 0, -inf, nan},
      {int(Unary::gelu), 0, 0, T(-0.0), T(-0.0)},
      {int(Unary::gelu), 0, 0, -max, T(-0.0)},
      {int(Unary::gelu_tanh), 0, 0, inf, inf},
      {int(Unary::gelu_tanh), 0, 0, -inf, nan},
      {int(Unary::gelu_tanh), 0, 0, -max, T(-0.0)},
      {int(Unary::quick_gelu), T(1.702), 0, max, max},
      {int(Unary::quick_gelu), T(1.702), 0, -max, T(-0.0)},
      {int(Unary::silu), 0, 0, inf, inf},
      {int(Unary::silu), 0, 0, -inf, nan},
      {int(Unary::silu), 0, 0, T(-0.0), T(-0.0)},
      {int(Unary::mish), 0, 0, max, max},
      {int(Unary::mish), 0, 0, -inf, nan},
      {int(Unary::mish), 0, 0, -max, T(-0.0)},
      {int(Unary::sigmoid), 0, 0, 0, T(0.5)},
      {int(Unary::sigmoid), 0, 0, inf, 1},
      {int(Unary::sigmoid), 0, 0, -inf, 0},
      {int(Unary::log_sigmoid), 0, 0, inf, T(-0.0)},
      {int(Unary::log_sigmoid), 0, 0, -inf, -inf},
      {int(Unary::hard_sigmoid), T(0.25), T(0.5), 1, T(0.75)},
      {int(Unary::hard_sigmoid), T(0.25), T(0.5), inf, 1},
      {int(Unary::hard_sigmoid), T(0.25), T(0.5), -9, 0},
      {int(Unary::hard_swish), 0, 0, 3, 3},
      {int(Unary::hard_swish), 0, 0, 5, 5},
      {int(Unary::hard_swish), 0, 0, max, max},
      {int(Unary::hard_swish), 0, 0, -3, T(-0.0)},
      {int(Unary::hard_swish), 0, 0, T(-1.5), T(-0.375)},
      {int(Unary::clip), -1, 6, -2, -1},
      {int(Unary::clip), -1, 6, 7, 6},
      {int(Unary::clip), -1, 6, T(-0.0), T(-0.0)},
      {int(Unary::tanh), 0, 0, inf, 1},
      {int(Unary::tanh), 0, 0, -inf, -1},
      {int(Unary::tanh), 0, 0, T(-0.0), T(-0.0)},
      {int(Unary::tanh), 0, 0, tiny, tiny},
      {int(Unary::tanh_shrink), 0, 0, inf, inf},
      {int(Unary::tanh_shrink), 0, 0, -max, -max},
      {int(Unary::hard_shrink), T(0.5), 0, T(0.5), 0},
      {int(Unary::hard_shrink), T(0.5), 0, T(-0.75), T(-0.75)},
      {int(Unary::soft_shrink), T(0.5), T(0.25), T(0.75), T(0.5)},
      {int(Unary::soft_shrink), T(0.5), T(0.25), T(-0.75), T(-0.5)},
      {int(Unary::soft_shrink), T(0.5), T(0.25), T(-0.5), 0},
      {int(Unary::softplus), 2, 0, max, max},
      {int(Unary::softplus), 2, 0, -inf, 0},
      {int(Unary::softplus), -2, 0, -max, -max},
      {int(Unary::softplus), -2, 0, inf, T(-0.0)},
      {int(Unary::softsign), 0, 0, -1, T(-0.5)},
      {int(Unary::squareplus), 3, 0, 1, T(1.5)},
      {int(Unary::squareplus), 3, 0, -1, T(0.5)},
      {int(Unary::squareplus), 0, 0, 0, 0},
      {int(Unary::squareplus), 3, 0, max, max},
      {int(Unary::sparse_plus), 0, 0, -1, 0},
      {int(Unary::sparse_plus), 0, 0, 0, T(0.25)},
      {int(Unary::sparse_plus), 0, 0, max, max},
      {int(Unary::exp), 0, 0, 0, 1},
      {int(Unary::exp), 0, 0, inf, inf},
      {int(Unary::exp), 0, 0, -inf, 0},
      {int(Unary::expm1), 0, 0, T(-0.0), T(-0.0)},
      {int(Unary::expm1), 0, 0, inf, inf},
      {int(Unary::expm1), 0, 0, -inf, -1},
      {int(Unary::expm1), 0, 0, -tiny, -tiny},
      {int(Unary::log), 0, 0, 1, 0},
      {int(Unary::log), 0, 0, 0, -inf},
      {int(Unary::log), 0, 0, T(-0.0), -inf},
      {int(Unary::log), 0, 0, -1, nan},
      {int(Unary::log), 0, 0, inf, inf},
      {int(Unary::log1p), 0, 0, T(-0.0), T(-0.0)},
      {int(Unary::log1p), 0, 0, -1, -inf},
      {int(Unary::log1p), 0, 0, -2, nan},
      {int(Unary::log1p), 0, 0, inf, inf},
      {int(Unary::erf), 0, 0, inf, 1},
      {int(Unary::erf), 0, 0, -inf, -1},
      {int(Unary::erf), 0, 0, T(-0.0), T(-0.0)},
      {int(Unary::erfc), 0, 0, inf, 0},
      {int(Unary::erfc), 0, 0, -inf, 2},
      {int(Unary::erfc), 0, 0, T(-0.0), 1},
      {int(Unary::abs), 0, 0, T(-0.0), 0},
      {int(Unary::abs), 0, 0, -3, 3},
      {int(Unary::neg), 0, 0, 0, T(-0.0)},
      {int(Unary::sqrt), 0, 0, 9, 3},
      {int(Unary::sqrt), 0, 0, -1, nan},
      {int(Unary::square), 0, 0, -3, 9},
      {int(Unary::reciprocal), 0, 0, 4, T(0.25)},
      {int(Unary::reciprocal), 0, 0, T(-0.0), -inf},
      {int(Unary::floor), 0, 0, T(-1.5), -2},
      {int(Unary::ceil), 0, 0, T(-1.5), -1},
      {int(Unary::round), 0, 0, T(2.5), 2},
      {int(Unary::round), 0, 0, T(-3.5), -4},
      {int(Unary::trunc), 0, 0, T(-1.5), -1},
      {int(Unary::sign), 0, 0, T(-0.0), 0},
      {int(Unary::sign), 0, 0, -tiny, -1},
      {int(Unary::sign), 0, 0, inf, 1},
      {int(Unary::logical_not), 0, 0, T(-0.0), 1},
      {int(Unary::logical_not), 0, 0, nan, 0},
      {int(Unary::to_bool), 0, 0, tiny, 1},
      {int(Unary::to_bool), 0, 0, nan, 1},
      {int(Unary::to_bool), 0, 0, 0, 0},
      {int(Unary::is_nan), 0, 0, nan, 1},
      {int(Unary::is_nan), 0, 0, inf, 0},
      {int(Unary::is_inf), 1, 1, inf, 1},
      {int(Unary::is_inf), 1, 1, -inf, 1},
      {int(Unary::is_inf), 0, 1, inf, 0},
      {int(Unary::is_inf), 1, 0, -inf, 0},
      {int(Unary::is_inf), 1, 1, nan, 0},
      {int(Unary::sin), 0, 0, T(-0.0), T(-0.0)},
      {int(Unary::sin), 0, 0, -tiny, -tiny},
      {int(Unary::sin), 0, 0, inf, nan},
      {int(Unary::cos), 0, 0, T(-0.0), 1},
      {int(Unary::cos), 0, 0, tiny, 1},
      {int(Unary::cos), 0, 0, -inf, nan},
      {int(Unary::tan), 0, 0, T(-0.0), T(-0.0)},
      {int(Unary::tan), 0, 0, tiny, tiny},
      {int(Unary::tan), 0, 0, -inf, nan},
      {int(Unary::asin), 0, 0, T(-0.0), T(-0.0)},
      {int(Unary::asin), 0, 0, -1, -half_pi},
      {int(Unary::asin), 0, 0, 2, nan},
      {int(Unary::asin), 0, 0, -inf, nan},
      {int(Unary::acos), 0, 0, 1, 0},
      {int(Unary::acos), 0, 0, -1, 2 * half_pi},
      {int(Unary::acos), 0, 0, T(-0.0), half_pi},
      {int(Unary::acos), 0, 0, -2, nan},
      {int(Unary::atan), 0, 0, T(-0.0), T(-0.0)},
      {int(Unary::atan), 0, 0, -tiny, -tiny},
      {int(Unary::atan), 0, 0, inf, half_pi},
      {int(Unary::atan), 0, 0, -max, -half_pi},
      {int(Unary::sinh), 0, 0, T(-0.0), T(-0.0)},
      {int(Unary::sinh), 0, 0, tiny, tiny},
      {int(Unary::sinh), 0, 0, -inf, -inf},
      {int(Unary::sinh), 0, 0, max, inf},
      {int(Unary::cosh), 0, 0, T(-0.0), 1},
      {int(Unary::cosh), 0, 0, -inf, inf},
      {int(Unary::asinh), 0, 0, T(-0.0), T(-0.0)},
      {int(Unary::asinh), 0, 0, -tiny, -tiny},
      {int(Unary::asinh), 0, 0, -inf, -inf},
      {int(Unary::acosh), 0, 0, 1, 0},
      {int(Unary::acosh), 0, 0, 0, nan},
      {int(Unary::acosh), 0, 0, -max, nan},
      {int(Unary::acosh), 0, 0, inf, inf},
      {int(Unary::atanh), 0, 0, T(-0.0), T(-0.0)},
      {int(Unary::atanh), 0, 0, tiny, tiny},
      {int(Unary::atanh), 0, 0, -1, -inf},
      {int(Unary::atanh), 0, 0, 2, nan},
      {int(Unary::atanh), 0, 0, inf, nan},
      {int(Unary::log2), 0, 0, 8, 3},
      {int(Unary::log2), 0, 0, tiny, T(std::numeric_limits<T>::min_exponent - std::numeric_limits<T>::digits)},
      {int(Unary::log2), 0, 0, T(-0.0), -inf},
      {int(Unary::log2), 0, 0, -1, nan},
      {int(Unary::log2), 0, 0, inf, inf},
      {int(Unary::log10), 0, 0, 1000, 3},
      {int(Unary::log10), 0, 0, 1, 0},
      {int(Unary::log10), 0, 0, 0, -inf},
      {int(Unary::log10), 0, 0, inf, inf},
      {int(Unary::cbrt), 0, 0, -27, -3},
      {int(Unary::cbrt), 0, 0, T(-0.0), T(-0.0)},
      {int(Unary::cbrt), 0, 0, -inf, -inf},
      {int(Unary::to_integer), T(0x1p31), 0, T(2.75), 2},
      {int(Unary::to_integer), T(0x1p31), 0, T(-2.75), -2},
      {int(Unary::to_integer), T(0x1p31), 0, T(-0.75), 0},
      {int(Unary::to_integer), T(0x1p31), 0, T(0x1p31), T(-0x1p31)},
      {int(Unary::to_integer), T(0x1p31), 0, T(-0x1p31), T(-0x1p31)},
      {int(Unary::to_integer), T(0x1p31), 0, -max, T(-0x1p31)},
      {int(Unary::to_integer), T(0x1p31), 0, inf, T(-0x1p31)},
      {int(Unary::to_integer), T(0x1p31), 0, nan, T(-0x1p31)},
      {int(Unary::to_integer), 128, 0, T(-128.5), -128},
      {int(Unary::wrap), -128, 128, T(127.5), 127},
      {int(Unary::wrap), -128, 128, 128, -128},
      {int(Unary::wrap), -128, 128, -129, 127},
      {int(Unary::wrap), -128, 128, T(-0.5), 0},
      {int(Unary::wrap), -128, 128, 16777214, -2},
      {int(Unary::wrap), 0, 256, -1, 255},
      {int(Unary::wrap), 0, 256, 300, 44},
      {int(Unary::wrap), 0, 256, -256, 0},
      {int(Unary::wrap), T(-0x1p31), T(0x1p31), -1, -1},
      {int(Unary::wrap), T(-0x1p31), T(0x1p31), T(0x1p31), T(-0x1p31)},
      {int(Unary::wrap), T(-0x1p31), T(0x1p31), max, 0},
      {int(Unary::wrap), 0, 256, inf, 0},
      {int(Unary::wrap), 0, 256, nan, 0},
      {int(Unary::narrow), 1024, 65504, T(1.00048828125), 1},
      {int(Unary::narrow), 1024, 65504, T(1.00146484375), T(1.001953125)},
      {int(Unary::narrow), 1024, 65504, T(-1.00146484375), T(-1.001953125)},
      {int(Unary::narrow), 1024, 65504, T(65519), T(65504)},
      {int(Unary::narrow), 1024, 65504, T(65520), inf},
      {int(Unary::narrow), 1024, 65504, T(-max), -inf},
      {int(Unary::narrow), 1024, 65504, T(0x1p-25), 0},
      {int(Unary::narrow), 1024, 65504, T(0x1.8p-25), T(0x1p-24)},
      {int(Unary::narrow), 1024, 65504, T(-0x1p-26), T(-0.0)},
      {int(Unary::narrow), 1024, 65504, T(0x1.004p-14), T(0x1.004p-14)},
      {int(Unary::narrow), 1024, 65504, T(0x1.002p-14), T(0x1p-14)},
      {int(Unary::narrow), 1024, 65504, inf, inf},
      {int(Unary::narrow), 1024, 65504, nan, nan},
      {int(Unary::narrow), 128, T(0x1.FEp127), T(0x1.FFp127), inf},
      {int(Unary::narrow), 128, T(0x1.FEp127), T(0x1.FEFFFEp127), T(0x1.FEp127)},
      {int(Unary::narrow), 128, T(0x1.FEp127), T(0x1.01p100), T(0x1p100)},
      {int(Unary::narrow), 128, T(0x1.FEp127), T(0x1p-133), T(0x1p-133)},
      {int(Unary::narrow), 128, T(0x1.FEp127), T(0x1p-134), 0},
      {int(Unary::narrow), T(0x1p23), T(0x1.FFFFFEp127), T(0x1.000002p0), T(0x1.000002p0)},
  };
  each_set([&](const fp::InstructionSet& set) {
    for (const Example<T>& e : examples) {
      const T parameters[] = {e.alpha, e.beta};
      T y;
      table<T>(set).unary[e.function](&e.x, &y, 1, parameters);
      CHECK_THAT(same(y, e.y), "%s(%a; %g, %g) on %s is %a, should be %a", unary_names[e.function], double(e.x),
                 double(e.alpha), double(e.beta), set.name, double(y), double(e.y));
    }
  });
}

template <typename T>
void check_nan() {
  const T nan = std::numeric_limits<T>::quiet_NaN(), parameters[] = {T(0.5), T(2)};
  for (int f = 0; f < unary_count; f++) {
    const Unary u = Unary(f);
    if (u == Unary::logical_not || u == Unary::to_bool || u == Unary::is_nan || u == Unary::is_inf ||
        u == Unary::to_integer || u == Unary::wrap) {
      continue;
    }
    T y = 0;
    table<T>(scalar()).unary[f](&nan, &y, 1, parameters);
    CHECK_THAT(y != y, "%s(NaN) is %a", unary_names[f], double(y));
  }
}

template <typename T>
struct BinaryExample {
  Binary function;
  T a, b, y;
};

template <typename T>
void check_binary_meaning() {
  const T nan = std::numeric_limits<T>::quiet_NaN(), inf = std::numeric_limits<T>::infinity();
  const T max = std::numeric_limits<T>::max(), tiny = std::numeric_limits<T>::denorm_min();
  const T pi = T(3.1415926535897932);
  const BinaryExample<T> examples[] = {
      {Binary::add, 1, 2, 3},
      {Binary::sub, 1, 2, -1},
      {Binary::mul, 3, 2, 6},
      {Binary::div, 1, T(-0.0), -inf},
      {Binary::min, 1, nan, nan},
      {Binary::min, nan, 1, nan},
      {Binary::min, 2, 1, 1},
      {Binary::max, 1, nan, nan},
      {Binary::max, nan, 1, nan},
      {Binary::max, 2, 1, 2},
      {Binary::prelu, -2, 3, -6},
      {Binary::prelu, 2, 3, 2},
      {Binary::prelu, nan, 3, nan},
      {Binary::equal, 0, T(-0.0), 1},
      {Binary::equal, nan, nan, 0},
      {Binary::less, 1, 2, 1},
      {Binary::less, 2, 2, 0},
      {Binary::less_equal, 2, 2, 1},
      {Binary::less_equal, nan, 2, 0},
      {Binary::greater, 2, 1, 1},
      {Binary::greater, 2, 2, 0},
      {Binary::greater_equal, 2, 2, 1},
      {Binary::greater_equal, 2, nan, 0},
      {Binary::logical_and, nan, 2, 1},
      {Binary::logical_and, 2, 0, 0},
      {Binary::logical_or, 0, T(-0.0), 0},
      {Binary::logical_or, 0, nan, 1},
      {Binary::logical_xor, 3, 4, 0},
      {Binary::logical_xor, 3, 0, 1},
      {Binary::logical_xor, 0, -1, 1},
      {Binary::logical_xor, 0, 0, 0},
      {Binary::fmod, T(5.5), 2, T(1.5)},
      {Binary::fmod, T(-5.5), 2, T(-1.5)},
      {Binary::fmod, T(5.5), -2, T(1.5)},
      {Binary::fmod, 1, T(0.1f), std::fmod(T(1), T(0.1f))},
      {Binary::fmod, T(-0.0), 2, T(-0.0)},
      {Binary::fmod, -4, 2, T(-0.0)},
      {Binary::fmod, 4, 2, 0},
      {Binary::fmod, 3, inf, 3},
      {Binary::fmod, inf, 3, nan},
      {Binary::fmod, 3, 0, nan},
      {Binary::fmod, nan, 3, nan},
      {Binary::fmod, 3, nan, nan},
      {Binary::fmod, max, 3, std::fmod(max, T(3))},
      {Binary::fmod, max, tiny, 0},
      {Binary::fmod, max, T(0.7f), std::fmod(max, T(0.7f))},
      {Binary::fmod, 5 * tiny, 3 * tiny, 2 * tiny},
      {Binary::atan2, 0, 1, 0},
      {Binary::atan2, T(-0.0), 1, T(-0.0)},
      {Binary::atan2, 0, -1, pi},
      {Binary::atan2, T(-0.0), -1, -pi},
      {Binary::atan2, 0, 0, 0},
      {Binary::atan2, 0, T(-0.0), pi},
      {Binary::atan2, T(-0.0), T(-0.0), -pi},
      {Binary::atan2, 1, 0, pi / 2},
      {Binary::atan2, -1, T(-0.0), -pi / 2},
      {Binary::atan2, inf, 1, pi / 2},
      {Binary::atan2, 1, inf, 0},
      {Binary::atan2, -1, -inf, -pi},
      {Binary::atan2, inf, inf, pi / 4},
      {Binary::atan2, -inf, -inf, T(-3 * 0.78539816339744831)},
      {Binary::atan2, max, max, pi / 4},
      {Binary::atan2, tiny, -tiny, T(3 * 0.78539816339744831)},
      {Binary::atan2, nan, 1, nan},
      {Binary::atan2, 1, nan, nan},
      {Binary::atan2, inf, nan, nan},
      {Binary::pow, nan, 0, 1},
      {Binary::pow, inf, T(-0.0), 1},
      {Binary::pow, 1, nan, 1},
      {Binary::pow, 1, -inf, 1},
      {Binary::pow, -1, inf, 1},
      {Binary::pow, -1, -inf, 1},
      {Binary::pow, nan, 2, nan},
      {Binary::pow, 2, nan, nan},
      {Binary::pow, -1, nan, nan},
      {Binary::pow, 0, 3, 0},
      {Binary::pow, T(-0.0), 3, T(-0.0)},
      {Binary::pow, T(-0.0), 2, 0},
      {Binary::pow, T(-0.0), T(0.5), 0},
      {Binary::pow, 0, -3, inf},
      {Binary::pow, T(-0.0), -3, -inf},
      {Binary::pow, T(-0.0), -2, inf},
      {Binary::pow, 0, inf, 0},
      {Binary::pow, 0, -inf, inf},
      {Binary::pow, inf, 2, inf},
      {Binary::pow, inf, -1, 0},
      {Binary::pow, -inf, 3, -inf},
      {Binary::pow, -inf, 2, inf},
      {Binary::pow, -inf, T(0.5), inf},
      {Binary::pow, -inf, -3, T(-0.0)},
      {Binary::pow, inf, inf, inf},
      {Binary::pow, inf, -inf, 0},
      {Binary::pow, T(0.5), inf, 0},
      {Binary::pow, T(0.5), -inf, inf},
      {Binary::pow, -2, inf, inf},
      {Binary::pow, -2, 3, -8},
      {Binary::pow, -2, -2, T(0.25)},
      {Binary::pow, -2, T(0.5), nan},
      {Binary::pow, -1, max, 1},
      {Binary::pow, 3, 1, 3},
      {Binary::pow, max, 1, max},
      {Binary::pow, max, 2, inf},
      {Binary::pow, max, -2, 0},
      {Binary::pow, tiny, 1, tiny},
      {Binary::pow, 10, 3, 1000},
      {Binary::pow, 2, max, inf},
  };
  each_set([&](const fp::InstructionSet& set) {
    for (const BinaryExample<T>& e : examples) {
      T y;
      table<T>(set).binary[int(e.function)](&e.a, 1, &e.b, 1, &y, 1, 1);
      CHECK_THAT(same(y, e.y), "%s(%a, %a) on %s is %a, should be %a", binary_names[int(e.function)], double(e.a),
                 double(e.b), set.name, double(y), double(e.y));
    }
  });
}

// Functions from one on to before another, in the order of their lists, which only grow.
struct Functions {
  int unary, unary_end, binary, binary_end;
};
constexpr Functions first_functions = {0, int(Unary::sin), 0, int(Binary::atan2)};
constexpr Functions later_functions = {int(Unary::sin), int(Unary::erfc), int(Binary::atan2), binary_count};
constexpr Functions latest_functions = {int(Unary::erfc), unary_count, binary_count, binary_count};

// Of all their results over the edges and random values.
template <typename T>
uint64_t fingerprint(const Kernels<T>& kernels, const Functions& which) {
  std::vector<T> a = test::edge_values<T>();
  const std::vector<T> random = test::random_values<T>(4096, 14);
  a.insert(a.end(), random.begin(), random.end());
  const std::vector<T> b(a.rbegin(), a.rend());
  std::vector<T> y(a.size());
  const T parameters[] = {T(1.5), T(0.5)};
  test::Fingerprint all;
  for (int f = which.unary; f < which.unary_end; f++) {
    kernels.unary[f](a.data(), y.data(), a.size(), parameters);
    all.add(y);
  }
  for (int f = which.binary; f < which.binary_end; f++) {
    kernels.binary[f](a.data(), a.size(), b.data(), b.size(), y.data(), 1, a.size());
    all.add(y);
  }
  return all.value();
}

// Wherever in a block of any length the first one stands, and whatever follows it, it is found; none is made up.
template <typename T>
void check_first_not_finite() {
  const T nan = std::numeric_limits<T>::quiet_NaN(), inf = std::numeric_limits<T>::infinity();
  const T greatest = std::numeric_limits<T>::max(), least = std::numeric_limits<T>::denorm_min();
  each_set([&](const fp::InstructionSet& set) {
    const auto find = table<T>(set).first_not_finite;
    for (size_t count = 0; count <= 67; count++) {
      std::vector<T> plain(count);
      for (size_t i = 0; i < count; i++) plain[i] = i % 3 == 0 ? greatest : i % 3 == 1 ? -greatest : least;
      Exact<T> x(plain.data(), count);
      for (bool with_nan : {false, true}) CHECK(find(x.data, count, with_nan) == count);
      for (size_t at = 0; at < count; at++) {
        Exact<T> one(plain.data(), count);
        one.data[at] = nan;
        CHECK(find(one.data, count, false) == at && find(one.data, count, true) == count);
        one.data[at] = at % 2 == 0 ? inf : -inf;
        one.data[count - 1] = inf;
        CHECK(find(one.data, count, false) == at && find(one.data, count, true) == at);
      }
    }
  });
}

TEST("the first number that is not finite is found by every instruction set") {
  check_first_not_finite<float>();
  check_first_not_finite<double>();
}

}  // namespace

// A change here is a change of what users were promised: say so in the changelog. New functions go to the latest ones.
TEST("the bits are those of every other machine and release") {
  each_set([](const fp::InstructionSet& set) {
    const uint64_t f32 = fingerprint(set.f32, first_functions), f64 = fingerprint(set.f64, first_functions);
    CHECK_THAT(f32 == 0xf5a6f0f07ef4649e, "f32 on %s: %016llx", set.name, (unsigned long long)f32);
    CHECK_THAT(f64 == 0xd3d206bcf6fd6792, "f64 on %s: %016llx", set.name, (unsigned long long)f64);
    const uint64_t f32_later = fingerprint(set.f32, later_functions), f64_later = fingerprint(set.f64, later_functions);
    CHECK_THAT(f32_later == 0x23919b18f5e2fe97, "f32 of later functions on %s: %016llx", set.name,
               (unsigned long long)f32_later);
    CHECK_THAT(f64_later == 0x0ccee8766a1d4a1b, "f64 of later functions on %s: %016llx", set.name,
               (unsigned long long)f64_later);
    const uint64_t f32_latest = fingerprint(set.f32, latest_functions),
                   f64_latest = fingerprint(set.f64, latest_functions);
    CHECK_THAT(f32_latest == 0xdb9017997b6dff99, "f32 of the latest functions on %s: %016llx", set.name,
               (unsigned long long)f32_latest);
    CHECK_THAT(f64_latest == 0x172de35903dfa3bb, "f64 of the latest functions on %s: %016llx", set.name,
               (unsigned long long)f64_latest);
  });
}

TEST("the functions of one value are what the graph says") {
  check_meaning<float>();
  check_meaning<double>();
}

TEST("the functions of one value pass NaN on") {
  check_nan<float>();
  check_nan<double>();
}

TEST("the functions of two values are what the graph says") {
  check_binary_meaning<float>();
  check_binary_meaning<double>();
}

TEST("every instruction set gives the same bits for one value") {
  check_unary(test::edge_values<float>());
  check_unary(test::edge_values<double>());
  check_unary(test::random_values<float>(1 << 14, 6));
  check_unary(test::random_values<double>(1 << 14, 7));
}

TEST("every instruction set gives the same bits for two values") {
  check_pairs_of_edges<float>();
  check_pairs_of_edges<double>();
}

TEST("the functions of one value do not depend on length, place or alignment") {
  check_lengths<float>();
  check_lengths<double>();
}

TEST("binary, select and affine take rows of any width, whole or repeated") {
  check_rows<float>();
  check_rows<double>();
}
