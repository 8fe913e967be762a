// Every vector type against the one-element type that is their contract.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "cpu.h"
#include "random.h"
#include "test.h"
#include "values.h"

#if FP_X86_64
#include <immintrin.h>
#elif FP_ARM64
#include <arm_neon.h>
#endif

template <typename T>
struct VectorUnderTest {
  int lanes;
  bool (*operate)(int operation, const T* a, const T* b, const T* c, T* to);
  bool (*any_less)(const T* a, const T* b);
  int (*count_less)(const T* a, const T* b);
  void (*copy_part)(const T* from, int count, T fill, T* part, T* whole);
  T (*sum_of_halves)(const T* from);
};

#define FP_ISA vec_test_scalar
#include "kernels/vec_scalar.h"
#include "vec_operations.h"
#undef FP_ISA

#if FP_ARM64
#define FP_ISA vec_test_neon
#include "kernels/vec_neon.h"
#include "vec_operations.h"
#undef FP_ISA
#endif

#if FP_X86_64
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define FP_ISA vec_test_avx2
#include "kernels/vec_avx2.h"
#include "vec_operations.h"
#undef FP_ISA
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), \
                             apply_to = function)
#elif defined(__GNUC__)
#pragma GCC target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")
#pragma GCC diagnostic ignored "-Wuninitialized"  // gcc 12's own intrinsics (bug 105593)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#define FP_ISA vec_test_avx512
#include "kernels/vec_avx512.h"
#include "vec_operations.h"
#undef FP_ISA
#if defined(__clang__)
#pragma clang attribute pop
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif
#endif

