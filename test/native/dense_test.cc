// Dense layers of every instruction set: near the truth, and bit for bit the order of summation that pack.h states.
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "arena.h"
#include "kernels/registry.h"
#include "pack.h"
#include "random.h"
#include "test.h"

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// pack.h's order of summation, written down once more without vectors, tiles or panels.
template <typename T>
T in_order(const T* x, const T* weights, size_t step, T bias, size_t K, size_t N) {
  const fp::DenseShape shape = fp::dense_shape(K, N);
  const size_t partials = size_t(shape.partials);
  if (shape.order == fp::DenseOrder::chains) {
    T total = 0;
    for (size_t p = 0; p < partials; p++) {
      T sum = p == 0 ? bias : T(0);
      const size_t to = p + 1 == partials ? K : (p + 1) * (K / partials);
      for (size_t k = p * (K / partials); k < to; k++) sum = std::fma(x[k], weights[k * step], sum);
      total = p == 0 ? sum : total + sum;
    }
    return total;
  }
  T sums[64] = {};
  const size_t lanes = 16 * partials;
  for (size_t k = 0; k < (K + lanes - 1) / lanes * lanes; k++) {
    sums[k % lanes] =
        k < K ? std::fma(x[k], weights[k * step], sums[k % lanes]) : std::fma(T(0), T(0), sums[k % lanes]);
  }
  if (partials == 4) {
    for (int l = 0; l < 16; l++) sums[l] = (sums[l] + sums[16 + l]) + (sums[32 + l] + sums[48 + l]);
  }
  for (int half = 8; half >= 1; half /= 2) {
    for (int l = 0; l < half; l++) sums[l] += sums[l + half];
  }
  return sums[0] + bias;
}

bool same_bits(const void* a, const void* b, size_t bytes) { return std::memcmp(a, b, bytes) == 0; }

template <typename T>
void check_layer(const fp::Kernels<T>& kernels, const char* isa, size_t K, size_t N, size_t rows, bool out_in,
                 test::Random& random) {
  constexpr size_t guard = 16;
  const std::vector<T> weights = random.uniforms<T>(K * N), bias = random.uniforms<T>(N);
  // Rows of chains may stand apart.
  const bool chains = fp::dense_shape(K, N).order == fp::DenseOrder::chains;
  const size_t stride = K + (chains ? random.below(3) * 5 : 0);
  const std::vector<T> x = random.uniforms<T>(rows * stride + 1);
  const T* const from = x.data() + 1;  // unaligned
  const bool clamped = random.below(2) == 1;

  fp::Array<T> packed;
  CHECK(packed.allocate(fp::packed_size(K, N, kernels.lanes, kernels.panel_columns)));
  fp::pack(weights.data(), out_in, bias.data(), K, N, kernels.lanes, kernels.panel_columns, packed.data());
  const T low = clamped ? T(-0.25) : T(-infinity), high = clamped ? T(0.5) : T(infinity);
  const fp::DenseLayer<T> layer = {K, N, stride, fp::dense_shape(K, N), packed.data(), low, high};

  const T poison = T(12345.678);
  std::vector<T> y(1 + rows * N + guard, poison);
  // In one go, or in two parts as two threads would.
  const size_t panel = size_t(kernels.panel_columns), half = N / 2 / panel * panel;
  if (layer.shape.order == fp::DenseOrder::chains && random.below(2) == 1) {
    kernels.dense(layer, from, y.data() + 1, rows, half, N);
    kernels.dense(layer, from, y.data() + 1, rows, 0, half);
  } else {
    kernels.dense(layer, from, y.data() + 1, rows, 0, N);
  }
  CHECK_THAT(y[0] == poison, "%s wrote before a %zu-%zu layer's result", isa, K, N);
  for (size_t i = 0; i < guard; i++) {
    CHECK_THAT(y[1 + rows * N + i] == poison, "%s wrote past a %zu-%zu layer's result, %zu rows", isa, K, N, rows);
  }
  for (size_t r = 0; r < rows; r++) {
    for (size_t n = 0; n < N; n++) {
      const T* const column = out_in ? weights.data() + n * K : weights.data() + n;
      const size_t step = out_in ? 1 : N;
      T expected = in_order(from + r * stride, column, step, bias[n], K, N);
      double truth = bias[n], magnitude = std::fabs(bias[n]);
      for (size_t k = 0; k < K; k++) {
        const double product = double(from[r * stride + k]) * double(column[k * step]);
        truth += product;
        magnitude += std::fabs(product);
      }
      expected = expected < low ? low : expected > high ? high : expected;
      truth = truth < low ? double(low) : truth > high ? double(high) : truth;
      const T found = y[1 + r * N + n];
      const double bound = double(K + 2) * std::numeric_limits<T>::epsilon() * magnitude;
      CHECK_THAT(std::fabs(found - truth) <= bound, "%s %zu-%zu rows %zu: [%zu, %zu] is %g, truth %g", isa, K, N, rows,
                 r, n, double(found), truth);
      CHECK_THAT(same_bits(&found, &expected, sizeof found), "%s %zu-%zu rows %zu: [%zu, %zu] is %.17g, in order %.17g",
                 isa, K, N, rows, r, n, double(found), double(expected));
    }
  }
}

