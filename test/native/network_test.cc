// Networks that learn: whatever a plan says, a step stays within its buffers, which are exactly as long as they have to
// be. Derivatives and optimizers are compared in test/learn/.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "cpu.h"
#include "learn/network_types.h"
#include "random.h"
#include "test.h"

namespace fp {
#define FP_INSTRUCTION_SET(name)          \
  namespace name {                        \
  extern const learn::Kind learn_kinds[]; \
  }
#include "learn/sets.inc"
#undef FP_INSTRUCTION_SET
}  // namespace fp

namespace {

using namespace fp::learn;

struct Set {
  bool (*available)();
  const Kind* kinds;
};

const Set sets[] = {
#define FP_INSTRUCTION_SET(name) {fp::has_##name, fp::name::learn_kinds},
#include "learn/sets.inc"
#undef FP_INSTRUCTION_SET
};

// Everything that a network is made of, whose numbers belong to it.
template <typename T>
struct Plan {
  std::vector<int32_t> integers;
  std::vector<double> numbers, state, targets, weights;
  std::vector<T> x, first, second;
  size_t rows = 0;
};

template <typename T>
Plan<T> random_plan(test::Random& random) {
  Plan<T> plan;
  plan.rows = size_t(1 + random.below(random.below(4) == 0 ? 300 : 20));
  const int rule = random.below(int(UpdateRule::count)), loss = random.below(int(Loss::count));
  int width = 1 + random.below(40), parameter_count = 0;
  const int in = width;
  std::vector<int32_t> parameters, layers;
  size_t offset = 0;
  const auto parameter = [&](int rows, int columns, bool may_lack) {
    if (may_lack && random.below(6) == 0) return -1;
    parameters.insert(parameters.end(), {int32_t(offset), rows, columns, random.below(4) != 0});
    offset += network_padded(size_t(rows) * network_padded(size_t(columns)));
    return parameter_count++;
  };
  const int layer_count = 1 + random.below(6);
  for (int i = 0; i < layer_count; i++) {
    const int kind = i == 0 ? 0 : random.below(int(LayerKind::count)), before = width;
    if (kind == int(LayerKind::dense)) width = 1 + random.below(40);
    const int function = random.below(int(LearnUnary::count));
    const int first = kind == 0   ? parameter(width, before, false)
                      : kind == 2 ? parameter(1, width, true)
                      : kind == 1 ? function
                                  : 0;
    const int second = kind == 0 || kind == 2 ? parameter(1, width, true) : 0;
    layers.insert(layers.end(), {kind, before, width, first, second});
    plan.numbers.insert(plan.numbers.end(), {0.5, 1.5});
  }
  plan.numbers.push_back(0.7);
  plan.integers = {sizeof(T) == sizeof(double), in, width, loss, rule, int32_t(offset), parameter_count, layer_count};
  plan.integers.insert(plan.integers.end(), parameters.begin(), parameters.end());
  plan.integers.insert(plan.integers.end(), layers.begin(), layers.end());
  plan.x = random.uniforms<T>(plan.rows * size_t(in));
  plan.targets = random.uniforms<double>(plan.rows * size_t(width));
  if (loss == int(Loss::cross_entropy)) {
    for (size_t r = 0; r < plan.rows; r++) plan.targets[r * size_t(width)] = random.below(width);
  }
  plan.weights = std::vector<double>(plan.rows, 1);
  const size_t moments = rule == int(UpdateRule::adam_torch) || rule == int(UpdateRule::adam_keras) ? 2 : 1;
  plan.first = std::vector<T>((1 + moments) * offset);
  for (size_t i = 0; i < offset; i++) plan.first[i] = T(random.uniform() / 4);
  plan.second = plan.first;
  plan.state = std::vector<double>(size_t(Control::count) + size_t(parameter_count) * size_t(Rate::count));
  for (int i = 0; i < parameter_count; i++) {
    const double rates[] = {0.01, 0.001, 0.9, 0, 0, 0.9, 0.999, 1e-8, double(i % 2), 1};
    std::copy(rates, rates + size_t(Rate::count),
              &plan.state[size_t(Control::count) + size_t(i) * size_t(Rate::count)]);
  }
  return plan;
}

Buffer buffer_of(std::vector<float>& values) { return {values.data(), values.size(), Element::f32}; }
Buffer buffer_of(std::vector<double>& values) { return {values.data(), values.size(), Element::f64}; }

// Makes and steps it as often; what the last step said, or kBadRows where it was refused.
template <typename T>
Status run(const Set& set, Plan<T>& plan, int steps) {
  const Buffer buffers[] = {buffer_of(plan.x), buffer_of(plan.targets), buffer_of(plan.weights), buffer_of(plan.first),
                            buffer_of(plan.second)};
  const Setup setup = {plan.integers.data(),
                       plan.integers.size(),
                       plan.numbers.data(),
                       plan.numbers.size(),
                       plan.state.data(),
                       plan.state.size(),
                       buffers,
                       5};
  const Kind* kind = set.kinds;
  while (kind->name != nullptr && kind->name[0] != 'n') kind++;
  bool fits = false;
  Learner* const learner = kind->make(setup, fits);
  if (learner == nullptr) return kBadRows;
  Status status = kLearnt;
  const std::vector<double> targets = plan.targets;
  for (int i = 0; i < steps && status == kLearnt; i++) {
    int32_t words[kWords] = {};
    words[kFlags] = i % 2 == 0 ? network_weighted : 0;
    plan.targets = targets;
    status = learner->step(learner, learner->most_rows - size_t(i) % learner->most_rows, words);
  }
  learner->end(learner);
  return status;
}

template <typename T>
void check_plans(uint64_t seed) {
  test::Random random(seed);
  for (int at = 0; at < 300; at++) {
    const Plan<T> plan = random_plan<T>(random);
    std::vector<Plan<T>> results;
    for (const Set& set : sets) {
      if (!set.available()) continue;
      results.push_back(plan);
      CHECK(run(set, results.back(), 3) == kLearnt);
      const Plan<T>&one = results.front(), &other = results.back();
      CHECK_THAT(one.first == other.first && one.second == other.second && one.targets == other.targets,
                 "plan %d has other bits", at);
    }
    // A word that is another: refused, or a plan like any.
    Plan<T> damaged = plan;
    const int32_t words[] = {-1, 0, 1, 2, 3, 15, 16, 17, 1000, 1 << 20, (1 << 20) + 1, INT32_MAX, INT32_MIN};
    const int changes = 1 + random.below(2);
    for (int i = 0; i < changes; i++) {
      damaged.integers[size_t(random.below(int(damaged.integers.size())))] = words[random.below(13)];
    }
    for (const Set& set : sets) {
      Plan<T> copy = damaged;
      if (set.available()) run(set, copy, 2);
    }
  }
}

TEST("networks of floats stay within their buffers, with the same bits on every set") { check_plans<float>(1); }
TEST("networks of doubles stay within their buffers, with the same bits on every set") { check_plans<double>(2); }

}  // namespace