namespace {

using test::same;

// Calls f(name, vector, oracle) for both element types of each set that this processor has.
template <typename F>
void each_vector(F f) {
  const auto oracle_f32 = vec_test_scalar::vector_under_test<vec_test_scalar::F32>();
  const auto oracle_f64 = vec_test_scalar::vector_under_test<vec_test_scalar::F64>();
#if FP_X86_64
  if (fp::has_avx2()) {
    f("avx2 f32", vec_test_avx2::vector_under_test<vec_test_avx2::F32>(), oracle_f32);
    f("avx2 f64", vec_test_avx2::vector_under_test<vec_test_avx2::F64>(), oracle_f64);
  }
  if (fp::has_avx512()) {
    f("avx512 f32", vec_test_avx512::vector_under_test<vec_test_avx512::F32>(), oracle_f32);
    f("avx512 f64", vec_test_avx512::vector_under_test<vec_test_avx512::F64>(), oracle_f64);
  }
#elif FP_ARM64
  f("neon f32", vec_test_neon::vector_under_test<vec_test_neon::F32>(), oracle_f32);
  f("neon f64", vec_test_neon::vector_under_test<vec_test_neon::F64>(), oracle_f64);
#endif
  f("scalar f32", oracle_f32, oracle_f32);
}

template <typename T>
void check_operations(const char* name, const VectorUnderTest<T>& vector, const VectorUnderTest<T>& oracle,
                      const std::vector<T>& a, const std::vector<T>& b, const std::vector<T>& c) {
  const size_t lanes = size_t(vector.lanes);
  std::vector<T> got(lanes);
  for (size_t i = 0; i + lanes <= a.size(); i += lanes) {
    for (int operation = 0; vector.operate(operation, &a[i], &b[i], &c[i], got.data()); operation++) {
      for (size_t l = 0; l < lanes; l++) {
        T want;
        oracle.operate(operation, &a[i + l], &b[i + l], &c[i + l], &want);
        CHECK_THAT(same(got[l], want), "%s, operation %d of %a, %a and %a is %a, should be %a", name, operation,
                   double(a[i + l]), double(b[i + l]), double(c[i + l]), double(got[l]), double(want));
      }
    }
  }
}

struct Operations {
  template <typename T>
  void operator()(const char* name, const VectorUnderTest<T>& vector, const VectorUnderTest<T>& oracle) {
    const std::vector<T> edges = test::edge_values<T>();
    std::vector<T> a, b, c;
    for (size_t i = 0; i < edges.size(); i++) {
      for (size_t j = 0; j < edges.size(); j++) {
        a.push_back(edges[i]);
        b.push_back(edges[j]);
        c.push_back(edges[(i * 7 + j * 3) % edges.size()]);
      }
    }
    check_operations(name, vector, oracle, a, b, c);
    const size_t count = 1 << 14;
    check_operations(name, vector, oracle, test::random_values<T>(count, 1), test::random_values<T>(count, 2),
                     test::random_values<T>(count, 3));
  }
};

// What makes a multiply-add hard to round once: sums that cancel, ties, addends far below the product or above it, and
// results at either end of the range. Where the processor has the instruction, that is the oracle of scalar code.
struct MultiplyAdds {
  template <typename T>
  void operator()(const char* name, const VectorUnderTest<T>& vector, const VectorUnderTest<T>& oracle) {
    using Limits = std::numeric_limits<T>;
    test::Random random(6);
    // Of few bits or many, so that there are ties.
    const auto number = [&](int exponent) {
      const double fraction = random.uniform() + std::ldexp(random.uniform(), -32);
      const int bits = 1 + random.below(Limits::digits);
      return T(std::ldexp(std::trunc(std::ldexp(fraction, bits)), exponent - bits));
    };
    const int magnitudes[] = {0, Limits::min_exponent, Limits::min_exponent - Limits::digits, Limits::max_exponent};
    std::vector<T> a, b, c;
    for (int i = 0; i < 1 << 15; i++) {
      const int magnitude = magnitudes[random.below(4)], half = magnitude / 2 + random.below(9) - 4;
      a.push_back(number(half));
      b.push_back(number(magnitude - half));
      const T product = a.back() * b.back();
      const T addends[] = {-product, std::nextafter(-product, T(random.uniform())),
                           number(magnitude + random.below(4 * Limits::digits) - 2 * Limits::digits)};
      c.push_back(addends[random.below(3)]);
    }
    check_operations(name, vector, oracle, a, b, c);
  }
};

struct Parts {
  template <typename T>
  void operator()(const char* name, const VectorUnderTest<T>& vector, const VectorUnderTest<T>&) {
    const std::vector<T> from = test::random_values<T>(size_t(vector.lanes), 4);
    for (int count = 1; count < vector.lanes; count++) {
      // Of exactly the right size, so that a sanitizer sees any step beyond.
      std::unique_ptr<T[]> part(new T[size_t(count)]), exact(new T[size_t(count)]);
      std::memcpy(exact.get(), from.data(), size_t(count) * sizeof(T));
      std::vector<T> whole(size_t(vector.lanes)), guarded(size_t(vector.lanes) + 1, T(-7));
      vector.copy_part(exact.get(), count, T(42), part.get(), whole.data());
      vector.copy_part(exact.get(), count, T(42), guarded.data(), whole.data());
      for (int l = 0; l < vector.lanes; l++) {
        const T want = l < count ? from[size_t(l)] : T(42);
        CHECK_THAT(same(whole[size_t(l)], want), "%s, lane %d of %d loaded", name, l, count);
        if (l < count) CHECK_THAT(same(part[size_t(l)], want), "%s, lane %d of %d stored", name, l, count);
        if (l >= count) CHECK_THAT(guarded[size_t(l)] == T(-7), "%s, lane %d written beyond %d", name, l, count);
      }
    }
  }
};

struct Any {
  template <typename T>
  void operator()(const char* name, const VectorUnderTest<T>& vector, const VectorUnderTest<T>&) {
    const size_t lanes = size_t(vector.lanes);
    const std::vector<T> zeros(lanes, T(0));
    CHECK_THAT(!vector.any_less(zeros.data(), zeros.data()), "%s, none", name);
    for (size_t l = 0; l < lanes; l++) {
      std::vector<T> one = zeros;
      one[l] = 1;
      CHECK_THAT(vector.any_less(zeros.data(), one.data()), "%s, lane %zu", name, l);
    }
  }
};

struct Count {
  template <typename T>
  void operator()(const char* name, const VectorUnderTest<T>& vector, const VectorUnderTest<T>& oracle) {
    const size_t lanes = size_t(vector.lanes);
    // Every choice of lanes, and values of all kinds.
    for (size_t chosen = 0; chosen < size_t(1) << lanes; chosen++) {
      std::vector<T> zeros(lanes, T(0)), some(lanes);
      int wanted = 0;
      for (size_t l = 0; l < lanes; l++) {
        some[l] = T(chosen >> l & 1);
        wanted += int(chosen >> l & 1);
      }
      const int found = vector.count_less(zeros.data(), some.data());
      CHECK_THAT(found == wanted, "%s, lanes %zx: %d", name, chosen, found);
    }
    const std::vector<T> a = test::random_values<T>(lanes * 1000, 8), b = test::random_values<T>(lanes * 1000, 9);
    for (size_t i = 0; i < a.size(); i += lanes) {
      int wanted = 0;
      for (size_t l = i; l < i + lanes; l++) wanted += oracle.count_less(&a[l], &b[l]);
      CHECK_THAT(vector.count_less(&a[i], &b[i]) == wanted, "%s, at %zu", name, i);
    }
  }
};

struct Halves {
  template <typename T>
  void operator()(const char* name, const VectorUnderTest<T>& vector, const VectorUnderTest<T>&) {
    std::vector<T> values = test::random_values<T>(size_t(vector.lanes) * 2, 5), from;
    for (size_t i = 1; i < values.size(); i += 2) from.push_back(values[i]);
    std::vector<T> half = from;
    for (size_t n = half.size() / 2; n > 0; n /= 2) {
      for (size_t i = 0; i < n; i++) half[i] = half[i] + half[i + n];
    }
    CHECK_THAT(same(vector.sum_of_halves(from.data()), half[0]), "%s", name);
  }
};

}  // namespace

TEST("every vector operation gives the bits of the scalar one") { each_vector(Operations()); }
TEST("multiply-adds are rounded once, however product and addend meet") { each_vector(MultiplyAdds()); }
TEST("part loads and stores touch no more than their part") { each_vector(Parts()); }
TEST("any is true when one lane is") { each_vector(Any()); }
TEST("count is how many lanes are true") { each_vector(Count()); }
TEST("down and first reach every lane") { each_vector(Halves()); }
