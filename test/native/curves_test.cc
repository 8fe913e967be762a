// How far the curves are from the truth: over the floats against double precision, over doubles against points of
// arbitrary precision (test/fixtures/curves).
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "kernels/registry.h"
#include "test.h"

namespace {

using fp::Binary;
using fp::Unary;

// A function as graph.ts defines it, in double precision, without cancellation.
struct Curve {
  const char* name;
  Unary unary;
  double alpha, beta;
  double (*truth)(double x, double alpha, double beta);
  double bound_f32, bound_f64;  // units in the last place; f64 0: no points
};

double softplus(double x) { return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))); }
double celu(double x, double alpha) { return x < 0 ? alpha * std::expm1(x / alpha) : x; }
double tanh_shrink(double x) {
  if (std::fabs(x) > 0.25) return x - std::tanh(x);
  const double z = x * x;
  double terms[] = {1.0 / 3,         -2.0 / 15,          17.0 / 315,           -62.0 / 2835,
                    1382.0 / 155925, -21844.0 / 6081075, 929569.0 / 638512875, -6404582.0 / 10854718875};
  double y = 0;
  for (int i = 7; i >= 0; i--) y = y * z + terms[i];
  return x * z * y + 0;  // of −0 it is 0
}
double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }
double gelu(double x) { return x * (0.5 * std::erfc(-x / std::sqrt(2.0))); }
double gelu_tanh(double x) {
  return x * sigmoid_of(2 * std::sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x));
}
double mish(double x) {
  const double e = std::exp(x), n = e * (e + 2);
  return x > 300 ? x : x * (n / (n + 2));
}
double squareplus(double x, double alpha) {
  const double root = std::sqrt(x * x + alpha);
  return x < 0 ? alpha / 2 / (root - x) : x / 2 + root / 2;
}

constexpr double selu_alpha = 1.6732632423543772, selu_beta = 1.0507009873554805;

