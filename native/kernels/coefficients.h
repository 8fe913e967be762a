// Made by fit/coefficients.py; do not edit. Coefficients stand lowest power first.
#pragma once

// clang-format off
namespace FP_ISA {

template <typename T>
struct Coefficients;

template <>
struct Coefficients<float> {
  static constexpr float log2_e = 0x1.715476p+0f;
  static constexpr float ln2_high = 0x1.62e43p-1f;
  static constexpr float ln2_low = -0x1.05c61p-29f;
  static constexpr float third_high = 0x1.555556p-2f;
  static constexpr float third_low = -0x1.555556p-27f;
  // 2*sqrt(2/pi) and 0.044715 times it.
  static constexpr float gelu_linear_high = 0x1.988454p+0f;
  static constexpr float gelu_linear_low = -0x1.857936p-25f;
  static constexpr float gelu_cubic_high = 0x1.2444f2p-4f;
  static constexpr float gelu_cubic_low = 0x1.49b16ap-29f;
  // (e^r - 1 - r)/r^2; error 2^-26.2
  static constexpr float exp[] = {
      0x1.fffffep-2f,
      0x1.5554aep-3f,
      0x1.555678p-5f,
      0x1.1228f8p-7f,
      0x1.6beaa8p-10f,
  };
  // ((log((1 + s)/(1 - s)) - 2s)/s^3 - 2/3)/s^2 in s^2; error 2^-36.8
  static constexpr float log[] = {
      0x1.999ap-2f,
      0x1.245286p-2f,
      0x1.dfa042p-3f,
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
  // (2*M(a)*(1 + a) - 1)/a, M Mills' ratio over sqrt(2*pi), up to a = 14.6; error 2^-28.7
  static constexpr float mills_over[] = {
      0x1.9deec6p-3f,
      0x1.7e250ap-5f,
      -0x1.5adcc8p-6f,
      -0x1.aa7184p-7f,
      -0x1.42e51ap-9f,
  };
  static constexpr float mills_under[] = {
      0x1.p+0f,
      0x1.b463d2p+0f,
      0x1.3fe576p+0f,
      0x1.009194p-1f,
      0x1.ccc19ep-4f,
      0x1.8f6788p-7f,
  };
  static constexpr float mills_end = 0x1.d33334p+3f;
};

template <>
struct Coefficients<double> {
  static constexpr double log2_e = 0x1.71547652b82fep+0;
  static constexpr double ln2_high = 0x1.62e42fefa39efp-1;
  static constexpr double ln2_low = 0x1.abc9e3b39803fp-56;
  static constexpr double third_high = 0x1.5555555555555p-2;
  static constexpr double third_low = 0x1.5555555555555p-56;
  // 2*sqrt(2/pi) and 0.044715 times it.
  static constexpr double gelu_linear_high = 0x1.9884533d43651p+0;
  static constexpr double gelu_linear_low = -0x1.cbc0d30ebfd15p-54;
  static constexpr double gelu_cubic_high = 0x1.2444f2a4d8b4bp-4;
  static constexpr double gelu_cubic_low = -0x1.6c843a29d1c7p-61;
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
  // (2*M(a)*(1 + a) - 1)/a, M Mills' ratio over sqrt(2*pi), up to a = 38.7; error 2^-61.1
  static constexpr double mills_over[] = {
      0x1.9deeb30af26cp-3,
      0x1.9bc84b3f9d78p-3,
      0x1.343b7136b87c6p-4,
      -0x1.b25e69b9bcc49p-12,
      -0x1.a933504338203p-7,
      -0x1.afb9c8367020cp-8,
      -0x1.ec7fc39c66f93p-10,
      -0x1.70ff60c5ca28p-12,
      -0x1.703c7f8f12337p-15,
      -0x1.c8f2e16ba1454p-19,
      -0x1.1472f5658ec44p-23,
  };
  static constexpr double mills_under[] = {
      0x1.p+0,
      0x1.3bfc623a48e2fp+1,
      0x1.6d26a472242d7p+1,
      0x1.05495537e31eep+1,
      0x1.01e7d6aa8680ap+0,
      0x1.71cc142878b16p-2,
      0x1.8a5e299ba5f22p-4,
      0x1.3a2bc1a73ff97p-6,
      0x1.707c2ba02b897p-9,
      0x1.313caab0f84ddp-12,
      0x1.44c9a46e09448p-16,
      0x1.55f1cb381908cp-21,
  };
  static constexpr double mills_end = 0x1.359999999999ap+5;
};

}  // namespace FP_ISA
// clang-format on
