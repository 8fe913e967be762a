// A plan of every opcode, for tests and fuzzing to change.
#pragma once

#include <vector>

#include "engine.h"
#include "kernels/registry.h"
#include "random.h"

namespace test {

struct OwnedPlan {
  std::vector<int32_t> words;
  std::vector<std::vector<float>> parameters;

  fp::Engine::Status create(fp::Engine& engine, fp::PlanError& error,
                            const fp::MostBytes& most = {fp::Engine::any_bytes, fp::Engine::any_bytes}) const {
    std::vector<fp::Parameter> views;
    std::vector<std::vector<double>> doubles;
    static const double nothing = 0;
    for (const auto& parameter : parameters) {
      const void* data = parameter.data();
      if (words.size() > 1 && words[1] == int32_t(fp::Precision::f64)) {
        doubles.emplace_back(parameter.begin(), parameter.end());
        data = doubles.back().data();
      }
      views.push_back({parameter.empty() ? &nothing : data, parameter.size()});
    }
    // A copy of just the words, so that a sanitizer sees a read past their end.
    std::vector<int32_t> exact(words);
    exact.shrink_to_fit();
    const fp::Plan plan = {exact.data(), exact.size(), views.data(), views.size()};
    return engine.create(plan, *fp::best_instruction_set(), error, most);
  }
};

// One row of pairs, again and again: every id of an input that is ragged.
struct PairRows {
  std::vector<int32_t> ids, offsets;