const Curve curves[] = {
    {"exp", Unary::exp, 0, 0, [](double x, double, double) { return std::exp(x); }, 1.1, 1.1},
    {"expm1", Unary::expm1, 0, 0, [](double x, double, double) { return std::expm1(x); }, 2.5, 2.5},
    {"log", Unary::log, 0, 0, [](double x, double, double) { return std::log(x); }, 1, 1},
    {"log1p", Unary::log1p, 0, 0, [](double x, double, double) { return std::log1p(x); }, 1.5, 1.5},
    {"sigmoid", Unary::sigmoid, 0, 0, [](double x, double, double) { return sigmoid_of(x); }, 2, 2},
    {"tanh", Unary::tanh, 0, 0, [](double x, double, double) { return std::tanh(x); }, 3, 3},
    {"erf", Unary::erf, 0, 0, [](double x, double, double) { return std::erf(x); }, 2, 1.5},
    {"erfc", Unary::erfc, 0, 0, [](double x, double, double) { return std::erfc(x); }, 0.6, 1.5},
    {"gelu", Unary::gelu, 0, 0, [](double x, double, double) { return gelu(x); }, 3, 3},
    {"gelu_tanh", Unary::gelu_tanh, 0, 0, [](double x, double, double) { return gelu_tanh(x); }, 3, 3},
    {"quick_gelu", Unary::quick_gelu, 1.702, 0, [](double x, double a, double) { return x * sigmoid_of(a * x); }, 2, 2},
    {"silu", Unary::silu, 0, 0, [](double x, double, double) { return x * sigmoid_of(x); }, 2, 2},
    {"mish", Unary::mish, 0, 0, [](double x, double, double) { return mish(x); }, 4, 4},
    {"softplus", Unary::softplus, 1.25, 0, [](double x, double a, double) { return softplus(a * x) / a; }, 4, 4},
    {"softplus", Unary::softplus, -0.25, 0, [](double x, double a, double) { return softplus(a * x) / a; }, 4, 0},
    {"log_sigmoid", Unary::log_sigmoid, 0, 0, [](double x, double, double) { return -softplus(-x); }, 3, 3},
    {"tanh_shrink", Unary::tanh_shrink, 0, 0, [](double x, double, double) { return tanh_shrink(x); }, 4, 4},
    {"celu", Unary::celu, 1.3, 0, [](double x, double a, double) { return celu(x, a); }, 2.5, 2.5},
    {"elu", Unary::elu, 0.7, 0, [](double x, double a, double) { return x < 0 ? a * std::expm1(x) : x; }, 2, 0},
    {"selu", Unary::selu, selu_alpha, selu_beta,
     [](double x, double a, double b) { return b * (x < 0 ? a * std::expm1(x) : x); }, 2.5, 0},
    {"softsign", Unary::softsign, 0, 0, [](double x, double, double) { return x / (1 + std::fabs(x)); }, 2, 0},
    {"squareplus", Unary::squareplus, 4, 0, [](double x, double a, double) { return squareplus(x, a); }, 3, 0},
    {"sparse_plus", Unary::sparse_plus, 0, 0,
     [](double x, double, double) { return x <= -1  ? 0
                                           : x >= 1 ? x
                                                    : (x + 1) * (x + 1) / 4; }, 2, 0},
    {"hard_swish", Unary::hard_swish, 0, 0,
     [](double x, double, double) { return x * (x < -3  ? 0
                                                : x > 3 ? 1
                                                        : (x + 3) / 6); }, 3, 0},
    {"sin", Unary::sin, 0, 0, [](double x, double, double) { return std::sin(x); }, 1, 1},
    {"cos", Unary::cos, 0, 0, [](double x, double, double) { return std::cos(x); }, 1, 1},
    {"tan", Unary::tan, 0, 0, [](double x, double, double) { return std::tan(x); }, 2.5, 2.5},
    {"asin", Unary::asin, 0, 0, [](double x, double, double) { return std::asin(x); }, 1.5, 1.5},
    {"acos", Unary::acos, 0, 0, [](double x, double, double) { return std::acos(x); }, 1.5, 1.5},
    {"atan", Unary::atan, 0, 0, [](double x, double, double) { return std::atan(x); }, 1, 1},
    {"sinh", Unary::sinh, 0, 0, [](double x, double, double) { return std::sinh(x); }, 2, 2},
    {"cosh", Unary::cosh, 0, 0, [](double x, double, double) { return std::cosh(x); }, 2, 2},
    {"asinh", Unary::asinh, 0, 0, [](double x, double, double) { return std::asinh(x); }, 2.5, 2.5},
    {"acosh", Unary::acosh, 0, 0, [](double x, double, double) { return std::acosh(x); }, 2.5, 2.5},
    {"atanh", Unary::atanh, 0, 0, [](double x, double, double) { return std::atanh(x); }, 2.5, 2.5},
    {"log2", Unary::log2, 0, 0, [](double x, double, double) { return std::log2(x); }, 0.6, 0.6},
    {"log10", Unary::log10, 0, 0, [](double x, double, double) { return std::log10(x); }, 0.6, 0.6},
    {"cbrt", Unary::cbrt, 0, 0, [](double x, double, double) { return std::cbrt(x); }, 0.6, 0.6},
};

// Units in the last place of a result of type T between `got` and `want`.
template <typename T>
double ulps(T got, double want) {
  using Limits = std::numeric_limits<T>;
  if (std::isnan(got) || std::isnan(want)) return std::isnan(got) && std::isnan(want) ? 0 : HUGE_VAL;
  if (double(got) == want) return 0;
  const double top = std::ldexp(1.0, Limits::max_exponent - 1);
  if (std::fabs(want) > double(Limits::max())) {
    const double beyond = std::fabs(want) / top;
    want = std::copysign(beyond > 2 ? HUGE_VAL : want, want);
    if (std::isinf(want)) return std::isinf(got) && std::signbit(got) == std::signbit(want) ? 0 : HUGE_VAL;
  }
  const double value = std::isinf(got) ? std::copysign(2 * top, got) : double(got);
  int exponent;
  std::frexp(want, &exponent);
  if (exponent < Limits::min_exponent) exponent = Limits::min_exponent;
  return std::fabs(value - want) / std::ldexp(1.0, exponent - Limits::digits);
}

