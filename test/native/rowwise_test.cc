// Kernels that sum along a row: the same bits in every instruction set and on every machine, nothing written beside the
// result, whatever the width. That they compute what they should is compared with the reference in test/engine.
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/registry.h"
#include "pack.h"
#include "sets.h"
#include "test.h"
#include "values.h"

namespace {

constexpr size_t guard = 20;

// Calls run(x, y, rows, width) for widths around the lanes, rows off any boundary, and adds up what it gives.
template <typename T, typename F>
void each_shape(test::Fingerprint& all, size_t width_of_y, F run) {
  test::Random random(31);
  for (size_t width : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 100, 257, 1000}) {
    for (size_t rows : {0, 1, 2, 5}) {
      std::vector<T> x = random.uniforms<T>(rows * width + 1);
      if (rows == 5) x[width] = std::numeric_limits<T>::quiet_NaN();          // in the first row
      if (rows == 5) x[width + 1] = std::numeric_limits<T>::infinity();       // in the second
      if (rows == 5) x[2 * width + 1] = -std::numeric_limits<T>::infinity();  // in the third
      const T poison = T(-77.25);
      const size_t count = width_of_y == 0 ? rows * width : rows * width_of_y;
      std::vector<T> y(count + 1 + guard, poison);
      run(x.data() + 1, y.data() + 1, rows, width);
      CHECK(y[0] == poison);
      for (size_t i = 0; i < guard; i++) CHECK_THAT(y[1 + count + i] == poison, "width %zu, %zu rows", width, rows);
      all.add(y);
    }
  }
}

constexpr int first_later = int(fp::Reduce::sum_float32);

template <typename T>
uint64_t fingerprint(const fp::Kernels<T>& kernels) {
  test::Fingerprint all;
  test::Random random(32);
  const std::vector<T> scale = random.uniforms<T>(1000), shift = random.uniforms<T>(1000);
  for (int kind = 0; kind < 3; kind++) {
    each_shape<T>(all, 0,
                  [&](const T* x, T* y, size_t rows, size_t width) { kernels.softmax(x, y, rows, width, kind); });
  }
  for (const auto norm : {kernels.layer_norm, kernels.rms_norm}) {
    each_shape<T>(all, 0, [&](const T* x, T* y, size_t rows, size_t width) {
      norm(x, y, rows, width, T(1e-5), scale.data(), shift.data());
    });
  }
  for (int norm = 0; norm < 3; norm++) {
    each_shape<T>(all, 0, [&](const T* x, T* y, size_t rows, size_t width) {
      kernels.normalize(x, y, rows, width, norm, T(1e-12), T(1));
    });
  }
  for (int i = 0; i < first_later; i++) each_shape<T>(all, 1, kernels.reduce[i]);
  return all.value();
}

template <typename T>
uint64_t fingerprint_of_later(const fp::Kernels<T>& kernels) {
  test::Fingerprint all;
  for (int i = first_later; i < int(fp::Reduce::count); i++) each_shape<T>(all, 1, kernels.reduce[i]);
  return all.value();
}

// Of distances in every metric, from rows with NaN and infinity to points that fill their panels or not.
template <typename T>
uint64_t fingerprint_of_distances(const fp::Kernels<T>& kernels) {
  test::Fingerprint all;
  test::Random random(34);
  for (size_t features : {1, 2, 7, 33}) {
    for (size_t count : {1, 15, 16, 17, 40}) {
      const size_t panels = (count + fp::lane_count - 1) / fp::lane_count;
      const std::vector<T> points = random.uniforms<T>(panels * features * fp::lane_count);
      std::vector<T> weights = random.uniforms<T>(features + 1);
      for (T& weight : weights) weight = std::abs(weight);
      weights[features] = T(2.5);
      for (size_t rows : {0, 1, 3}) {
        std::vector<T> x = random.uniforms<T>(rows * features);
        if (rows == 3) x[features] = std::numeric_limits<T>::quiet_NaN();
        if (rows == 3) x[2 * features] = std::numeric_limits<T>::infinity();
        for (int metric = 0; metric < int(fp::Metric::count); metric++) {
          const T poison = T(-77.25);
          std::vector<T> y(rows * count + guard, poison);
          const fp::Points<T> packed = {points.data(), count, features, fp::Metric(metric), weights.data()};
          kernels.distances(packed, x.data(), y.data(), rows);
          for (size_t i = 0; i < guard; i++) {
            CHECK_THAT(y[rows * count + i] == poison, "metric %d, %zu points", metric, count);
          }
          all.add(y);
        }
      }
    }
  }
  return all.value();
}

