// exp and pow of learning: the bits of glibc on processors with FMA, whichever way products are fused here. With
// --stride=1 each is compared on 2^27 arguments.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "cpu.h"
#include "random.h"
#include "test.h"

#define FP_ISA fp::libm_fused
#include "learn/libm.h"

using fp::libm_fused::bits_of;
using fp::libm_fused::double_of;

double software_exp(double x);
double software_pow(double x, double y);

namespace {

uint64_t bits(test::Random& random) { return uint64_t(random.next()) << 32 | random.next(); }

// Of the kinds that a step meets, and any bits there are.
double exponent_of(test::Random& random, uint64_t at) {
  switch (at % 4) {
    case 0:
      return double_of(bits(random));
    case 1:
      return random.uniform() * 40;
    case 2:
      return random.uniform() * 760;
    default:
      return random.uniform() * 4 + random.uniform() * 0x1p-32;
  }
}

void power_of(test::Random& random, uint64_t at, double& x, double& y) {
  const uint64_t sign = uint64_t(1) << 63;
  switch (at % 4) {
    case 0:
      x = double_of(bits(random) & ~sign);
      y = double_of(bits(random));
      break;
    case 1:  // a row's number and a rate's exponent
      x = 1 + double(random.next() % 3000000);
      y = double(random.below(2001)) / 1000 - 1;
      break;
    case 2:
      x = double_of(0x3fe0000000000000 + (bits(random) >> 11));
      y = random.uniform() * 20;
      break;
    default:
      x = double_of(bits(random) & ~sign);
      y = random.uniform() + random.uniform() * 0x1p-32;
  }
  if (x == 0) x = 1;
}

bool same(double a, double b) { return bits_of(a) == bits_of(b) || (a != a && b != b); }

uint64_t mixed(uint64_t hash, double value) { return (hash ^ (value != value ? 0 : bits_of(value))) * 0x100000001b3; }

}  // namespace

TEST("exp and pow of learning are the same bits with every processor's way of fusing") {
  test::Random random(1);
  uint64_t hash = 0xcbf29ce484222325;
  for (uint64_t at = 0; at < 100000; at++) {
    double x, y;
    const double e = exponent_of(random, at);
    power_of(random, at, x, y);
    const double of_e = fp::libm_fused::libm_exp(e), of_xy = fp::libm_fused::libm_pow(x, y);
    CHECK_THAT(same(of_e, software_exp(e)), "exp(%a)", e);
    CHECK_THAT(same(of_xy, software_pow(x, y)), "pow(%a, %a)", x, y);
    hash = mixed(mixed(hash, of_e), of_xy);
  }
  CHECK_THAT(hash == 0xaf3abcbd662e108a, "fingerprint 0x%llx", (unsigned long long)hash);
}

// Other C libraries, other processors and glibc without FMA give other last bits.
#if defined(__GLIBC__) && FP_X86_64 && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 28)
TEST("exp and pow of learning are glibc's") {
  if (!fp::has_avx2()) return;
  test::Random random(2);
  uint64_t exp_differ = 0, pow_differ = 0;
  for (uint64_t at = 0; at < (uint64_t(1) << 27) / test::stride; at++) {
    double x, y;
    const double e = exponent_of(random, at);
    power_of(random, at, x, y);
    exp_differ += !same(std::exp(e), fp::libm_fused::libm_exp(e));
    pow_differ += !same(std::pow(x, y), fp::libm_fused::libm_pow(x, y));
  }
  CHECK_THAT(exp_differ == 0, "exp differs in %llu", (unsigned long long)exp_differ);
  CHECK_THAT(pow_differ == 0, "pow differs in %llu", (unsigned long long)pow_differ);
}
#endif