float float_of(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}
uint32_t bits_of(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

// Where something changes in one of the algorithms, or in the functions themselves.
const float places[] = {
    0.0f,       0x1p-126f,   0x1p-64f, 0x1p-26f,   0x1p-25f,      0x1p-24f, 0x1p-12f,    0.25f,       0.34657359f,
    0.5f,       0.70710678f, 1.0f,     1.0397208f, 1.41421356f,   2.0f,     3.0f,        4.0f,        9.0f,
    10.0f,      11.7f,       13.1f,    14.3f,      14.6f,         16.6f,    17.3f,       18.0f,       32.0f,
    40.0f,      87.33f,      88.72f,   88.8f,      89.4f,         91.9f,    103.28f,     104.0f,      115.0f,
    170.5f,     0x1p60f,     1e18f,    0x1p127f,   3.4028235e38f, 0x1p-13f, 0.41421356f, 0.78539816f, 1.5707964f,
    3.1415927f, 2.4142135f,  0x1p13f,  0x1p17f,    710.0f,        1e5f,     0x1p30f};

// Calls f(x, count) with all the floats of a sweep, in runs.
template <typename F>
void sweep(F f) {
  constexpr int run = 1000;
  float x[run];
  int count = 0;
  const auto take = [&](float value) {
    x[count++] = value;
    if (count == run) f(x, count), count = 0;
  };
  for (float place : places) {
    for (uint32_t sign : {0u, 0x80000000u}) {
      const uint32_t middle = bits_of(place);
      for (uint32_t d = middle < 300 ? 0 : middle - 300; d < middle + 300; d++) take(float_of(d | sign));
    }
  }
  for (uint64_t bits = 0; bits < uint64_t(1) << 32; bits += test::stride) take(float_of(uint32_t(bits)));
  f(x, count);
}

void check_f32(const fp::InstructionSet& set, const Curve& curve) {
  const float parameters[] = {float(curve.alpha), float(curve.beta)};
  double worst = 0;
  float at = 0;
  sweep([&](const float* x, int count) {
    float y[1000];
    set.f32.unary[int(curve.unary)](x, y, size_t(count), parameters);
    for (int i = 0; i < count; i++) {
      const double want = curve.truth(x[i], parameters[0], parameters[1]);
      const double error = ulps(y[i], want);
      if (error > worst) worst = error, at = x[i];
      CHECK_THAT(error <= curve.bound_f32, "%s(%a) is %a, should be %a: %.3f units", curve.name, x[i], y[i], want,
                 error);
      CHECK_THAT(want != 0 || std::signbit(want) == std::signbit(y[i]), "the sign of %s(%a)", curve.name, x[i]);
    }
  });
  std::printf("  %-11s f32 %.3f at %a\n", curve.name, worst, at);
}

// A file of points: all arguments, then all values, then what the values lack, in units of their last place.
struct Points {
  std::vector<double> x, y;
  std::vector<float> rest;
};

Points read_points(const char* name, size_t arguments) {
  std::string path = __FILE__;
  path = path.substr(0, path.find_last_of("/\\") + 1) + "../fixtures/curves/" + name + ".bin";
  Points points;
  FILE* file = std::fopen(path.c_str(), "rb");
  CHECK_THAT(file, "%s does not open", path.c_str());
  if (!file) return points;
  std::fseek(file, 0, SEEK_END);
  const size_t count = size_t(std::ftell(file)) / (8 * arguments + 8 + 4);
  std::rewind(file);
  points.x.resize(count * arguments);
  points.y.resize(count);
  points.rest.resize(count);
  const bool read = std::fread(points.x.data(), 8, count * arguments, file) == count * arguments &&
                    std::fread(points.y.data(), 8, count, file) == count &&
                    std::fread(points.rest.data(), 4, count, file) == count;
  std::fclose(file);
  CHECK_THAT(read && count >= 2000, "%s holds %zu points", path.c_str(), count);
  return points;
}

double ulps(double got, double want, float rest) {
  if (std::isnan(got) || std::isnan(want) || std::isinf(want)) return ulps(got, want);
  const double distance = ulps(got, want);
  const bool above = got > want;
  return std::fabs((above ? distance : -distance) - double(rest));
}

void report_f64(const char* name, const Points& points, const std::vector<double>& got, double bound) {
  double worst = 0;
  size_t at = 0;
  const size_t arguments = points.x.size() / points.y.size();
  for (size_t i = 0; i < got.size(); i++) {
    const double error = ulps(got[i], points.y[i], points.rest[i]);
    if (error > worst) worst = error, at = i;
    CHECK_THAT(error <= bound, "%s(%a) is %a, should be %a: %.3f units", name, points.x[i * arguments], got[i],
               points.y[i], error);
  }
  std::printf("  %-11s f64 %.3f at %a\n", name, worst, points.x[at * arguments]);
}

void check_f64(const fp::InstructionSet& set, const Curve& curve) {
  const Points points = read_points(curve.name, 1);
  if (points.y.empty()) return;
  const double parameters[] = {curve.alpha, curve.beta};
  std::vector<double> got(points.y.size());
  set.f64.unary[int(curve.unary)](points.x.data(), got.data(), got.size(), parameters);
  report_f64(curve.name, points, got, curve.bound_f64);
}

constexpr double pow_bound_f32 = 2, pow_bound_f64 = 2, atan2_bound = 1;

// A function of two values, whose points hold the two side by side.
void check_pairs_f64(const char* name, Binary function, double bound) {
  const Points points = read_points(name, 2);
  const size_t count = points.y.size();
  std::vector<double> a(count), b(count);
  for (size_t i = 0; i < count; i++) a[i] = points.x[2 * i], b[i] = points.x[2 * i + 1];
  std::vector<double> got(count);
  fp::best_instruction_set()->f64.binary[int(function)](a.data(), count, b.data(), count, got.data(), 1, count);
  if (count > 0) report_f64(name, points, got, bound);
}

}  // namespace