// Of sums of a table's rows, for widths around the lanes and blocks of them; ids come more than once, and weights are
// 0, NaN and infinity too.
template <typename T>
uint64_t fingerprint_of_bags(const fp::Kernels<T>& kernels) {
  test::Fingerprint all;
  test::Random random(35);
  constexpr size_t ids_known = 19;
  for (size_t width : {2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 130, 257}) {
    const std::vector<T> table = random.uniforms<T>(ids_known * width + guard);
    for (size_t count : {0, 1, 2, 9, 50}) {
      std::vector<int32_t> ids(count);
      for (size_t k = 0; k < count; k++) ids[k] = int32_t((k * 7 + width) % ids_known);
      std::vector<T> weights = random.uniforms<T>(count);
      if (count == 9) weights[4] = 0;
      if (count == 50) weights[7] = std::numeric_limits<T>::infinity();
      if (count == 50 && width % 2 == 0) weights[40] = std::numeric_limits<T>::quiet_NaN();
      const T poison = T(-77.25);
      std::vector<T> y = random.uniforms<T>(width);
      y.resize(width + guard, poison);
      kernels.bag(table.data(), width, ids.data(), weights.data(), count, y.data());
      for (size_t i = 0; i < guard; i++) CHECK_THAT(y[width + i] == poison, "width %zu, %zu pairs", width, count);
      all.add(y);
    }
  }
  return all.value();
}

// A change here is a change of what users were promised: say so in the changelog. New reductions go to the later ones.
TEST("sums along a row give the bits of every other machine and release") {
  test::each_set([](const fp::InstructionSet& set) {
    const uint64_t f32 = fingerprint(set.f32), f64 = fingerprint(set.f64);
    CHECK_THAT(f32 == 0x540a4ffaa2a36bd9, "f32 on %s: %016llx", set.name, (unsigned long long)f32);
    CHECK_THAT(f64 == 0x02fb50e74ef380ee, "f64 on %s: %016llx", set.name, (unsigned long long)f64);
    const uint64_t f32_later = fingerprint_of_later(set.f32), f64_later = fingerprint_of_later(set.f64);
    CHECK_THAT(f32_later == 0xb29f3155dd90ff21, "f32 of later reductions on %s: %016llx", set.name,
               (unsigned long long)f32_later);
    CHECK_THAT(f64_later == 0x05f4579e7bc874a2, "f64 of later reductions on %s: %016llx", set.name,
               (unsigned long long)f64_later);
  });
}

TEST("distances and sums of a table's rows give the bits of every other machine and release") {
  test::each_set([](const fp::InstructionSet& set) {
    const uint64_t f32 = fingerprint_of_distances(set.f32), f64 = fingerprint_of_distances(set.f64);
    CHECK_THAT(f32 == 0xdc76f95e5d3290b1, "f32 of distances on %s: %016llx", set.name, (unsigned long long)f32);
    CHECK_THAT(f64 == 0x477bf19f47c79582, "f64 of distances on %s: %016llx", set.name, (unsigned long long)f64);
    const uint64_t f32_bags = fingerprint_of_bags(set.f32), f64_bags = fingerprint_of_bags(set.f64);
    CHECK_THAT(f32_bags == 0xa5f600449c369f73, "f32 of bags on %s: %016llx", set.name, (unsigned long long)f32_bags);
    CHECK_THAT(f64_bags == 0xdbe6dfe9ff7c0b30, "f64 of bags on %s: %016llx", set.name, (unsigned long long)f64_bags);
  });
}

TEST("row-wise kernels may write over their input") {
  test::each_set([](const fp::InstructionSet& set) {
    test::Random random(33);
    for (size_t width : {1, 10, 16, 33}) {
      const std::vector<float> x = random.uniforms<float>(3 * width), ones(width, 1), zeros(width, 0);
      for (int kernel = 0; kernel < 6; kernel++) {
        const auto run = [&](const float* from, float* to) {
          if (kernel < 3) set.f32.softmax(from, to, 3, width, kernel);
          if (kernel == 3) set.f32.layer_norm(from, to, 3, width, 1e-5f, ones.data(), zeros.data());
          if (kernel == 4) set.f32.rms_norm(from, to, 3, width, 1e-5f, ones.data(), zeros.data());
          if (kernel == 5) set.f32.normalize(from, to, 3, width, 1, 0, 1);
        };
        std::vector<float> apart(x.size()), over(x);
        run(x.data(), apart.data());
        run(over.data(), over.data());
        for (size_t i = 0; i < x.size(); i++) CHECK(test::same(apart[i], over[i]));
      }
    }
  });
}

}  // namespace
