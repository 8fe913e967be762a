// Results a nanosecond of each function of one value, on one core inside its first cache: medians of rounds in which
// each has its turn. The command that builds it stands in docs/curves.md.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <vector>

#include "kernels/registry.h"

namespace {

constexpr size_t kCount = 2048;
constexpr int kRounds = 41, kCalls = 64;

const char* const kNames[] = {
#define FP_UNARY(name, use) #name,
#include "kernels/unary.inc"
#undef FP_UNARY
};

template <typename T>
void measure(const char* type, const fp::Kernels<T>& kernels) {
  using Clock = std::chrono::steady_clock;
  const T parameters[] = {T(1.25), T(0.5)};
  std::vector<T> x(kCount), y(kCount);
  for (size_t i = 0; i < kCount; i++) x[i] = T(4 * std::sin(1.7 * double(i)) + 1e-3 * double(i) - 1);

  constexpr int functions = int(fp::Unary::count);
  std::vector<double> rates[functions];
  for (int round = 0; round < kRounds; round++) {
    for (int f = 0; f < functions; f++) {
      const Clock::time_point start = Clock::now();
      for (int i = 0; i < kCalls; i++) kernels.unary[f](x.data(), y.data(), kCount, parameters);
      const std::chrono::duration<double, std::nano> time = Clock::now() - start;
      rates[f].push_back(kCalls * double(kCount) / time.count());
    }
  }
  for (int f = 0; f < functions; f++) {
    std::nth_element(rates[f].begin(), rates[f].begin() + kRounds / 2, rates[f].end());
    std::printf("%s %-18s %6.2f\n", type, kNames[f], rates[f][kRounds / 2]);
  }
}

}  // namespace

int main() {
  const fp::InstructionSet& set = *fp::best_instruction_set();
  std::printf("%s\n", set.name);
  measure("f32", set.f32);
  measure("f64", set.f64);
}