  PairRows(size_t rows, size_t count) {
    const int32_t most = count < 50 ? int32_t(count) : 50;
    offsets.push_back(0);
    for (size_t r = 0; r < rows; r++) {
      for (int32_t id = 0; id < most; id++) ids.push_back(id);
      offsets.push_back(int32_t(ids.size()));
    }
  }
  fp::Input input() const {
    fp::Input in = {ids.data(), fp::Element::i32};
    in.offsets = offsets.data();
    in.pairs = ids.size();
    return in;
  }
};

// A plan with one instruction of every opcode. Values: 0 x [6], 1 ids [2], then one for each instruction, but for 33, a
// ragged input [5].
inline OwnedPlan every_opcode() {
  Random random(3);
  const auto floats = [&](size_t count) { return random.uniforms<float>(count); };
  // Trees of splits of every kind: five leaves, one alone, and two.
  const std::vector<float> trees = {0, 0.25f, 0, 3, -0.5f, 1, -1, 0,  0, 1, 0, 2,     -1, 0,  0, -1, 0,  0, 2, 3,
                                    3, -1,    0, 0, -1,    0, 0,  -1, 0, 0, 0, 0.75f, 0,  -1, 0, 0,  -1, 0, 0};
  std::vector<std::vector<float>> parameters = {
      floats(6 * 4),         // 0: dense weight [6, 4]
      floats(4),             // 1: dense bias
      {0, 6},                // 2: clamp
      {0.1f, 0},             // 3: leaky relu
      floats(4),             // 4: affine, its scale
      floats(4),             // 5: and shift
      {1e-5f},               // 6: layer norm
      floats(2),             // 7: and its scale, over 2
      {0, 1},                // 8: normalize
      floats(5 * 3),         // 9: embedding table [5, 3]
      {1, 0},                // 10: one-hot
      floats(4),             // 11: two doubles of any bits
      {0, 0, 0, 0},          // 12: two doubles for a function
      floats(4 * 4),         // 13: matmul
      trees,                 // 14
      floats(8 * 2),         // 15: leaves of trees
      {2, 3, 0x8001, 1, 4},  // 16: and sets
      {3},                   // 17: and a divisor
      floats(5 * 6),         // 18: five points
      floats(6 + 1),         // 19: weights of their features, and an exponent
      floats(3),             // 20: bias of a bag
      {0.5f, -3},            // 21: one scale for all rows
      {0.25f, 127},          // 22: and another
  };
  const std::vector<int32_t> widths = {6, 2, 4, 4, 4, 4, 4, 4, 4, 4, 2, 3, 10, 6, 8, 9, 4, 4, 3, 4,
                                       4, 4, 4, 4, 2, 1, 4, 2, 2, 3, 6, 5, 4,  5, 3, 5, 9, 9, 4};
  const std::vector<std::vector<int32_t>> instructions = {
      {1, 12, 2, 0, 1, 6, 4, 0, 0, 1, 2, 0},             // dense
      {2, 6, 3, 2, 1, 3},                                // unary leaky_relu
      {3, 6, 4, 3, -1 - 4, 2},                           // binary mul by a constant
      {4, 6, 5, 4, 4, 5},                                // affine
      {5, 6, 6, 5, 4, -1 - 5},                           // select
      {6, 7, 7, 6, 2, 2, 0},                             // softmax, twice 2
      {7, 10, 8, 7, 2, 2, 0, 6, 7, -1},                  // layer norm
      {8, 8, 9, 8, 1, 4, 1, 8},                          // normalize l2
      {9, 7, 10, 9, 2, 2, 0},                            // reduce sum
      {10, 7, 11, 9, 3, 0, 3},                           // gather columns 3, 0, 3
      {11, 8, 12, 1, 3, 9, 11, 11},                      // concat
      {12, 8, 13, 1, 9, 5, 3, 1},                        // embedding
      {13, 7, 14, 1, 4, 10, 0},                          // one_hot
      {14, 6, 15, 0, 1, 6},                              // quantize
      {1, 12, 16, 15, 1, 6, 4, 0, 0, 1, -1, 2},          // dense, int8
      {1, 12, 17, 0, 1, 6, 4, 0, 0, 1, 2, 1},            // dense, bf16
      {15, 4, 17, 1},                                    // require_finite
      {16, 5, 18, 11, 3},                                // couple three classes
      {18, 4, 19, 1},                                    // widen: two doubles
      {17, 7, 20, 2, 19, 0, 12},                         // wide unary
      {17, 7, 21, 3, 20, -1 - 11, 0},                    // wide binary
      {17, 7, 22, 4, 21, 11, 12},                        // wide affine
      {17, 7, 23, 5, 22, 21, -1 - 11},                   // wide select
      {17, 8, 24, 9, 23, 1, 2, 0},                       // wide reduce: one double
      {19, 4, 25, 24},                                   // narrow
      {20, 3, 19},                                       // require_exact
      {22, 10, 26, 3, -1 - 13, 1, 1, 4, 4, 0},           // matmul
      {23, 9, 27, 3, 1, 4, 2, 1, 1},                     // sort: places
      {17, 10, 28, 23, 21, 1, 2, 1, 0, 0},               // wide sort: one double
      {21, 13, 29, 2, 2, 0, 14, 15, 16, 17, 0, 1, 0},    // trees, added
      {21, 10, 30, 0, 2, 2, 14, 15, 16, -1},             // trees, side by side
      {24, 8, 31, 0, 6, 3, 18, 19},                      // distances
      {25, 7, 32, 31, 1, 5, 2},                          // nearest: two of five
      {26, 7, 34, 33, 9, 20, 1},                         // bag: mean
      {27, 4, 35, 33},                                   // scatter
      {30, 7, 36, 0, 1, 6, 21},                          // static_quantize
      {31, 13, 37, 36, 1, 6, 4, 0, 0, 1, 2, 21, 22},     // static_dense: bytes
      {31, 13, 38, 37, 1, 4, 4, 1, 13, -1, -1, 22, -1},  // static_dense, out_in
  };
  OwnedPlan plan;
  plan.parameters = parameters;
  plan.words = {fp::plan_version, 0, int32_t(widths.size()), 3, 15, int32_t(instructions.size())};
  plan.words.insert(plan.words.end(), widths.begin(), widths.end());
  for (int32_t value : {0, 1, fp::ragged_port + 33, 10, 12, 13, 14, 16, 17, 18, -1 - 23, 25, 29, 30, 32, 34, 35, 38}) {
    plan.words.push_back(value);
  }
  for (const auto& instruction : instructions) {
    plan.words.insert(plan.words.end(), instruction.begin(), instruction.end());
  }
  return plan;
}

// The opcodes that only a plan of f64 may have. Values: 0 x [6], then one for each instruction.
inline OwnedPlan every_opcode_of_doubles() {
  Random random(5);
  OwnedPlan plan;
  plan.parameters = {
      {1},                              // 0: center
      {3, -128, 127, 1e30f, 0, -0.5f},  // 1: weight [6, 1]; what is no whole number of a byte counts as 0
      {-70},                            // 2: bias
      {0.25f},                          // 3: factor
      {0.5f, -100, 100, 3},             // 4: shift, bounds and what is added
      random.uniforms<float>(3 * 5),    // 5: weight [5, 3]
      random.uniforms<float>(5),        // 6: bias
      random.uniforms<float>(5),        // 7: factors
  };
  plan.words = {fp::plan_version, 1, 5, 1, 2, 4};
  for (const int32_t width : {6, 5, 1, 9, 10}) plan.words.push_back(width);
  for (const int32_t value : {0, 2, 4}) plan.words.push_back(value);
  const std::vector<std::vector<int32_t>> instructions = {
      {28, 7, 1, 0, 1, 6, 0},                  // bytes: a row of 6
      {29, 12, 2, 1, 1, 6, 1, 0, 1, 2, 3, 4},  // byte_dense
      {28, 7, 3, 0, 2, 3, 0},                  // bytes: two rows of 3
      {29, 12, 4, 3, 2, 3, 5, 1, 5, 6, 7, 4},  // byte_dense, out_in
  };
  for (const auto& instruction : instructions) {
    plan.words.insert(plan.words.end(), instruction.begin(), instruction.end());
  }
  return plan;
}

}  // namespace test