TEST("every curve stays within its bound over the floats") {
  for (const Curve& curve : curves) check_f32(*fp::best_instruction_set(), curve);
}

TEST("every curve stays within its bound over doubles, against arbitrary precision") {
  for (const Curve& curve : curves) {
    if (curve.bound_f64 > 0) check_f64(*fp::best_instruction_set(), curve);
  }
}

TEST("pow stays within its bound over the floats") {
  double worst = 0;
  float at = 0;
  const float exponents[] = {-3, -1, -0.5f, 0.25f, 0.33333334f, 0.5f, 1, 2, 2.5f, 3, 7, 10.1f, 77.7f, 1e4f, 1e7f};
  for (float b : exponents) {
    sweep([&](const float* x, int count) {
      float y[1000];
      fp::best_instruction_set()->f32.binary[int(Binary::pow)](x, size_t(count), std::vector<float>(1000, b).data(), 0,
                                                               y, 1, size_t(count));
      for (int i = 0; i < count; i++) {
        const double error = ulps(y[i], std::pow(double(x[i]), double(b)));
        if (error > worst) worst = error, at = x[i];
        CHECK_THAT(error <= pow_bound_f32, "pow(%a, %a) is %a: %.3f units", x[i], b, y[i], error);
      }
    });
  }
  std::printf("  pow         f32 %.3f at %a\n", worst, at);
}

TEST("pow stays within its bound over doubles, against arbitrary precision") {
  check_pairs_f64("pow", Binary::pow, pow_bound_f64);
}

TEST("atan2 stays within its bound over the floats") {
  double worst = 0;
  float at = 0;
  const float others[] = {1,         -1,        0.3f,          -7,    1e-20f,   -1e-20f, 1e20f,
                          0x1p-149f, 0x1p-126f, 3.4028235e38f, -0.0f, HUGE_VALF};
  for (float b : others) {
    sweep([&](const float* x, int count) {
      float y[1000];
      fp::best_instruction_set()->f32.binary[int(Binary::atan2)](x, size_t(count), std::vector<float>(1000, b).data(),
                                                                 0, y, 1, size_t(count));
      for (int i = 0; i < count; i++) {
        const double error = ulps(y[i], std::atan2(double(x[i]), double(b)));
        if (error > worst) worst = error, at = x[i];
        CHECK_THAT(error <= atan2_bound, "atan2(%a, %a) is %a: %.3f units", x[i], b, y[i], error);
      }
    });
  }
  std::printf("  atan2       f32 %.3f at %a\n", worst, at);
}

TEST("atan2 stays within its bound over doubles, against arbitrary precision") {
  check_pairs_f64("atan2", Binary::atan2, atan2_bound);
}
