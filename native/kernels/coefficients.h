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
  // (x - tanh(x))/x^3 in x^2; error 2^-27.5
  static constexpr float shrink[] = {
      0x1.555556p-2f,
      -0x1.1110f2p-3f,
      0x1.ba117ep-5f,
      -0x1.65a7dap-6f,
      0x1.1d0354p-7f,
      -0x1.a45556p-9f,
      0x1.e4367ap-11f,
      -0x1.2b7eeap-13f,
  };
  // (M(a)*(a + 7/8)*16/7 - 1)/a, M Mills' ratio over sqrt(2*pi), up to a = 14.6; error 2^-28.5
  static constexpr float mills_over[] = {
      0x1.61408ap-2f,
      0x1.671c9ap-3f,
      0x1.191d28p-5f,
      -0x1.fe73b2p-13f,
      -0x1.163bccp-10f,
  };
  static constexpr float mills_under[] = {
      0x1.p+0f,
      0x1.b3c494p+0f,
      0x1.3f099ap+0f,
      0x1.fed1e6p-2f,
      0x1.c9bd18p-4f,
      0x1.8aa75cp-7f,
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
  // (x - tanh(x))/x^3 in x^2; error 2^-56.0
  static constexpr double shrink[] = {
      0x1.5555555555555p-2,
      -0x1.11111111110bap-3,
      0x1.ba1ba1ba1455cp-5,
      -0x1.664f4880d311fp-6,
      0x1.226e351993726p-7,
      -0x1.d6d3c53ab2d56p-9,
      0x1.7da2bdda84797p-10,
      -0x1.3551aeefcfd4ap-11,
      0x1.f5211fb71c147p-13,
      -0x1.9498420c698d1p-14,
      0x1.420979ce4db4dp-15,
      -0x1.ea1b8749d8229p-17,
      0x1.4ebbca770959cp-18,
      -0x1.723e085aed88dp-20,
      0x1.1abfdbfcc7735p-22,
      -0x1.b03689e641196p-26,
  };
  // (M(a)*(a + 7/8)*16/7 - 1)/a, M Mills' ratio over sqrt(2*pi), up to a = 38.7; error 2^-60.9
  static constexpr double mills_over[] = {
      0x1.61407e17c25a9p-2,
      0x1.c20a61ad918acp-2,
      0x1.170fec531d25ap-2,
      0x1.aac1c77276559p-4,
      0x1.aa8ac924289d4p-6,
      0x1.09f596ed34186p-8,
      0x1.1d4eb04a2d951p-12,
      -0x1.1ab965bf98a88p-15,
      -0x1.68ee8fce76a3ep-17,
      -0x1.400242fa43e55p-20,
      -0x1.ded67739f8068p-25,
  };
  static constexpr double mills_under[] = {
      0x1.p+0,
      0x1.3be46db3e47c6p+1,
      0x1.6cecab6931fc2p+1,
      0x1.0507f7f762bd1p+1,
      0x1.018d223bd25f8p+0,
      0x1.711fe5acee87p-2,
      0x1.897385fbf1a9cp-4,
      0x1.3941f563c9e21p-6,
      0x1.6f293ea244d5fp-9,
      0x1.2fe2fd191d9cbp-12,
      0x1.43027ad1784bbp-16,
      0x1.539315143abep-21,
  };
  static constexpr double mills_end = 0x1.359999999999ap+5;
};

}  // namespace FP_ISA
// clang-format on
