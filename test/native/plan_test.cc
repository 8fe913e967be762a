// Plans that lie: every word of a good one changed in turn must be refused, or run without touching foreign memory.
#include <cmath>
#include <cstring>
#include <vector>

#include "engine.h"
#include "every_opcode.h"
#include "kernels/registry.h"
#include "random.h"
#include "test.h"

namespace {

constexpr size_t precision_word = 1;

// A changed plan may ask for wide rows, which would take more time than memory.
constexpr fp::MostBytes modest = {fp::Engine::any_bytes, 1 << 20};

using test::every_opcode;
using test::every_opcode_of_doubles;
using test::OwnedPlan;

// Runs a plan whose every buffer is exactly as large as the engine says.
void run(const fp::Engine& engine, size_t rows) {
  fp::Array<char> table, values;
  CHECK(table.allocate(engine.table_bytes(1)) && values.allocate(engine.values_bytes(1)));
  engine.prepare(table.data(), values.data(), 1);
  std::vector<std::vector<float>> inputs, outputs;
  std::vector<fp::Input> in;
  std::vector<fp::Output> out;
  std::vector<test::PairRows> pairs;
  for (size_t i = 0; i < engine.input_widths().size(); i++) {
    const size_t width = engine.input_widths()[i];
    inputs.emplace_back(engine.is_ragged(i) ? 0 : rows * width, 1.0f);
    pairs.emplace_back(engine.is_ragged(i) ? rows : 0, width);
  }
  for (size_t width : engine.output_widths()) outputs.emplace_back(rows * width);
  for (size_t i = 0; i < inputs.size(); i++) {
    in.push_back(engine.is_ragged(i) ? pairs[i].input() : fp::Input{inputs[i].data(), fp::Element::f32});
  }
  for (auto& data : outputs) out.push_back({data.data(), fp::Element::f32});
  fp::RunError error;
  engine.run(table.data(), in.data(), out.data(), rows, error);
}

// Together they have every opcode.
std::vector<OwnedPlan> every_plan() { return {every_opcode(), every_opcode_of_doubles()}; }

TEST("a plan with every opcode is accepted and runs") {
  for (const OwnedPlan& plan : every_plan()) {
    fp::Engine engine;
    fp::PlanError error = {};
    const auto status = plan.create(engine, error);
    CHECK_THAT(status == fp::Engine::Status::ok, "refused: %s at word %zu", error.reason, error.word);
    if (status != fp::Engine::Status::ok) continue;
    for (size_t rows : {0, 1, 5, 100}) run(engine, rows);
  }
}

TEST("a plan cut short anywhere is refused") {
  for (const OwnedPlan& whole : every_plan()) {
    for (size_t length = 0; length < whole.words.size(); length++) {
      OwnedPlan plan = whole;
      plan.words.resize(length);
      fp::Engine engine;
      fp::PlanError error = {};
      CHECK_THAT(plan.create(engine, error) == fp::Engine::Status::invalid_plan, "%zu words were accepted", length);
      CHECK(error.reason != nullptr);
    }
  }
}

TEST("a plan with any word changed is refused or runs within its buffers") {
  for (const OwnedPlan& whole : every_plan()) {
    size_t accepted = 0, refused = 0;
    for (size_t i = 0; i < whole.words.size(); i++) {
      for (int32_t word : {-1, 0, 1, 2, 3, 5, 15, 16, 1 << 16, INT32_MAX, INT32_MIN, whole.words[i] + 1,
                           whole.words[i] - 1, -1 - whole.words[i]}) {
        // Whoever hands over a plan answers for the element type of its parameter arrays.
        if (word == whole.words[i] || i == precision_word) continue;
        OwnedPlan plan = whole;
        plan.words[i] = word;
        fp::Engine engine;
        fp::PlanError error = {};
        if (plan.create(engine, error, modest) == fp::Engine::Status::ok) {
          accepted++;
          run(engine, 3);
        } else {
          refused++;
        }
      }
    }
    CHECK(refused > 10 * whole.words.size());
    CHECK(accepted > 0);  // other columns, other functions
  }
}

TEST("a plan with several words changed is refused or runs within its buffers") {
  const std::vector<OwnedPlan> plans = every_plan();
  test::Random random(11);
  for (int i = 0; i < 30000; i++) {
    OwnedPlan plan = plans[i % 3 == 0 ? 1 : 0];
    for (int j = random.below(4); j >= 0; j--) {
      const size_t place = size_t(random.below(int(plan.words.size())));
      if (place != precision_word) plan.words[place] = random.below(24) - 6;
    }
    if (random.below(4) == 0) {
      plan.parameters[size_t(random.below(int(plan.parameters.size())))].resize(size_t(random.below(30)));
    }
    fp::Engine engine;
    fp::PlanError error = {};
    if (plan.create(engine, error, modest) == fp::Engine::Status::ok) run(engine, 2);
  }
}

TEST("a plan with numbers of its trees changed is refused or runs within its buffers") {
  const OwnedPlan whole = every_opcode();
  constexpr size_t nodes = 14, sets = 16;
  test::Random random(13);
  size_t accepted = 0, refused = 0;
  for (int i = 0; i < 20000; i++) {
    OwnedPlan plan = whole;
    for (int j = random.below(4); j >= 0; j--) {
      std::vector<float>& parameter = plan.parameters[random.below(3) == 0 ? sets : nodes];
      const float others[] = {0.5f, -0.5f, 65535, 65536, 1e30f, NAN, INFINITY, -INFINITY};
      const float value = random.below(4) == 0 ? others[random.below(8)] : float(random.below(9) - 2);
      parameter[size_t(random.below(int(parameter.size())))] = value;
    }
    fp::Engine engine;
    fp::PlanError error = {};
    if (plan.create(engine, error) == fp::Engine::Status::ok) {
      accepted++;
      run(engine, 70);
    } else {
      refused++;
    }
  }
  CHECK(accepted > 1000 && refused > 1000);
}

TEST("a plan with a scale that is none is refused") {
  for (const size_t parameter : {21, 22}) {
    for (const float scale : {0.0f, -0.0f, -0.5f, 0x1p-101f, 0x1p101f, 1e-45f, INFINITY, -INFINITY, NAN}) {
      OwnedPlan plan = every_opcode();
      plan.parameters[parameter][0] = scale;
      fp::Engine engine;
      fp::PlanError error = {};
      CHECK_THAT(plan.create(engine, error) == fp::Engine::Status::invalid_plan, "%g was accepted", double(scale));
    }
    for (const float zero : {-129.0f, 128.0f, 0.5f, 1e30f, INFINITY, NAN}) {
      OwnedPlan plan = every_opcode();
      plan.parameters[parameter][1] = zero;
      fp::Engine engine;
      fp::PlanError error = {};
      CHECK_THAT(plan.create(engine, error) == fp::Engine::Status::invalid_plan, "zero %g was accepted", double(zero));
    }
    OwnedPlan plan = every_opcode();
    plan.parameters[parameter] = {0x1p-100f, -128};
    fp::Engine engine;
    fp::PlanError error = {};
    CHECK_THAT(plan.create(engine, error) == fp::Engine::Status::ok, "%s", error.reason);
  }
}

// Layers of 32 by 32 one after another, each with a norm behind it. Of two matrices by turns, each layer has one of its
// own, or all share the two.
OwnedPlan chain(int32_t layers, bool shared, int32_t weights) {
  constexpr int32_t width = 32;
  test::Random random(5);
  const std::vector<float> matrices[] = {random.uniforms<float>(width * width), random.uniforms<float>(width * width)};
  OwnedPlan plan;
  plan.parameters = {random.uniforms<float>(width), {1e-5f}};
  const int32_t first = int32_t(plan.parameters.size()), count = shared ? 2 : layers;
  for (int32_t i = 0; i < count; i++) plan.parameters.push_back(matrices[i % 2]);
  plan.words = {fp::plan_version, 0, 2 * layers + 1, 1, 1, 2 * layers};
  plan.words.insert(plan.words.end(), size_t(2 * layers + 1), width);
  plan.words.insert(plan.words.end(), {0, 2 * layers});
  for (int32_t i = 0; i < layers; i++) {
    const int32_t x = 2 * i, matrix = first + i % count;
    plan.words.insert(plan.words.end(), {1, 12, x + 1, x, 1, width, width, 0, matrix, 0, -1, weights});
    plan.words.insert(plan.words.end(), {7, 10, x + 2, x + 1, 1, width, 0, 1, 0, -1});
  }
  return plan;
}

std::vector<float> run_chain(const fp::Engine& engine) {
  std::vector<float> x(32, 0.5f), y(32);
  fp::Array<char> table, values;
  CHECK(table.allocate(engine.table_bytes(1)) && values.allocate(engine.values_bytes(1)));
  engine.prepare(table.data(), values.data(), 1);
  const fp::Input in = {x.data(), fp::Element::f32};
  const fp::Output out = {y.data(), fp::Element::f32};
  fp::RunError found = {};
  CHECK(engine.run(table.data(), &in, &out, 1, found) == fp::Outcome::ok);
  return y;
}

TEST("weights that layers share are packed once, and give the same bits") {
  for (int32_t weights : {0, 1}) {
    fp::PlanError error = {};
    fp::Engine two, shared, apart;
    CHECK(chain(2, true, weights).create(two, error) == fp::Engine::Status::ok);
    CHECK(chain(300, true, weights).create(shared, error) == fp::Engine::Status::ok);
    CHECK(chain(300, false, weights).create(apart, error) == fp::Engine::Status::ok);
    CHECK(shared.packed_bytes() == two.packed_bytes());
    CHECK(apart.packed_bytes() > 100 * shared.packed_bytes());
    CHECK(run_chain(shared) == run_chain(apart));
  }
}

TEST("what a model may take is asked before it is taken") {
  fp::PlanError error = {};
  fp::Engine engine;
  constexpr size_t any = fp::Engine::any_bytes;
  const OwnedPlan plan = chain(300, false, 0);
  CHECK(plan.create(engine, error, {64 << 10, any}) == fp::Engine::Status::too_large);
  CHECK(plan.create(engine, error, {any, 128}) == fp::Engine::Status::row_too_large);
  CHECK(plan.create(engine, error, {4 << 20, 4 << 10}) == fp::Engine::Status::ok);
}

TEST("sizes whose product overflows are refused") {
  // x [2^30] · 2^30 columns: K·N does not fit 32 bits, nor anything that was ever allocated.
  OwnedPlan plan;
  plan.parameters = {std::vector<float>(4)};
  plan.words = {fp::plan_version, 0,       2, 1, 1,  1,  1 << 30, 1 << 30, 0, 1, 1, 12, 1, 0, 1,
                1 << 30,          1 << 30, 0, 0, -1, -1, 0};
  fp::Engine engine;
  fp::PlanError error = {};
  CHECK(plan.create(engine, error) == fp::Engine::Status::invalid_plan);
}

// Two rows of x [5], ragged, through a bag [5, 1].
fp::Outcome run_pairs(const fp::Input& input, fp::RunError& found, int32_t version = fp::plan_version) {
  OwnedPlan plan;
  plan.parameters = {{1, 2, 3, 4, 5}};
  plan.words = {version, 0, 2, 1, 1, 1, 5, 1, fp::ragged_port, 1, 26, 7, 1, 0, 0, -1, 0};
  fp::Engine engine;
  fp::PlanError error = {};
  const auto status = plan.create(engine, error);
  CHECK((status == fp::Engine::Status::ok) == (version == fp::plan_version));
  if (status != fp::Engine::Status::ok) return fp::Outcome::not_exact;
  fp::Array<char> table, values;
  CHECK(table.allocate(engine.table_bytes(1)) && values.allocate(engine.values_bytes(1)));
  engine.prepare(table.data(), values.data(), 1);
  float y[2] = {};
  const fp::Output out = {y, fp::Element::f32};
  const fp::Outcome outcome = engine.run(table.data(), &input, &out, 2, found);
  if (outcome == fp::Outcome::ok) CHECK(y[0] == 3 && y[1] == 12);
  return outcome;
}

TEST("pairs whose offsets lie stop the run before it begins, and those of a bad id where it is") {
  const int32_t ids[] = {0, 1, 2, 3, 4};
  fp::RunError found = {};
  fp::Input in = {ids, fp::Element::i32};
  in.pairs = 5;
  const int32_t good[] = {0, 2, 5};
  in.offsets = good;
  CHECK(run_pairs(in, found) == fp::Outcome::ok);
  CHECK(run_pairs(in, found, fp::oldest_plan) == fp::Outcome::not_exact);
  const int32_t lies[][3] = {{1, 2, 5}, {-1, 2, 5}, {0, 6, 5}, {0, 2, 1}, {0, 2, 6}, {0, 2, 4}, {0, INT32_MIN, 5}};
  const size_t at[] = {0, 0, 1, 2, 2, 2, 1};
  for (int i = 0; i < 7; i++) {
    in.offsets = lies[i];
    CHECK(run_pairs(in, found) == fp::Outcome::bad_offset);
    CHECK(found.instruction == 0 && found.row == at[i] && found.value == lies[i][at[i]]);
  }
  in.offsets = good;
  in.pairs = 7;
  CHECK(run_pairs(in, found) == fp::Outcome::bad_offset);
  in.all = false;
  CHECK(run_pairs(in, found) == fp::Outcome::ok);
  for (const int32_t bad : {5, -1, INT32_MIN, INT32_MAX}) {
    const int32_t others[] = {0, 1, 2, bad, 4};
    in.data = others;
    CHECK(run_pairs(in, found) == fp::Outcome::bad_pair);
    CHECK(found.row == 1 && found.element == 1 && found.value == bad && found.limit == 5);
  }
  for (const int64_t bad : {int64_t(5), int64_t(-1), int64_t(1) << 32, INT64_MIN}) {
    const int64_t others[] = {0, 1, 2, 3, bad};
    in.data = others;
    in.element = fp::Element::i64;
    CHECK(run_pairs(in, found) == fp::Outcome::bad_pair);
    CHECK(found.row == 1 && found.element == 2 && found.value == double(bad));
  }
}

TEST("an id outside its table stops the run with its row and value") {
  OwnedPlan plan;
  plan.parameters = {{1, 2, 3}};
  plan.words = {fp::plan_version, 0, 2, 1, 1, 1, 1, 1, 0, 1, 12, 8, 1, 0, 0, 3, 1, 0};
  fp::Engine engine;
  fp::PlanError error = {};
  CHECK(plan.create(engine, error) == fp::Engine::Status::ok);
  fp::Array<char> table, values;
  CHECK(table.allocate(engine.table_bytes(1)) && values.allocate(engine.values_bytes(1)));
  engine.prepare(table.data(), values.data(), 1);
  const float ids[][3] = {{0, 2, 3}, {0, 1, -1}, {2, 0.5f, 1}, {2, 1, NAN}};
  const size_t bad[] = {2, 2, 1, 2};
  for (int i = 0; i < 4; i++) {
    float y[3];
    const fp::Input in = {ids[i], fp::Element::f32};
    const fp::Output out = {y, fp::Element::f32};
    fp::RunError found = {};
    CHECK(engine.run(table.data(), &in, &out, 3, found) == fp::Outcome::bad_id);
    CHECK(found.row == bad[i] && found.limit == 3 && found.instruction == 0);
    CHECK(std::memcmp(&ids[i][bad[i]], &ids[i][bad[i]], 4) == 0 &&
          (found.value == double(ids[i][bad[i]]) || ids[i][bad[i]] != ids[i][bad[i]]));
  }
}

TEST("a number that is not finite stops the run with its row, element and value") {
  // x [3] is required to be finite, without or with NaN, and copied.
  for (int32_t nan : {0, 1}) {
    OwnedPlan plan;
    plan.words = {fp::plan_version, 0, 2, 1, 1, 2, 3, 3, 0, 1, 15, 4, 0, nan, 10, 7, 1, 0, 0, 1, 2};
    fp::Engine engine;
    fp::PlanError error = {};
    CHECK(plan.create(engine, error) == fp::Engine::Status::ok);
    fp::Array<char> table, values;
    CHECK(table.allocate(engine.table_bytes(1)) && values.allocate(engine.values_bytes(1)));
    engine.prepare(table.data(), values.data(), 1);
    float x[] = {1, 2, 3, 4, 5, NAN, 7, INFINITY, 9};
    const fp::Input in = {x, fp::Element::f32};
    float y[9];
    const fp::Output out = {y, fp::Element::f32};
    fp::RunError found = {};
    CHECK(engine.run(table.data(), &in, &out, 3, found) == fp::Outcome::not_finite);
    CHECK(found.instruction == 0 && found.row == (nan != 0 ? 2u : 1u) && found.element == (nan != 0 ? 1u : 2u));
    CHECK(nan != 0 ? found.value == double(INFINITY) : found.value != found.value);
    CHECK(engine.run(table.data(), &in, &out, 1, found) == fp::Outcome::ok);
    CHECK(y[0] == 1 && y[2] == 3);
  }
}

TEST("integers of every width come in and go out, saturated") {
  OwnedPlan plan;
  plan.parameters = {{3}, {0}};
  plan.words = {fp::plan_version, 0, 2, 1, 1, 1, 1, 1, 0, 1, 4, 6, 1, 0, 0, 1};
  fp::Engine engine;
  fp::PlanError error = {};
  CHECK(plan.create(engine, error) == fp::Engine::Status::ok);
  fp::Array<char> table, values;
  CHECK(table.allocate(engine.table_bytes(1)) && values.allocate(engine.values_bytes(1)));
  engine.prepare(table.data(), values.data(), 1);
  const auto triple = [&](auto x, fp::Element element) {
    auto y = x;
    const fp::Input in = {&x, element};
    const fp::Output out = {&y, element};
    fp::RunError found = {};
    CHECK(engine.run(table.data(), &in, &out, 1, found) == fp::Outcome::ok);
    return y;
  };
  CHECK(triple(int8_t(-20), fp::Element::i8) == -60 && triple(int8_t(-100), fp::Element::i8) == -128);
  CHECK(triple(uint8_t(70), fp::Element::u8) == 210 && triple(uint8_t(100), fp::Element::u8) == 255);
  CHECK(triple(int16_t(-20), fp::Element::i16) == -60 && triple(int16_t(20000), fp::Element::i16) == INT16_MAX);
  CHECK(triple(uint16_t(20000), fp::Element::u16) == 60000 && triple(uint16_t(30000), fp::Element::u16) == UINT16_MAX);
  CHECK(triple(int32_t(-7), fp::Element::i32) == -21 && triple(INT32_MAX, fp::Element::i32) == INT32_MAX);
  CHECK(triple(uint32_t(7), fp::Element::u32) == 21 && triple(UINT32_MAX, fp::Element::u32) == UINT32_MAX);
  CHECK(triple(int64_t(-7), fp::Element::i64) == -21 && triple(INT64_MIN, fp::Element::i64) == INT64_MIN);
  CHECK(triple(uint64_t(7), fp::Element::u64) == 21 && triple(UINT64_MAX, fp::Element::u64) == UINT64_MAX);
}

TEST("doubles in a plan of floats hold integers past 2^24, and one that no double holds stops the run") {
  OwnedPlan plan;
  const double terms[] = {1, 1};  // x·1 + 1
  plan.parameters.resize(1);
  plan.parameters[0].resize(2);
  std::memcpy(plan.parameters[0].data(), terms, sizeof(double));
  // An input of one double, the sum, and the sum as a float.
  const std::vector<int32_t> header = {fp::plan_version, 0, 3, 1, 2, 4, 2, 2, 1, -1 - 0, -1 - 1, 2};
  const std::vector<std::vector<int32_t>> instructions = {
      {20, 3, 0}, {17, 7, 1, 4, 0, 0, 0}, {20, 3, 1}, {19, 4, 2, 1}};
  plan.words = header;
  for (const auto& words : instructions) plan.words.insert(plan.words.end(), words.begin(), words.end());
  fp::Engine engine;
  fp::PlanError error = {};
  const auto status = plan.create(engine, error);
  CHECK_THAT(status == fp::Engine::Status::ok, "refused: %s at word %zu", error.reason, error.word);
  if (status != fp::Engine::Status::ok) return;
  CHECK(engine.input_widths()[0] == 1 && engine.output_widths()[0] == 1 && engine.output_widths()[1] == 1);
  fp::Array<char> table, values;
  CHECK(table.allocate(engine.table_bytes(1)) && values.allocate(engine.values_bytes(1)));
  engine.prepare(table.data(), values.data(), 1);
  fp::RunError found = {};
  std::vector<int64_t> next(3);
  std::vector<float> rounded(3);
  const fp::Output out[] = {{next.data(), fp::Element::i64}, {rounded.data(), fp::Element::f32}};
  const auto run = [&](const std::vector<int64_t>& x) {
    const fp::Input in = {x.data(), fp::Element::i64};
    return engine.run(table.data(), &in, out, x.size(), found);
  };
  CHECK(run({16777216, -16777218, 9007199254740990}) == fp::Outcome::ok);
  CHECK(next[0] == 16777217 && next[1] == -16777217 && next[2] == 9007199254740991);
  CHECK(rounded[0] == 16777216.0f && rounded[1] == -16777216.0f);
  CHECK(run({1, 9007199254740993, 2}) == fp::Outcome::not_exact);
  CHECK(found.instruction == 0 && found.row == 1 && found.element == 0 && found.value == 9007199254740992.0);
  CHECK(run({1, 2, INT64_MIN + 1}) == fp::Outcome::not_exact && found.row == 2);
  CHECK(run({1, 2, 9007199254740991}) == fp::Outcome::not_exact);  // its sum is past them
  CHECK(found.instruction == 2 && found.row == 2 && found.value == 9007199254740992.0);
  const std::vector<double> doubles = {0.5, -3, 9007199254740990};
  const fp::Input in = {doubles.data(), fp::Element::f64};
  CHECK(engine.run(table.data(), &in, out, 3, found) == fp::Outcome::ok && next[2] == 9007199254740991);
}

}  // namespace