template <typename T>
void check_layers(const fp::Kernels<T>& kernels, const char* isa) {
  test::Random random(20);
  const size_t sizes[] = {1, 2, 3, 4, 7, 8, 9, 13, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 97, 127, 128, 129};
  constexpr int size_count = int(sizeof sizes / sizeof *sizes);
  const size_t batches[] = {0, 1, 2, 3, 5, 6, 7, 8, 11, 12, 13, 16, 17, 25, 64};
  constexpr int batch_count = int(sizeof batches / sizeof *batches);
  for (size_t K : sizes) {
    for (size_t N : sizes) check_layer(kernels, isa, K, N, batches[random.below(batch_count)], random.below(2), random);
  }
  // Every height of a tile on every width of a panel.
  for (size_t rows = 1; rows <= 33; rows++) {
    for (size_t N : {3, 10, 16, 20, 33, 64, 80, 130}) check_layer(kernels, isa, 19, N, rows, false, random);
  }
  for (size_t rows : {1, 2, 3, 64, 257}) {
    check_layer(kernels, isa, 1000, 5, rows, true, random);
    check_layer(kernels, isa, 257, 1, rows, false, random);
    check_layer(kernels, isa, sizes[random.below(size_count)], 1000, rows, true, random);
  }
}

TEST("a dense layer is near the truth and bit for bit in the stated order, in every instruction set") {
  for (size_t i = 0; i < fp::instruction_set_count; i++) {
    const fp::InstructionSet& set = fp::instruction_sets[i];
    if (!set.available()) continue;
    check_layers(set.f32, set.name);
    check_layers(set.f64, set.name);
  }
}

TEST("a dense layer keeps NaN, infinity and the sign of zero") {
  for (size_t i = 0; i < fp::instruction_set_count; i++) {
    const fp::InstructionSet& set = fp::instruction_sets[i];
    if (!set.available()) continue;
    for (size_t N : {1, 4, 16, 40}) {
      constexpr size_t K = 16;
      const std::vector<float> weights(K * N, 1.0f);
      fp::Array<float> packed;
      CHECK(packed.allocate(fp::packed_size(K, N, set.f32.lanes, set.f32.panel_columns)));
      fp::pack<float>(weights.data(), false, nullptr, K, N, set.f32.lanes, set.f32.panel_columns, packed.data());
      const float limit = std::numeric_limits<float>::infinity();
      const fp::DenseLayer<float> relu = {K, N, K, fp::dense_shape(K, N), packed.data(), 0, limit};
      for (float special : {NAN, limit, -limit}) {
        std::vector<float> x(K, 0.5f), y(N);
        x[5] = special;
        set.f32.dense(relu, x.data(), y.data(), 1, 0, N);
        for (float value : y) {
          if (special != special) CHECK_THAT(value != value, "%s: relu(NaN) is %g", set.name, double(value));
          if (special == limit) CHECK(value == limit);
          if (special == -limit) CHECK(value == 0);
        }
      }
    }
  }
}

TEST("the order of summation depends on the shape of the layer as docs/numerics.md says") {
  const struct {
    size_t K, N;
    fp::DenseOrder order;
    int partials;
  } cases[] = {
      {64, 64, fp::DenseOrder::chains, 2},   {64, 32, fp::DenseOrder::chains, 4}, {256, 10, fp::DenseOrder::chains, 8},
      {16, 16, fp::DenseOrder::chains, 2},   {4, 16, fp::DenseOrder::chains, 1},  {256, 256, fp::DenseOrder::chains, 1},
      {4, 3, fp::DenseOrder::chains, 1},     {16, 3, fp::DenseOrder::lanes, 1},   {32, 1, fp::DenseOrder::lanes, 1},
      {256, 1, fp::DenseOrder::lanes, 4},    {255, 8, fp::DenseOrder::lanes, 1},  {31, 8, fp::DenseOrder::chains, 2},
      {1000, 65, fp::DenseOrder::chains, 1},
  };
  for (const auto& c : cases) {
    const fp::DenseShape shape = fp::dense_shape(c.K, c.N);
    CHECK_THAT(shape.order == c.order && shape.partials == c.partials, "%zu-%zu has %d partials", c.K, c.N,
               shape.partials);
  }
}

}  // namespace
