// Each allocation fails in turn, and each thread: an error or the right result, nothing lost (the tests run under a
// leak checker), and the next try works.
#ifdef __linux__

#include <cfenv>
#include <cstring>
#include <vector>

#include "engine.h"
#include "faults.h"
#include "kernels/registry.h"
#include "loaded.h"
#include "packed_once.h"
#include "random.h"
#include "test.h"
#include "tree_forests.h"

namespace {

constexpr size_t width = 300, rows = 400;

// x → dense, relu → softmax, and the same weights as bytes, as halves, and for an embedding: what the packers do
// differently. Weights are those of `kind`.
std::vector<int32_t> words_of(fp::Weights kind, bool f64) {
  const int32_t w = int32_t(width), quantized = int32_t(fp::quantized_width(width));
  if (kind == fp::Weights::int8) {
    return {fp::plan_version,
            0,
            4,
            1,
            1,
            3,
            w,
            quantized,
            w,
            w,
            0,
            3,  //
            14,
            6,
            1,
            0,
            1,
            w,  // quantize
            1,
            12,
            2,
            1,
            1,
            w,
            w,
            0,
            0,
            -1,
            -1,
            int32_t(fp::Weights::int8),  // dense
            6,
            7,
            3,
            2,
            1,
            w,
            0};  // softmax
  }
  return {fp::plan_version,
          f64,
          3,
          1,
          1,
          2,
          w,
          w,
          w,
          0,
          2,  //
          1,
          12,
          1,
          0,
          1,
          w,
          w,
          0,
          0,
          1,
          -1,
          int32_t(kind),  // dense
          6,
          7,
          2,
          1,
          1,
          w,
          0};  // softmax
}

struct Case {
  fp::Weights kind;
  bool f64;
  size_t threads;
};

enum class Result { right, refused, wrong };

template <typename T>
Result attempt(const std::vector<int32_t>& words, const std::vector<fp::Parameter>& parameters, size_t threads,
               const std::vector<T>& x, std::vector<T>& y) {
  fp::Loaded* const loaded = fp::Loaded::create();
  if (loaded == nullptr) return Result::refused;
  fp::PlanError error = {};
  const fp::Plan plan = {words.data(), words.size(), parameters.data(), parameters.size()};
  Result result = Result::refused;
  const auto status = loaded->engine.create(plan, *fp::best_instruction_set(), error);
  if (status == fp::Engine::Status::invalid_plan) result = Result::wrong;
  fp::Pool* const pool = threads > 1 ? fp::Pool::create() : nullptr;
  fp::Array<char> table, values;
  if (status == fp::Engine::Status::ok && (threads == 1 || pool != nullptr) &&
      table.allocate(loaded->engine.table_bytes(threads)) && values.allocate(loaded->engine.values_bytes(threads))) {
    loaded->engine.prepare(table.data(), values.data(), threads);
    const fp::Element element = sizeof(T) == 8 ? fp::Element::f64 : fp::Element::f32;
    const fp::Input in = {x.data(), element};
    const fp::Output out = {y.data(), element};
    fp::RunError run_error;
    const auto outcome = loaded->engine.run(table.data(), &in, &out, rows, run_error, threads, pool);
    result = outcome == fp::Outcome::ok ? Result::right : Result::wrong;
  }
  if (pool != nullptr) pool->release();
  fp::Loaded::release(loaded);
  return result;
}

template <typename T>
Result attempt(const Case& tried, const std::vector<T>& weights, const std::vector<T>& x, std::vector<T>& y) {
  const std::vector<fp::Parameter> parameters = {{weights.data(), width * width}, {weights.data(), width}};
  return attempt(words_of(tried.kind, tried.f64), parameters, tried.threads, x, y);
}

template <typename T>
void fail_each(const Case& tried) {
  test::Random random(67);
  const std::vector<T> weights = random.uniforms<T>(width * width), x = random.uniforms<T>(rows * width);
  std::vector<T> wanted(rows * width, T(-1)), found(rows * width);
  CHECK(attempt(tried, weights, x, wanted) == Result::right);
  long at = 1, refused = 0;
  for (;; at++) {
    found.assign(rows * width, T(-2));
    faults::fail_at(at);
    const Result result = attempt(tried, weights, x, found);
    const bool failed = faults::failed();
    faults::fail_at(0);
    CHECK_THAT(result != Result::wrong, "allocation %ld: neither an error nor a result", at);
    CHECK_THAT(failed || result == Result::right, "refused without a reason, after %ld allocations", at);
    if (result == Result::refused) refused++;
    if (result == Result::right) {
      CHECK_THAT(std::memcmp(found.data(), wanted.data(), found.size() * sizeof(T)) == 0, "allocation %ld", at);
    }
    if (!failed) break;
    found.assign(rows * width, T(-3));
    CHECK_THAT(attempt(tried, weights, x, found) == Result::right, "not after allocation %ld had failed", at);
  }
  CHECK_THAT(refused > 3 && at < 1000, "%ld of %ld", refused, at);
}

// Trees of ranks and sets, of which a row may be walked alone and many side by side.
template <typename T>
void fail_each_of_trees(size_t leaves) {
  test::ForestShape shape;
  shape.leaves = leaves;
  shape.set_slots = 2;
  test::ForestMaker<T> maker(shape, 73);
  const test::Forest<T> forest = maker.make();
  const std::vector<T> x = maker.rows(rows), wanted = test::walk(forest, x);
  std::vector<int32_t> words = {fp::plan_version,
                                sizeof(T) == 8,
                                2,
                                1,
                                1,
                                1,
                                int32_t(forest.features),
                                1,
                                0,
                                1,  //
                                int32_t(fp::Opcode::trees),
                                0,
                                1,
                                0,
                                1,
                                0,
                                0,
                                1,
                                2,
                                -1};
  words.insert(words.end(), forest.targets.begin(), forest.targets.end());
  words[11] = int32_t(words.size() - 10);
  const std::vector<fp::Parameter> parameters = {{forest.nodes.data(), forest.nodes.size()},
                                                 {forest.leaves.data(), forest.leaves.size()},
                                                 {forest.sets.data(), forest.sets.size()}};
  long at = 1, refused = 0;
  for (bool failed = true; failed; at++) {
    std::vector<T> found(rows, T(-2));
    faults::fail_at(at);
    const Result result = attempt(words, parameters, 1, x, found);
    failed = faults::failed();
    faults::fail_at(0);
    CHECK_THAT(result == (failed ? Result::refused : Result::right), "allocation %ld", at);
    if (result == Result::refused) refused++;
    if (result == Result::right) CHECK(std::memcmp(found.data(), wanted.data(), rows * sizeof(T)) == 0);
  }
  // Those of the packer among them.
  CHECK_THAT(refused > 12 && at < 1000, "%ld of %ld", refused, at);
}

TEST("an allocation that fails while trees are packed gives an error, whichever it is") {
  for (const size_t leaves : {20, 300}) {
    fail_each_of_trees<float>(leaves);
    fail_each_of_trees<double>(leaves);
  }
}

TEST("an allocation that fails gives an error, whichever it is, and the next try works") {
  for (const fp::Weights kind : {fp::Weights::whole, fp::Weights::bf16, fp::Weights::int8}) {
    fail_each<float>({kind, false, 1});
  }
  fail_each<double>({fp::Weights::whole, true, 1});
}

TEST("a thread that cannot be made is done without") { fail_each<float>({fp::Weights::whole, false, 3}); }

TEST("what was packed once is found again without memory, however many there are") {
  const std::vector<float> arrays(100);
  const auto key = [&](size_t i) { return fp::PackedKey{&arrays[i], nullptr, 1, 1, 0, 0}; };
  for (size_t count = 1; count <= arrays.size(); count++) {
    fp::PackedOnce<float> packed;
    for (size_t i = 0; i < count; i++) CHECK(packed.find(key(i)) != nullptr);
    packed.restart();
    faults::fail_at(1);
    for (size_t i = 0; i < count; i++) CHECK(packed.find(key(i)) != nullptr && packed.find(key(i))->known);
    CHECK(!faults::failed());
    faults::fail_at(0);
  }
}

TEST("runs leave the caller's rounding mode and its flags of denormals as they were") {
  test::Random random(71);
  const std::vector<float> weights = random.uniforms<float>(width * width), x = random.uniforms<float>(rows * width);
  std::vector<float> y(rows * width);
  for (const int mode : {FE_TONEAREST, FE_UPWARD, FE_TOWARDZERO}) {
    CHECK(std::fesetround(mode) == 0);
    fenv_t before, after;
    std::fegetenv(&before);
    for (const size_t threads : {1, 3}) {
      CHECK(attempt({fp::Weights::whole, false, threads}, weights, x, y) == Result::right);
      CHECK(attempt({fp::Weights::int8, false, threads}, weights, x, y) == Result::right);
    }
    CHECK(std::fegetround() == mode);
    std::fegetenv(&after);
#ifdef __x86_64__
    // The flags of what has happened may be raised; how is computed stays.
    constexpr unsigned happened = 0x3f;
    CHECK((before.__mxcsr & ~happened) == (after.__mxcsr & ~happened));
#endif
  }
  std::fesetround(FE_TONEAREST);
}

}  // namespace

#endif
