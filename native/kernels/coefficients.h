// Made by fit/coefficients.py; do not edit. Coefficients stand lowest power first.
#pragma once

#include <cstdint>

// clang-format off
namespace FP_ISA {

template <typename T>
struct Coefficients;

template <>
struct Coefficients<float> {
  static constexpr float log2_e = 0x1.715476p+0f;
  static constexpr float log2_e_low = 0x1.4ae0cp-26f;
  static constexpr float ln2_high = 0x1.62e43p-1f;
  static constexpr float ln2_low = -0x1.05c61p-29f;
  static constexpr float log10_e = 0x1.bcb7b2p-2f;
  static constexpr float log10_e_low = -0x1.5b235ep-27f;
  static constexpr float third_high = 0x1.555556p-2f;
  static constexpr float third_low = -0x1.555556p-27f;
  // pi/2, each part the rest of those before it; and 2/pi.
  static constexpr float quarter_high = 0x1.921fb6p+0f;
  static constexpr float quarter_low = -0x1.777a5cp-25f;
  static constexpr float quarter_rest = -0x1.ee59dap-50f;
  static constexpr float quarters = 0x1.45f306p-1f;
  // 2*sqrt(2/pi)/log(2) and 0.044715 times it.
  static constexpr float gelu_linear_high = 0x1.26aecp+1f;
  static constexpr float gelu_linear_low = 0x1.0de73ap-22f;
  static constexpr float gelu_cubic_high = 0x1.a5a7dp-4f;
  static constexpr float gelu_cubic_low = -0x1.151aaep-29f;
  // (e^r - 1 - r)/r^2; error 2^-26.2
  static constexpr float exp[] = {
      0x1.fffffep-2f,
      0x1.5554aep-3f,
      0x1.555678p-5f,
      0x1.1228f8p-7f,
      0x1.6beaa8p-10f,
  };
  // (2^r - 1)/r; error 2^-28.9
  static constexpr float exp2[] = {
      0x1.62e43p-1f,
      0x1.ebfbdcp-3f,
      0x1.c6aee6p-5f,
      0x1.3b2d4ep-7f,
      0x1.5f3f58p-10f,
      0x1.41fcf8p-13f,
  };
  // 2^r; error 2^-23.7
  static constexpr float exp2_rough[] = {
      0x1.000002p+0f,
      0x1.62e428p-1f,
      0x1.ebf914p-3f,
      0x1.c6b6eep-5f,
      0x1.3d0d46p-7f,
      0x1.5c075p-10f,
  };
  // ((log((1 + s)/(1 - s)) - 2s)/s^3 - 2/3)/s^2 in s^2; error 2^-36.8
  static constexpr float log[] = {
      0x1.999ap-2f,
      0x1.245286p-2f,
      0x1.dfa042p-3f,
  };
  // (log(1 + e)/e - 1)/e up to 1; error 2^-24.9
  static constexpr float log1p[] = {
      -0x1.ffff14p-2f,
      0x1.5535cep-2f,
      -0x1.fd1272p-3f,
      0x1.884198p-3f,
      -0x1.19a7b2p-3f,
      0x1.445e24p-4f,
      -0x1.ec7702p-6f,
      0x1.5f74c2p-8f,
  };
  // erf(x)/x - 1 in x^2; error 2^-29.6
  static constexpr float erf[] = {
      0x1.06eba8p-3f,
      -0x1.81273ep-2f,
      0x1.ce2cf8p-4f,
      -0x1.b7f90cp-6f,
      0x1.5405a6p-8f,
      -0x1.a3f6a8p-11f,
      0x1.496948p-14f,
  };
  // log2(1 - erf(a)) from 1 to 4; error 2^-25.9
  static constexpr float log2_erfc[] = {
      -0x1.eeb736p-9f,
      -0x1.9cc65ap+0f,
      -0x1.e34026p-1f,
      -0x1.0665fp-3f,
      0x1.5ea69cp-6f,
      -0x1.b5ca38p-10f,
  };
  // ((x - tanh(x))/x^3 - 1/3)/x^2 in x^2; error 2^-27.4
  static constexpr float shrink[] = {
      -0x1.1110fcp-3f,
      0x1.ba1316p-5f,
      -0x1.65b72p-6f,
      0x1.1d4e14p-7f,
      -0x1.a5dc8cp-9f,
      0x1.e84872p-11f,
      -0x1.2fd4b2p-13f,
  };
  // (sin(x)/x - 1)/x^2 in x^2 up to 0.7864; error 2^-28.0
  static constexpr float sin[] = {
      -0x1.555544p-3f,
      0x1.11072ap-7f,
      -0x1.993e72p-13f,
  };
  // (atan(x)/x - 1)/x^2 in x^2 up to 0.4143; error 2^-30.5
  static constexpr float atan[] = {
      -0x1.55554ap-2f,
      0x1.999192p-3f,
      -0x1.23b4d4p-3f,
      0x1.b1e788p-4f,
      -0x1.f1d562p-5f,
  };
  // (sinh(x)/x - 1)/x^2 in x^2 up to 1; error 2^-34.2
  static constexpr float sinh[] = {
      0x1.555556p-3f,
      0x1.111136p-7f,
      0x1.9ffe8cp-13f,
      0x1.7a1686p-19f,
  };
  // (cos(r) - 1 + r^2/2)/r^4 in r^2; error 2^-33.0
  static constexpr float cos[] = {
      0x1.55554ap-5f,
      -0x1.6c0c24p-10f,
      0x1.99e75cp-16f,
  };
  // (2*M(b)*(1 - b) - 1)/b, M Mills' ratio over sqrt(2*pi), from b = -14.6 to 0; error 2^-28.7
  static constexpr float mills_over[] = {
      -0x1.9deec6p-3f,
      0x1.7e250ap-5f,
      0x1.5adcc8p-6f,
      -0x1.aa7184p-7f,
      0x1.42e51ap-9f,
  };
  static constexpr float mills_under[] = {
      0x1.p+0f,
      -0x1.b463d2p+0f,
      0x1.3fe576p+0f,
      -0x1.009194p-1f,
      0x1.ccc19ep-4f,
      -0x1.8f6788p-7f,
  };
  static constexpr float mills_end = 0x1.d33334p+3f;
};

template <>
struct Coefficients<double> {
  static constexpr double log2_e = 0x1.71547652b82fep+0;
  static constexpr double log2_e_low = 0x1.777d0ffda0d24p-56;
  static constexpr double ln2_high = 0x1.62e42fefa39efp-1;
  static constexpr double ln2_low = 0x1.abc9e3b39803fp-56;
  static constexpr double log10_e = 0x1.bcb7b1526e50ep-2;
  static constexpr double log10_e_low = 0x1.95355baaafad3p-57;
  static constexpr double third_high = 0x1.5555555555555p-2;
  static constexpr double third_low = 0x1.5555555555555p-56;
  // pi/2, each part the rest of those before it; and 2/pi.
  static constexpr double quarter_high = 0x1.921fb54442d18p+0;
  static constexpr double quarter_low = 0x1.1a62633145c07p-54;
  static constexpr double quarter_rest = -0x1.f1976b7ed8fbcp-110;
  static constexpr double quarters = 0x1.45f306dc9c883p-1;
  // 2*sqrt(2/pi)/log(2) and 0.044715 times it.
  static constexpr double gelu_linear_high = 0x1.26aec21bce76p+1;
  static constexpr double gelu_linear_low = -0x1.ad12d7a64bcebp-49;
  static constexpr double gelu_cubic_high = 0x1.a5a7cf7572a98p-4;
  static constexpr double gelu_cubic_low = -0x1.b91c940e4cfcfp-58;
  // (e^r - 1 - r)/r^2; error 2^-55.6
  static constexpr double exp[] = {
      0x1.0000000000005p-1,
      0x1.555555555553bp-3,
      0x1.5555555552149p-5,
      0x1.11111111189b4p-7,
      0x1.6c16c17f38c3p-10,
      0x1.a01a017764e8cp-13,
      0x1.a019a654414eap-16,
      0x1.71de821078fe4p-19,
      0x1.28a2fe707e763p-22,
      0x1.ae7682c1ec77fp-26,
  };
  // (2^r - 1)/r; error 2^-58.0
  static constexpr double exp2[] = {
      0x1.62e42fefa39efp-1,
      0x1.ebfbdff82c5a5p-3,
      0x1.c6b08d7049fe5p-5,
      0x1.3b2ab6fba0065p-7,
      0x1.5d87fe78cdd42p-10,
      0x1.4309130efef78p-13,
      0x1.ffcbfba813f1bp-17,
      0x1.62bfc73870c57p-20,
      0x1.b5267ed83ac7p-24,
      0x1.e61c05e5d1f2p-28,
      0x1.e79a2adec85d2p-32,
  };
  // ((log((1 + s)/(1 - s)) - 2s)/s^3 - 2/3)/s^2 in s^2; error 2^-66.3
  static constexpr double log[] = {
      0x1.9999999999b32p-2,
      0x1.24924924579fap-2,
      0x1.c71c722db09f8p-3,
      0x1.745ce9ca223cbp-3,
      0x1.3b1ef0954f746p-3,
      0x1.0f7f7f6fad67p-3,
      0x1.0e468c275afc6p-3,
  };
  // (log(1 + e)/e - 1)/e up to 1; error 2^-56.5
  static constexpr double log1p[] = {
      -0x1.fffffffffff9ep-2,
      0x1.5555555551009p-2,
      -0x1.fffffffdd2debp-3,
      0x1.99999951cc58bp-3,
      -0x1.55554fbb6f724p-3,
      0x1.2491feb98ec89p-3,
      -0x1.fffa89dd9926ep-4,
      0x1.c6f69d2c9230fp-4,
      -0x1.98d2675d5b578p-4,
      0x1.712d5a7d1883ap-4,
      -0x1.4b009400826b7p-4,
      0x1.202add931f067p-4,
      -0x1.d707c5e28d7fap-5,
      0x1.5a7da545ad7ddp-5,
      -0x1.b61d22cf67898p-6,
      0x1.c56124fa00bacp-7,
      -0x1.6b300b5fec12fp-8,
      0x1.a23190bc0561cp-10,
      -0x1.31d473bc0431cp-12,
      0x1.a8ccc28e6ee0bp-16,
  };
  // erf(x)/x - 1 in x^2; error 2^-62.7
  static constexpr double erf[] = {
      0x1.06eba8214db69p-3,
      -0x1.812746b0379e6p-2,
      0x1.ce2f21a042b2p-4,
      -0x1.b82ce31284999p-6,
      0x1.565bcd0db0258p-8,
      -0x1.c02db3d8eb99cp-11,
      0x1.f9a321a0f1cacp-14,
      -0x1.f4d1df360ec61p-17,
      0x1.b9def17548341p-20,
      -0x1.5f1d357083e1cp-23,
      0x1.f7a4044641f19p-27,
      -0x1.386a96a4dee0ep-30,
      0x1.05793affbad12p-34,
  };
  // ((x - tanh(x))/x^3 - 1/3)/x^2 in x^2; error 2^-55.9
  static constexpr double shrink[] = {
      -0x1.11111111110d7p-3,
      0x1.ba1ba1ba15ba2p-5,
      -0x1.664f488111ba6p-6,
      0x1.226e351fcd67bp-7,
      -0x1.d6d3c60239e53p-9,
      0x1.7da2c63f364bep-10,
      -0x1.3551ee31af9eep-11,
      0x1.f523cb82a3c36p-13,
      -0x1.94a2bd297253ap-14,
      0x1.42275f3f03cafp-15,
      -0x1.ea9636bf5e575p-17,
      0x1.4f6c28436ab59p-18,
      -0x1.738f1fcf0b21ep-20,
      0x1.1c40798bfa8e4p-22,
      -0x1.b34f51d51531ep-26,
  };
  // (sin(x)/x - 1)/x^2 in x^2 up to 0.7864; error 2^-57.9
  static constexpr double sin[] = {
      -0x1.5555555555548p-3,
      0x1.111111110f763p-7,
      -0x1.a01a019bf07cfp-13,
      0x1.71de355c2fa7ap-19,
      -0x1.ae5e51682c8f5p-26,
      0x1.5d8d23978788dp-33,
  };
  // (atan(x)/x - 1)/x^2 in x^2 up to 0.4143; error 2^-59.4
  static constexpr double atan[] = {
      -0x1.555555555553cp-2,
      0x1.999999999578p-3,
      -0x1.24924922a85d8p-3,
      0x1.c71c70e447b35p-4,
      -0x1.745cf8aca7bfap-4,
      0x1.3b1115f752093p-4,
      -0x1.10eb960fca2c3p-4,
      0x1.df0d6afa03f13p-5,
      -0x1.9cca89b3887d8p-5,
      0x1.37c1565231826p-5,
      -0x1.253ed6de983cep-6,
  };
  // (sinh(x)/x - 1)/x^2 in x^2 up to 1; error 2^-63.3
  static constexpr double sinh[] = {
      0x1.5555555555556p-3,
      0x1.11111111110a6p-7,
      0x1.a01a01a028a06p-13,
      0x1.71de3a4656b1ep-19,
      0x1.ae64671e2f822p-26,
      0x1.611a5509a574bp-33,
      0x1.b4c7a6d70ffbap-41,
  };
  // (cos(r) - 1 + r^2/2)/r^4 in r^2; error 2^-63.9
  static constexpr double cos[] = {
      0x1.555555555554bp-5,
      -0x1.6c16c16c14f2ep-10,
      0x1.a01a019c7a6c5p-16,
      -0x1.27e4f7e37b8b5p-22,
      0x1.1ee9d2a811643p-29,
      -0x1.8fa1efd1074cdp-37,
  };
  // (2*M(b)*(1 - b) - 1)/b, M Mills' ratio over sqrt(2*pi), from b = -38.7 to 0; error 2^-61.1
  static constexpr double mills_over[] = {
      -0x1.9deeb30af26cp-3,
      0x1.9bc84b3f9d78p-3,
      -0x1.343b7136b87c6p-4,
      -0x1.b25e69b9bcc49p-12,
      0x1.a933504338203p-7,
      -0x1.afb9c8367020cp-8,
      0x1.ec7fc39c66f93p-10,
      -0x1.70ff60c5ca28p-12,
      0x1.703c7f8f12337p-15,
      -0x1.c8f2e16ba1454p-19,
      0x1.1472f5658ec44p-23,
  };
  static constexpr double mills_under[] = {
      0x1.p+0,
      -0x1.3bfc623a48e2fp+1,
      0x1.6d26a472242d7p+1,
      -0x1.05495537e31eep+1,
      0x1.01e7d6aa8680ap+0,
      -0x1.71cc142878b16p-2,
      0x1.8a5e299ba5f22p-4,
      -0x1.3a2bc1a73ff97p-6,
      0x1.707c2ba02b897p-9,
      -0x1.313caab0f84ddp-12,
      0x1.44c9a46e09448p-16,
      -0x1.55f1cb381908cp-21,
  };
  static constexpr double mills_end = 0x1.359999999999ap+5;
};

// 64 zeros and the first 1216 bits of 2/pi.
constexpr uint64_t two_over_pi[] = {
    0, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041,
    0xfe5163abdebbc561, 0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e,
    0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b,
    0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab,
};

}  // namespace FP_ISA
// clang-format on
