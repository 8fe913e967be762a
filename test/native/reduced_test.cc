// Layers with bf16 and int8 weights, of every way that runs here, against the same written down without vectors, tiles
// or panels: bit for bit.
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "arena.h"
#include "kernels/registry.h"
#include "pack.h"
#include "pack_reduced.h"
#include "random.h"
#include "test.h"
#include "values.h"

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float poison = 12345.678f;
constexpr size_t guard = 16;

uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

float float_of(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

struct Shape {
  size_t K, N, rows;
};

struct Layer {
  size_t K, N;
  bool out_in;
  std::vector<float> weights, bias;
  float low = -infinity, high = infinity;

  float weight(size_t k, size_t n) const { return out_in ? weights[n * K + k] : weights[k * N + n]; }
};

Layer random_layer(size_t K, size_t N, test::Random& random) {
  Layer layer = {K, N, random.below(2) == 1, random.uniforms<float>(K * N), random.uniforms<float>(N)};
  if (random.below(2) == 1) {
    layer.low = -0.25f;
    layer.high = 0.5f;
  }
  return layer;
}

float clamped(const Layer& layer, float value) {
  const float above = layer.low > value ? layer.low : value;
  return layer.high < above ? layer.high : above;
}

// Columns in two calls where there is more than one panel.
template <class F>
void run_in_parts(size_t N, size_t panel_columns, F run) {
  const size_t cut = N / 2 / panel_columns * panel_columns;
  if (cut > 0) run(0, cut);
  run(cut, N);
}

void check_guards(const std::vector<float>& y, size_t count, const char* what) {
  CHECK_THAT(y[0] == poison, "%s wrote before its result", what);
  for (size_t i = 1 + count; i < y.size(); i++) CHECK_THAT(y[i] == poison, "%s wrote past its result", what);
}

// Widths and heights around those of vectors, panels and tiles.
std::vector<Shape> shapes() {
  std::vector<Shape> all;
  test::Random random(41);
  const size_t sizes[] = {1, 2, 3, 5, 7, 8, 13, 15, 16, 17, 31, 32, 33, 47, 49, 63, 64, 65, 97, 129};
  for (size_t K : sizes) {
    for (size_t N : sizes) all.push_back({K, N, size_t(random.below(34))});
  }
  for (size_t rows = 0; rows <= 33; rows++) {
    for (size_t N : {16, 17, 33, 80, 130}) all.push_back({37, N, rows});
  }
  for (size_t rows : {1, 2, 64, 257}) {
    all.push_back({1000, 67, rows});
    all.push_back({40, 300, rows});
  }
  return all;
}

// ---------------------------------------------------------------------------------------------------------------
// bf16

float to_bf16(float value) {
  if (value != value) return value;
  const uint32_t bits = bits_of(value), cut = bits & 0xffff0000, rest = bits & 0xffff;
  const bool up = rest > 0x8000 || (rest == 0x8000 && (bits & 0x10000) != 0);
  return float_of(up ? cut + 0x10000 : cut);
}

std::vector<float> run_bf16(const fp::Kernels<float>& kernels, const Layer& layer, const float* x, size_t rows) {
  fp::Array<float> packed;
  CHECK(packed.allocate(fp::packed_bf16_size(layer.K, layer.N, kernels.lanes, kernels.panel_columns)));
  fp::pack_bf16(layer.weights.data(), layer.out_in, layer.bias.data(), layer.K, layer.N, kernels.lanes,
                kernels.panel_columns, packed.data());
  const fp::DenseLayer<float> dense = {layer.K,       layer.N,   layer.K,   fp::dense_shape(layer.K, layer.N),
                                       packed.data(), layer.low, layer.high};
  std::vector<float> y(1 + rows * layer.N + guard, poison);
  run_in_parts(layer.N, size_t(kernels.panel_columns),
               [&](size_t first, size_t end) { kernels.dense_bf16(dense, x, y.data() + 1, rows, first, end); });
  check_guards(y, rows * layer.N, "bf16");
  return std::vector<float>(y.begin() + 1, y.begin() + 1 + std::ptrdiff_t(rows * layer.N));
}

TEST(
    "a layer of bf16 weights is the layer of the rounded weights, bit for "
    "bit") {
  test::Random random(42);
  for (const Shape& shape : shapes()) {
    if (fp::dense_shape(shape.K, shape.N).order != fp::DenseOrder::chains) continue;
    Layer layer = random_layer(shape.K, shape.N, random);
    const std::vector<float> x = random.uniforms<float>(shape.rows * shape.K + 1);
    Layer rounded = layer;
    for (float& w : rounded.weights) w = to_bf16(w);
    for (size_t i = 0; i < fp::instruction_set_count; i++) {
      const fp::InstructionSet& set = fp::instruction_sets[i];
      if (!set.available()) continue;
      const std::vector<float> found = run_bf16(set.f32, layer, x.data() + 1, shape.rows);
      fp::Array<float> packed;
      CHECK(packed.allocate(fp::packed_size(shape.K, shape.N, set.f32.lanes, set.f32.panel_columns)));
      fp::pack(rounded.weights.data(), layer.out_in, layer.bias.data(), shape.K, shape.N, set.f32.lanes,
               set.f32.panel_columns, packed.data());
      const fp::DenseLayer<float> whole = {shape.K,       shape.N,   shape.K,   fp::dense_shape(shape.K, shape.N),
                                           packed.data(), layer.low, layer.high};
      std::vector<float> wanted(shape.rows * shape.N);
      set.f32.dense(whole, x.data() + 1, wanted.data(), shape.rows, 0, shape.N);
      for (size_t j = 0; j < wanted.size(); j++) {
        CHECK_THAT(test::same(found[j], wanted[j]), "%s %zu-%zu rows %zu: %g, wanted %g", set.name, shape.K, shape.N,
                   shape.rows, double(found[j]), double(wanted[j]));
      }
    }
  }
}

TEST(
    "bf16 weights round to nearest even, and keep NaN, infinity and the sign "
    "of zero") {
  const float cases[] = {1.0f,
                         float_of(0x3f808000),  // a tie, down to even
                         float_of(0x3f818000),  // a tie, up to even
                         float_of(0x3f808001),
                         float_of(0x7f800001),  // a NaN whose payload is in the lower half
                         std::numeric_limits<float>::quiet_NaN(),
                         infinity,
                         -infinity,
                         std::numeric_limits<float>::max(),  // rounds to infinity
                         -0.0f,
                         float_of(1)};
  const fp::Kernels<float>& kernels = fp::find_instruction_set("scalar")->f32;
  for (float weight : cases) {
    const Layer layer = {1, 16, false, std::vector<float>(16, weight), std::vector<float>(16, -0.0f)};
    const float one = 1;
    for (float y : run_bf16(kernels, layer, &one, 1)) {
      CHECK_THAT(test::same(y, to_bf16(weight)), "%g becomes %g", double(weight), double(y));
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------
// int8

float int8_scale(const Layer& layer, size_t n) {
  float greatest = 0;
  for (size_t k = 0; k < layer.K; k++) {
    const float magnitude = std::fabs(layer.weight(k, n));
    if (!std::isfinite(magnitude)) return std::numeric_limits<float>::quiet_NaN();
    if (magnitude > greatest) greatest = magnitude;
  }
  if (greatest < 0x1p-100f) return 0;
  const uint32_t bits = bits_of(greatest / 127);
  return float_of(bits % 256 == 0 ? bits : bits / 256 * 256 + 256);
}

struct QuantizedRow {
  float scale;
  std::vector<int> q;
};

QuantizedRow quantize_row(const float* x, size_t K) {
  QuantizedRow row = {0, std::vector<int>(K, 0)};
  float greatest = 0;
  for (size_t k = 0; k < K; k++) {
    if (!std::isfinite(x[k])) {
      row.scale = std::numeric_limits<float>::quiet_NaN();
      return row;
    }
    if (std::fabs(x[k]) > greatest) greatest = std::fabs(x[k]);
  }
  if (greatest < 0x1p-100f) return row;
  row.scale = greatest / 127;
  const float factor = 127 / greatest;
  for (size_t k = 0; k < K; k++) row.q[k] = int(std::nearbyint(double(x[k]) * double(factor)));
  return row;
}

std::vector<float> reference(const Layer& layer, const float* x, size_t rows) {
  std::vector<float> y;
  std::vector<float> scales(layer.N);
  std::vector<int> q(layer.K * layer.N, 0);
  for (size_t n = 0; n < layer.N; n++) {
    scales[n] = int8_scale(layer, n);
    for (size_t k = 0; k < layer.K && scales[n] > 0; k++) {
      q[n * layer.K + k] = int(std::nearbyint(layer.weight(k, n) / scales[n]));
    }
  }
  for (size_t r = 0; r < rows; r++) {
    const QuantizedRow row = quantize_row(x + r * layer.K, layer.K);
    for (size_t n = 0; n < layer.N; n++) {
      int64_t sum = 0;
      for (size_t k = 0; k < layer.K; k++) sum += row.q[k] * q[n * layer.K + k];
      const float scale = row.scale * scales[n];
      y.push_back(clamped(layer, std::fma(float(sum), scale, layer.bias[n])));
    }
  }
  return y;
}

std::vector<float> run_int8(const fp::Int8Way& way, const Layer& layer, const float* x, size_t rows) {
  const fp::Int8Kernels& kernels = way.kernels;
  fp::Array<float> packed;
  CHECK(packed.allocate(fp::packed_int8_size(layer.K, layer.N, kernels.layout)));
  fp::pack_int8(layer.weights.data(), layer.out_in, layer.bias.data(), layer.K, layer.N, kernels.layout, packed.data());
  std::vector<float> quantized(1 + rows * fp::quantized_width(layer.K) + guard, poison);
  kernels.quantize(x, quantized.data() + 1, rows, layer.K);
  check_guards(quantized, rows * fp::quantized_width(layer.K), way.name);

  const fp::DenseLayer<float> dense = {layer.K,       layer.N,   layer.K,   fp::dense_shape(layer.K, layer.N),
                                       packed.data(), layer.low, layer.high};
  std::vector<float> y(1 + rows * layer.N + guard, poison);
  run_in_parts(layer.N, size_t(kernels.layout.panel_columns), [&](size_t first, size_t end) {
    kernels.dense(dense, quantized.data() + 1, y.data() + 1, rows, first, end);
  });
  check_guards(y, rows * layer.N, way.name);
  return std::vector<float>(y.begin() + 1, y.begin() + 1 + std::ptrdiff_t(rows * layer.N));
}

void check_int8(const Layer& layer, const std::vector<float>& x, size_t rows) {
  const std::vector<float> wanted = reference(layer, x.data() + 1, rows);
  for (size_t i = 0; i < fp::int8_way_count; i++) {
    const fp::Int8Way& way = fp::int8_ways[i];
    if (!way.available()) continue;
    const std::vector<float> found = run_int8(way, layer, x.data() + 1, rows);
    for (size_t j = 0; j < wanted.size(); j++) {
      CHECK_THAT(test::same(found[j], wanted[j]), "%s %zu-%zu rows %zu, [%zu, %zu]: %.9g, wanted %.9g", way.name,
                 layer.K, layer.N, rows, j / layer.N, j % layer.N, double(found[j]), double(wanted[j]));
    }
  }
}

TEST(
    "int8 layers are exact, in every shape and batch, whatever multiplies the "
    "bytes") {
  test::Random random(43);
  for (const Shape& shape : shapes()) {
    const Layer layer = random_layer(shape.K, shape.N, random);
    check_int8(layer, random.uniforms<float>(shape.rows * shape.K + 1), shape.rows);
  }
}

TEST("int8 products of the greatest magnitude do not saturate") {
  for (size_t K : {64, 1000, 65536}) {
    for (float weight : {1.0f, -1.0f}) {
      for (float value : {3.0f, -3.0f}) {
        const Layer layer = {K, 33, false, std::vector<float>(K * 33, weight), std::vector<float>(33, 0)};
        check_int8(layer, std::vector<float>(1 + 2 * K, value), 2);
      }
    }
  }
}

TEST(
    "int8 layers give NaN for a row or column that is not finite, and zero "
    "for one that is next to nothing") {
  constexpr size_t K = 40, N = 35, rows = 9;
  test::Random random(44);
  Layer layer = random_layer(K, N, random);
  layer.out_in = false;
  for (size_t k = 0; k < K; k++) {
    layer.weights[k * N + 3] = 0;
    layer.weights[k * N + 4] *= 0x1p-101f;
    layer.weights[k * N + 5] *= 0x1p+100f;
    layer.weights[k * N + 6] *= 0x1p-90f;
  }
  layer.weights[7 * N + 8] = infinity;
  layer.weights[8 * N + 9] = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> x = random.uniforms<float>(rows * K + 1);
  x[1 + 1 * K + 39] = infinity;
  x[1 + 2 * K + 0] = -infinity;
  x[1 + 3 * K + 20] = std::numeric_limits<float>::quiet_NaN();
  for (size_t k = 0; k < K; k++) {
    x[1 + 4 * K + k] = 0;
    x[1 + 5 * K + k] *= 0x1p-101f;
    x[1 + 6 * K + k] *= 0x1p-140f;
    x[1 + 7 * K + k] *= 0x1p+127f;
  }
  check_int8(layer, x, rows);
  for (size_t row : {1, 2, 3}) {
    const std::vector<float> y = reference(layer, x.data() + 1 + row * K, 1);
    for (float value : y) CHECK(value != value);
  }
  const std::vector<float> y = reference(layer, x.data() + 1 + 4 * K, 1);
  for (size_t n = 10; n < N; n++) CHECK(y[n] == clamped(layer, layer.bias[n]));
}

// ---------------------------------------------------------------------------------------------------------------
// Layers of bytes

void check_dots(const fp::Int8Way& way, size_t K, size_t N, size_t rows, bool flipped, test::Random& random) {
  const fp::Int8Kernels& kernels = way.kernels;
  const fp::Int8Layout layout = fp::dots_layout(kernels.layout);
  const size_t outputs = size_t(layout.lanes), whole = (K + 15) / 16 * 16, offset = size_t(layout.offset);
  std::vector<double> weights(K * N);
  for (double& weight : weights) weight = double(random.below(256)) - 128;
  fp::Array<float> packed;
  CHECK(packed.allocate(fp::packed_int8_size(K, N, layout)));
  fp::pack_bytes(weights.data(), true, K, N, layout, packed.data());
  // Row r begins 1 + r·(whole + 5) bytes after the first; elements beyond K may be anything.
  const size_t stride = whole + 5;
  std::vector<char> x(1 + rows * stride);
  for (char& element : x) element = char(random.below(256));
  std::vector<float> y(rows * N + guard, poison);
  const float* panel = packed.data();
  for (size_t n = 0; n < N; n += outputs, panel += fp::int8_panel_size(K, outputs, layout.group)) {
    kernels.dots({x.data() + 1, stride, false, flipped ? int32_t(0x80808080) : 0}, panel, K, N, y.data() + n, rows,
                 N - n < outputs ? N - n : outputs);
  }
  for (size_t i = rows * N; i < y.size(); i++) CHECK_THAT(y[i] == poison, "%s wrote past its result", way.name);
  for (size_t i = 0; i < rows * N; i++) {
    int64_t sum = 0;
    for (size_t k = 0; k < K; k++) {
      const uint8_t element = uint8_t(uint8_t(x[1 + i / N * stride + k]) ^ (flipped ? 0x80 : 0));
      const int q = offset == 0 ? int(int8_t(element)) : int(element) - 128;
      sum += q * int(weights[i % N * K + k]);
    }
    CHECK_THAT(y[i] == float(sum), "%s %zu-%zu rows %zu, %zu: %g, wanted %g", way.name, K, N, rows, i, double(y[i]),
               double(sum));
  }
}

TEST("dot products of bytes are exact for up to four rows, whatever lies beyond a row") {
  test::Random random(49);
  for (size_t i = 0; i < fp::int8_way_count; i++) {
    const fp::Int8Way& way = fp::int8_ways[i];
    if (!way.available() || way.kernels.dots == nullptr) continue;
    for (size_t K : {1, 15, 16, 17, 31, 32, 33, 64, 300, 1000}) {
      for (size_t N = 1; N <= 9; N++) {
        for (size_t rows = 1; rows <= 4; rows++) check_dots(way, K, N, rows, random.below(2) == 1, random);
      }
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------
// int8 with one scale for all rows

fp::StaticScale static_scale(float scale, int zero) { return {scale, 1 / scale, float(zero)}; }

// x·factor + zero without rounding, then to the nearest integer, ties to even.
int static_byte(float x, const fp::StaticScale& scale) {
  const double product = double(x) * double(scale.factor), down = std::floor(product), rest = product - down;
  if (down > 1000) return 127;
  if (down < -1000) return -128;
  int q = int(down) + int(scale.zero);
  if (rest > 0.5 || (rest == 0.5 && q % 2 != 0)) q++;
  return q < -128 ? -128 : q > 127 ? 127 : q;
}

// Layers one after another, each with the scale of what it takes.
struct StaticLayer {
  Layer layer;
  fp::StaticScale scale;
};

std::vector<float> static_reference(const StaticLayer& given, const float* x, size_t rows) {
  const Layer& layer = given.layer;
  std::vector<float> y;
  for (size_t r = 0; r < rows; r++, x += layer.K) {
    float row_scale = given.scale.scale;
    for (size_t k = 0; k < layer.K; k++) {
      if (!std::isfinite(x[k])) row_scale = std::numeric_limits<float>::quiet_NaN();
    }
    for (size_t n = 0; n < layer.N; n++) {
      const float scale = int8_scale(layer, n);
      int64_t sum = 0;
      for (size_t k = 0; k < layer.K && scale > 0; k++) {
        const int q = row_scale == row_scale ? static_byte(x[k], given.scale) : 0;
        sum += (q - int(given.scale.zero)) * int(std::nearbyint(layer.weight(k, n) / scale));
      }
      y.push_back(clamped(layer, std::fma(float(sum), row_scale * scale, layer.bias[n])));
    }
  }
  return y;
}

// What a layer gives of rows of bytes: floats, or rows of bytes of the scale.
std::vector<float> run_static(const fp::Int8Way& way, const StaticLayer& given, const float* quantized, size_t rows,
                              const fp::StaticScale* result) {
  const Layer& layer = given.layer;
  const fp::Int8Kernels& kernels = way.kernels;
  fp::Int8Layout layout = kernels.layout;
  layout.offset += int(given.scale.zero);
  fp::Array<float> packed;
  CHECK(packed.allocate(fp::packed_int8_size(layer.K, layer.N, layout)));
  fp::pack_int8(layer.weights.data(), layer.out_in, layer.bias.data(), layer.K, layer.N, layout, packed.data());
  fp::DenseLayer<float> dense = {layer.K, layer.N, layer.K, {}, packed.data(), layer.low, layer.high};
  dense.bytes = result;
  const size_t width = result == nullptr ? layer.N : fp::quantized_width(layer.N);
  std::vector<float> y(1 + rows * width + guard, poison);
  run_in_parts(layer.N, size_t(kernels.layout.panel_columns),
               [&](size_t first, size_t end) { kernels.dense(dense, quantized, y.data() + 1, rows, first, end); });
  check_guards(y, rows * width, way.name);
  return std::vector<float>(y.begin() + 1, y.begin() + 1 + std::ptrdiff_t(rows * width));
}

void check_static(const std::vector<StaticLayer>& layers, const std::vector<float>& x, size_t rows) {
  std::vector<float> wanted(x.begin() + 1, x.end());
  for (const StaticLayer& layer : layers) wanted = static_reference(layer, wanted.data(), rows);
  const size_t K = layers.front().layer.K, N = layers.back().layer.N;
  for (size_t i = 0; i < fp::int8_way_count; i++) {
    const fp::Int8Way& way = fp::int8_ways[i];
    if (!way.available()) continue;
    std::vector<float> y(1 + rows * fp::quantized_width(K) + guard, poison);
    way.kernels.static_quantize(x.data() + 1, y.data() + 1, rows, K, layers.front().scale);
    check_guards(y, rows * fp::quantized_width(K), way.name);
    y.erase(y.begin());
    for (size_t j = 0; j < layers.size(); j++) {
      y = run_static(way, layers[j], y.data(), rows, j + 1 < layers.size() ? &layers[j + 1].scale : nullptr);
    }
    for (size_t j = 0; j < wanted.size(); j++) {
      CHECK_THAT(test::same(y[j], wanted[j]), "%s %zu layers %zu-%zu rows %zu, [%zu, %zu]: %.9g, wanted %.9g", way.name,
                 layers.size(), K, N, rows, j / N, j % N, double(y[j]), double(wanted[j]));
    }
  }
}

TEST("int8 layers of one scale for all rows are exact, in every shape and batch, whatever multiplies the bytes") {
  test::Random random(48);
  for (const Shape& shape : shapes()) {
    // A power of 2 has ties; some rows leave the range.
    const float scale = random.below(2) == 1 ? 1.0f / 128 : 0.0123f;
    const StaticLayer layer = {random_layer(shape.K, shape.N, random), static_scale(scale, random.below(256) - 128)};
    std::vector<float> x = random.uniforms<float>(shape.rows * shape.K + 1);
    for (float& value : x) value = std::nearbyint(value * 512) / 256;
    check_static({layer}, x, shape.rows);
  }
}

TEST("int8 layers that give bytes to one another do as if floats were between them") {
  test::Random random(49);
  for (const Shape& shape : shapes()) {
    std::vector<StaticLayer> layers;
    for (size_t K = shape.K; layers.size() < 3; K = layers.back().layer.N) {
      const size_t N = layers.empty() ? shape.N : size_t(1 + random.below(70));
      layers.push_back({random_layer(K, N, random), static_scale(0.01f, random.below(256) - 128)});
    }
    std::vector<float> x = random.uniforms<float>(shape.rows * shape.K + 1);
    if (shape.rows > 2) x[1 + 2 * shape.K] = std::numeric_limits<float>::quiet_NaN();
    check_static(layers, x, shape.rows);
  }
}

TEST("one scale for all rows takes what is beyond as the nearest byte, and gives NaN for a row that is not finite") {
  constexpr size_t K = 40, N = 35, rows = 9;
  test::Random random(50);
  const float nan = std::numeric_limits<float>::quiet_NaN(), most = std::numeric_limits<float>::max();
  const float odd[] = {most, -most, 1e30f, -1e30f, -0.0f, float_of(1), 127.5f, -128.5f, 0.5f, 1.5f};
  for (const float scale : {1.0f, 0x1p-100f, 0x1p100f, 3e-5f}) {
    for (const int zero : {-128, -1, 0, 127}) {
      Layer layer = random_layer(K, N, random);
      std::vector<float> x(1 + rows * K);
      for (size_t i = 1; i < x.size(); i++) x[i] = odd[i % 10] * (i < 3 * K ? 1 : scale);
      x[1 + 4 * K + 39] = infinity;
      x[1 + 5 * K + 0] = -infinity;
      x[1 + 6 * K + 20] = nan;
      check_static({{layer, static_scale(scale, zero)}}, x, rows);
      for (size_t row : {4, 5, 6}) {
        for (float y : static_reference({layer, static_scale(scale, zero)}, x.data() + 1 + row * K, 1)) CHECK(y != y);
      }
    }
  }
}

TEST("sums of one scale for all rows do not overflow") {
  for (size_t K : {64, 65536}) {
    for (float weight : {1.0f, -1.0f}) {
      for (int zero : {-128, 127}) {
        const Layer layer = {K, 33, false, std::vector<float>(K * 33, weight), std::vector<float>(33, 0)};
        check_static({{layer, static_scale(1, zero)}}, std::vector<float>(1 + 2 * K, zero < 0 ? 300.0f : -300.0f), 2);
      }
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------
// bytes

struct ByteLayer {
  size_t K, N;
  bool out_in;
  std::vector<double> weights, bias, factors, settings;
};

double whole(test::Random& random, int low, int high) { return low + random.below(high - low + 1); }

ByteLayer random_byte_layer(size_t K, size_t N, test::Random& random) {
  ByteLayer layer = {K, N, random.below(2) == 1, {}, {}, {}, {0.5, -100, 120, whole(random, -9, 9)}};
  for (size_t i = 0; i < K * N; i++) layer.weights.push_back(whole(random, -128, 127));
  for (size_t n = 0; n < N; n++) {
    layer.bias.push_back(whole(random, -100000, 100000));
    layer.factors.push_back(std::ldexp(1 + random.below(1000) / 1000.0, -random.below(14)));
  }
  return layer;
}

// What a row holds is taken as whole numbers from center − 128 to center + 127.
std::vector<double> reference(const ByteLayer& layer, const double* x, double center, size_t rows) {
  std::vector<double> y;
  const std::vector<double>& s = layer.settings;
  for (size_t r = 0; r < rows; r++, x += layer.K) {
    for (size_t n = 0; n < layer.N; n++) {
      double sum = layer.bias[n];
      for (size_t k = 0; k < layer.K; k++) {
        const double from_center = std::fmin(std::fmax(std::trunc(x[k]) - center, -128), 127);
        sum += x[k] != x[k] ? x[k] : from_center * layer.weights[layer.out_in ? n * layer.K + k : k * layer.N + n];
      }
      const double result = std::floor(std::fma(sum, layer.factors[n], s[0]));
      y.push_back((result < s[1] ? s[1] : result > s[2] ? s[2] : result) + s[3]);
    }
  }
  return y;
}

// As run_bytes.cc does: sums in the second half of the result.
std::vector<double> run_bytes(const fp::Int8Way& way, const fp::Kernels<double>& kernels, const ByteLayer& layer,
                              const double* x, double center, size_t rows) {
  const size_t width = fp::quantized_width(layer.K), count = rows * layer.N;
  fp::Array<float> packed;
  CHECK(packed.allocate(fp::packed_int8_size(layer.K, layer.N, way.kernels.layout)));
  fp::pack_bytes(layer.weights.data(), layer.out_in, layer.K, layer.N, way.kernels.layout, packed.data());
  std::vector<float> bytes(1 + rows * width + guard, poison);
  way.kernels.bytes(x, false, center, bytes.data() + 1, rows, layer.K);
  check_guards(bytes, rows * width, way.name);
  std::vector<double> y(count + guard, double(poison));
  float* const sums = reinterpret_cast<float*>(y.data()) + count;
  const fp::DenseLayer<float> dense = {layer.K, layer.N, layer.K, {}, packed.data(), -infinity, infinity};
  way.kernels.dense(dense, bytes.data() + 1, sums, rows, 0, layer.N);
  kernels.requantize(sums, layer.bias.data(), layer.factors.data(), layer.settings.data(), y.data(), rows, layer.N);
  for (size_t i = count; i < y.size(); i++) CHECK_THAT(y[i] == double(poison), "%s wrote past its result", way.name);
  y.resize(count);
  return y;
}

void check_bytes(const ByteLayer& layer, const std::vector<double>& x, double center, size_t rows) {
  const std::vector<double> wanted = reference(layer, x.data() + 1, center, rows);
  for (size_t i = 0; i < fp::int8_way_count; i++) {
    const fp::Int8Way& way = fp::int8_ways[i];
    if (!way.available()) continue;
    const fp::Kernels<double>& kernels = fp::find_instruction_set(way.set)->f64;
    const std::vector<double> found = run_bytes(way, kernels, layer, x.data() + 1, center, rows);
    for (size_t j = 0; j < wanted.size(); j++) {
      CHECK_THAT(test::same(found[j], wanted[j]), "%s %zu-%zu rows %zu, [%zu, %zu]: %.17g, wanted %.17g", way.name,
                 layer.K, layer.N, rows, j / layer.N, j % layer.N, found[j], wanted[j]);
    }
  }
}

TEST("layers of bytes are those of doubles, in every shape and batch, whatever multiplies the bytes") {
  test::Random random(46);
  for (const Shape& shape : shapes()) {
    const ByteLayer layer = random_byte_layer(shape.K, shape.N, random);
    const int center = random.below(300) - 150;
    std::vector<double> x(1 + shape.rows * shape.K);
    for (double& value : x) value = whole(random, center - 128, center + 127);
    check_bytes(layer, x, center, shape.rows);
  }
}

TEST("layers of bytes take what is beyond as the nearest byte, cut fractions off, and give NaN for a row with NaN") {
  constexpr size_t K = 40, N = 35, rows = 3;
  test::Random random(47);
  const ByteLayer layer = random_byte_layer(K, N, random);
  const double infinite = std::numeric_limits<double>::infinity();
  const double odd[] = {128, -129, 1e300, -1e300, infinite, -infinite, 2.75, -2.75, -0.0, 3e9};
  std::vector<double> x(1 + rows * K);
  for (size_t i = 0; i < x.size(); i++) x[i] = i < K ? odd[i % 10] : whole(random, -128, 127);
  x[1 + 2 * K + 37] = std::numeric_limits<double>::quiet_NaN();
  check_bytes(layer, x, 0, rows);
  for (double value : reference(layer, x.data() + 1 + 2 * K, 0, 1)) CHECK(value != value);
}

// A layer's sums, of which some lie as near as can be to where their products are rounded down or up.
std::vector<float> random_sums(const std::vector<double>& bias, const std::vector<double>& factors, size_t rows,
                               bool near, test::Random& random) {
  std::vector<float> sums;
  for (size_t i = 0; i < rows * bias.size(); i++) {
    const size_t n = i % bias.size();
    const double fraction = near && random.below(40) == 0 ? 0.5 : random.below(900) / 1000.0 - 0.45;
    const double wanted = whole(random, -200, 200) + fraction;
    sums.push_back(float(std::nearbyint(wanted / factors[n] - bias[n])));
  }
  return sums;
}

TEST("bytes of a layer's sums are those of its results, up to the first vector that float32 cannot decide") {
  test::Random random(48);
  size_t decided = 0, left = 0;
  for (const Shape& shape : shapes()) {
    const size_t N = shape.N, rows = shape.rows, width = fp::quantized_width(N), whole_width = (N + 15) / 16 * 16;
    const bool near = random.below(2) == 1;
    const double low = -100, high = 120, shift = whole(random, -28, 7);
    std::vector<double> bias, factors;
    std::vector<float> biases(whole_width), below(whole_width), above(whole_width);
    for (size_t n = 0; n < N; n++) {
      bias.push_back(whole(random, -100000, 100000));
      const double digits = near && n % 2 == 0 ? 0 : random.below(1000000) / 1000000.0;
      factors.push_back(std::ldexp(1 + digits, -5 - random.below(9)));
      biases[n] = float(bias[n]);
      below[n] = float(factors[n] * (1 - 0x1p-22));
      above[n] = float(factors[n] * (1 + 0x1p-22));
    }
    std::vector<float> sums = random_sums(bias, factors, rows, near, random);
    if (random.below(4) == 0 && rows > 0)
      sums[size_t(random.below(int(sums.size())))] = std::numeric_limits<float>::quiet_NaN();
    std::vector<double> wanted;
    for (size_t i = 0; i < sums.size(); i++) {
      const double result = std::floor(std::fma(sums[i] + bias[i % N], factors[i % N], 0.5));
      wanted.push_back(result != result ? result : std::fmin(std::fmax(result, low), high) + shift);
    }
    const fp::Narrowing layer = {biases.data(), below.data(), above.data(), float(low), float(high), float(shift)};
    for (size_t i = 0; i < fp::int8_way_count; i++) {
      const fp::Int8Way& way = fp::int8_ways[i];
      if (!way.available()) continue;
      std::vector<float> bytes(1 + rows * width + guard, poison), expected(1 + rows * width);
      std::vector<bool> is_left(sums.size());
      for (size_t row = 0, column = 0;;) {
        float* const to = bytes.data() + 1 + row * width;
        const size_t at = way.kernels.narrow(sums.data() + row * N, layer, to, rows - row, N, column);
        row += at / N;
        if (row == rows) break;
        column = at % N;
        bool is_near = false;
        for (size_t n = 0; n < size_t(way.kernels.layout.lanes) && column < N; n++, column++) {
          const double v = (sums[row * N + column] + bias[column]) * factors[column];
          is_near = is_near || v != v || std::fabs(v - std::floor(v) - 0.5) < std::fabs(v) * 0x1p-20;
          is_left[row * N + column] = true;
        }
        CHECK_THAT(is_near, "%s %zu rows %zu stopped at row %zu, %zu", way.name, N, rows, row, at % N);
        left++;
      }
      check_guards(bytes, rows * width, way.name);
      way.kernels.bytes(wanted.data(), false, 0, expected.data() + 1, rows, N);
      const size_t size = way.kernels.layout.row_bytes;
      for (size_t j = 0; j < sums.size(); j++) {
        if (is_left[j]) continue;
        const size_t place = 1 + j / N * width + 1;
        const char* const found = reinterpret_cast<const char*>(&bytes[place]) + j % N * size;
        const char* const right = reinterpret_cast<const char*>(&expected[place]) + j % N * size;
        CHECK_THAT(std::memcmp(found, right, size) == 0, "%s %zu rows %zu, %zu", way.name, N, rows, j);
        decided++;
      }
    }
  }
  CHECK(decided > 1000 && left > 20);
}

TEST("integers become the bytes that the same doubles become") {
  test::Random random(49);
  for (const Shape& shape : shapes()) {
    const size_t K = shape.K, rows = shape.rows, width = fp::quantized_width(K);
    const double center = random.below(300) - 150;
    std::vector<int32_t> x(1 + rows * K);
    for (int32_t& value : x) value = int32_t(whole(random, -300, 300)) * (random.below(9) == 0 ? 7000000 : 1);
    const std::vector<double> doubles(x.begin(), x.end());
    for (size_t i = 0; i < fp::int8_way_count; i++) {
      const fp::Int8Way& way = fp::int8_ways[i];
      if (!way.available()) continue;
      std::vector<float> bytes(1 + rows * width + guard, poison), expected = bytes;
      way.kernels.bytes(x.data() + 1, true, center, bytes.data() + 1, rows, K);
      way.kernels.bytes(doubles.data() + 1, false, center, expected.data() + 1, rows, K);
      CHECK_THAT(std::memcmp(bytes.data(), expected.data(), bytes.size() * sizeof(float)) == 0, "%s %zu rows %zu",
                 way.name, K, rows);
    }
  }
}

TEST("weights that were int8 once come out of int8 as they went in") {
  test::Random random(45);
  const fp::Int8Way& way = fp::int8_ways[fp::int8_way_count - 1];
  for (int turn = 0; turn < 200; turn++) {
    constexpr size_t K = 32, N = 4;
    Layer layer = random_layer(K, N, random);
    const float factor = std::ldexp(1.0f, random.below(180) - 98);
    for (float& w : layer.weights) w *= factor;
    Layer again = layer;
    for (size_t n = 0; n < N; n++) {
      const float scale = int8_scale(layer, n);
      for (size_t k = 0; k < K; k++) {
        const float q = scale > 0 ? std::nearbyint(layer.weight(k, n) / scale) : 0;
        again.weights[layer.out_in ? n * K + k : k * N + n] = q * scale;
      }
    }
    const std::vector<float> x = random.uniforms<float>(K);
    const std::vector<float> first = run_int8(way, layer, x.data(), 1), second = run_int8(way, again, x.data(), 1);
    for (size_t n = 0; n < N; n++) CHECK_THAT(test::same(first[n], second[n]), "turn %d, column %zu", turn, n);
  }
}

}  // namespace
