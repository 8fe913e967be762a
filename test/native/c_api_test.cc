// The C library, through its header alone: what it says of a model, its results against the engine's, and misuse.
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "engine.h"
#include "faults.h"
#include "forwardpass.h"
#include "frozen_builder.h"
#include "kernels/registry.h"
#include "test.h"

using test::FrozenBuilder;
using test::SmallNet;

namespace {

// Closed at the end.
struct Model {
  fp_model* handle = nullptr;
  fp_status status;

  explicit Model(const std::string& bytes, const fp_options* options = nullptr) {
    const std::vector<char> exact(bytes.begin(), bytes.end());
    status = fp_model_open_bytes(exact.data(), exact.size(), options, &handle);
    CHECK((status == FP_OK) == (handle != nullptr));
  }
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  ~Model() { fp_model_close(handle); }
};

#define CHECK_FAILS(call, wanted, part)                                                      \
  do {                                                                                       \
    const fp_status found = (call);                                                          \
    CHECK_THAT(found == (wanted), "%s: %s", fp_status_name(found), fp_last_error());         \
    CHECK_THAT(std::strstr(fp_last_error(), part) != nullptr, "found: %s", fp_last_error()); \
  } while (false)

// The buffers of a run of SmallNet.
struct Call {
  size_t rows;
  std::vector<float> x, y, e;
  std::vector<int64_t> ids;
  fp_input inputs[2];
  fp_output outputs[2];

  explicit Call(size_t rows_, uint64_t seed = 1) : rows(rows_), y(rows * 3, -7), e(rows * 2, -7), ids(rows) {
    test::Random random(seed);
    x = random.uniforms<float>(rows * 4);
    for (int64_t& id : ids) id = random.below(5);
    inputs[0] = {x.data(), FP_F32, x.size()};
    inputs[1] = {ids.data(), FP_I64, ids.size()};
    outputs[0] = {y.data(), FP_F32, y.size()};
    outputs[1] = {e.data(), FP_F32, e.size()};
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  fp_status run(const Model& model) { return fp_run(model.handle, inputs, 2, outputs, 2, rows); }
};

// What the engine makes of the same.
void run_engine(Call& call) {
  const SmallNet net;
  const fp::Parameter parameters[] = {{net.weights.data(), net.weights.size()},
                                      {net.bias.data(), net.bias.size()},
                                      {net.table.data(), net.table.size()}};
  fp::Engine engine;
  fp::PlanError error = {};
  CHECK(engine.create({net.words.data(), net.words.size(), parameters, 3}, *fp::best_instruction_set(), error) ==
        fp::Engine::Status::ok);
  fp::Array<char> table, values;
  CHECK(table.allocate(engine.table_bytes(1)) && values.allocate(engine.values_bytes(1)));
  engine.prepare(table.data(), values.data(), 1);
  const fp::Input inputs[] = {{call.x.data(), fp::Element::f32}, {call.ids.data(), fp::Element::i64}};
  const fp::Output outputs[] = {{call.y.data(), fp::Element::f32}, {call.e.data(), fp::Element::f32}};
  fp::RunError where;
  CHECK(engine.run(table.data(), inputs, outputs, call.rows, where) == fp::Outcome::ok);
}

TEST("what decides labels opens from the same bytes, where it is not the outputs") {
  const FrozenBuilder good = SmallNet().frozen();
  std::string bytes = good.bytes();
  fp_model* decider = reinterpret_cast<fp_model*>(&bytes);
  CHECK(fp_decider_open_bytes(bytes.data(), bytes.size(), nullptr, &decider) == FP_OK && decider == nullptr);
  std::string header = good.header();
  const std::string key = "forwardpass.plan";
  bytes = test::container(header.replace(header.find(key), key.size(), "forwardpass.decider"), good.data);
  CHECK(fp_decider_open_bytes(bytes.data(), bytes.size(), nullptr, &decider) == FP_OK && decider != nullptr);
  CHECK(fp_input_count(decider) > 0 && fp_output_count(decider) > 0);
  fp_model_close(decider);
  CHECK_FAILS(fp_decider_open_bytes(nullptr, 9, nullptr, &decider), FP_ERROR_ARGUMENT, "bytes");
  CHECK_FAILS(fp_decider_open_bytes("", 0, nullptr, nullptr), FP_ERROR_ARGUMENT, "model");
  CHECK_FAILS(fp_decider_open_bytes("", 0, nullptr, &decider), FP_ERROR_TRUNCATED, "found 0 bytes");
}

TEST("the C library says what a model is") {
  CHECK(fp_abi_version() == FP_ABI_VERSION && std::strlen(fp_version()) >= 5);
  const Model model(SmallNet().frozen().bytes());
  const fp_model* const m = model.handle;
  CHECK(fp_input_count(m) == 2 && fp_output_count(m) == 2);
  CHECK(std::strcmp(fp_input_name(m, 0), "x") == 0 && std::strcmp(fp_input_dtype(m, 0), "f32") == 0);
  CHECK(fp_input_width(m, 0) == 4 && fp_input_rank(m, 0) == 2 && fp_input_axis(m, 0, 1) == 2);
  CHECK(!fp_input_is_integer(m, 0) && fp_input_is_integer(m, 1) && fp_input_axis(m, 1, 0) == 1);
  CHECK(std::strcmp(fp_output_name(m, 1), "e") == 0 && fp_output_width(m, 1) == 2 && fp_output_rank(m, 1) == 1);
  CHECK(fp_output_axis(m, 0, 0) == 3 && std::strcmp(fp_output_dtype(m, 0), "f32") == 0);
  CHECK(!fp_output_is_integer(m, 0) && !fp_output_is_integer(m, 1));
  CHECK(fp_model_precision(m) == FP_F32 && fp_model_parameter_count(m) == 25);
  CHECK(std::strcmp(fp_model_isa(m), fp::best_instruction_set()->name) == 0);
  CHECK(fp_class_count(m) == 3 && std::strcmp(fp_class_name(m, 0), "no") == 0 && !fp_class_is_number(m, 0));
  CHECK(std::strcmp(fp_class_name(m, 1), "1.5") == 0 && fp_class_is_number(m, 1));
  CHECK(std::strcmp(fp_class_name(m, 2), "\xc3\xa9\xf0\x9f\x98\x80") == 0);
  CHECK(fp_feature_count(m) == 4 && std::strcmp(fp_feature_name(m, 3), "d") == 0);
}

TEST("the C library answers questions about nothing") {
  const Model model(SmallNet().frozen().bytes());
  const fp_model* const handles[] = {nullptr, model.handle};
  for (const fp_model* m : handles) {
    CHECK(fp_input_name(m, 9) == nullptr && fp_output_name(m, 9) == nullptr);
    CHECK(fp_input_dtype(m, 9) == nullptr && fp_output_dtype(m, 9) == nullptr);
    CHECK(fp_input_width(m, 9) == 0 && fp_output_width(m, 9) == 0);
    CHECK(fp_input_rank(m, 9) == 0 && fp_output_rank(m, 9) == 0);
    CHECK(fp_input_axis(m, 9, 0) == 0 && fp_output_axis(m, 0, 9) == 0);
    CHECK(!fp_input_is_integer(m, 9) && !fp_output_is_integer(m, 9));
    CHECK(fp_class_name(m, 9) == nullptr && !fp_class_is_number(m, 9) && fp_feature_name(m, 9) == nullptr);
  }
  CHECK(fp_input_count(nullptr) == 0 && fp_output_count(nullptr) == 0 && fp_model_isa(nullptr) == nullptr);
  CHECK(fp_class_count(nullptr) == 0 && fp_feature_count(nullptr) == 0 && fp_model_parameter_count(nullptr) == 0);
  CHECK(fp_model_precision(nullptr) == 0);
  fp_model_close(nullptr);
  fp_model_retain(nullptr);
  CHECK(std::strcmp(fp_status_name(fp_status(99)), "unknown") == 0);
  CHECK(std::strcmp(fp_status_name(FP_ERROR_NOT_FINITE), "FP_ERROR_NOT_FINITE") == 0);
}

TEST("the C library gives the engine's bits") {
  const Model model(SmallNet().frozen().bytes());
  for (size_t rows : {0, 1, 2, 100, 1000}) {
    Call call(rows), wanted(rows);
    CHECK_THAT(call.run(model) == FP_OK, "%s", fp_last_error());
    run_engine(wanted);
    CHECK(call.y == wanted.y && call.e == wanted.e);
  }
}

TEST("the C library takes and gives other types") {
  const Model model(SmallNet().frozen().bytes());
  Call call(5), wanted(5);
  run_engine(wanted);
  const std::vector<double> x(call.x.begin(), call.x.end());
  const std::vector<int32_t> ids(call.ids.begin(), call.ids.end());
  std::vector<double> y(15);
  call.inputs[0] = {x.data(), FP_F64, x.size()};
  call.inputs[1] = {ids.data(), FP_I32, ids.size()};
  call.outputs[0] = {y.data(), FP_F64, y.size()};
  CHECK_THAT(call.run(model) == FP_OK, "%s", fp_last_error());
  CHECK(std::vector<float>(y.begin(), y.end()) == wanted.y && call.e == wanted.e);
  const std::vector<float> float_ids(call.ids.begin(), call.ids.end());
  call.inputs[1] = {float_ids.data(), FP_F32, float_ids.size()};
  call.e.assign(10, 0);
  CHECK(call.run(model) == FP_OK && call.e == wanted.e);
}

TEST("a model lives until its last holder closes it, and its bytes may go before") {
  fp_model* handle = nullptr;
  {
    const std::string bytes = SmallNet().frozen().bytes();
    CHECK(fp_model_open_bytes(bytes.data(), bytes.size(), nullptr, &handle) == FP_OK);
  }
  fp_model_retain(handle);
  fp_model_close(handle);
  CHECK(std::strcmp(fp_class_name(handle, 0), "no") == 0);
  fp_model_close(handle);
}

TEST("a model opens from a file, and says why it does not") {
  const char* const path = "c_api_test.safetensors";
  const std::string bytes = SmallNet().frozen().bytes();
  std::FILE* const file = std::fopen(path, "wb");
  CHECK(file != nullptr && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size());
  if (file != nullptr) std::fclose(file);
  fp_model* model = nullptr;
  CHECK_THAT(fp_model_open(path, nullptr, &model) == FP_OK, "%s", fp_last_error());
  std::remove(path);
  CHECK(fp_input_width(model, 0) == 4);
  fp_model_close(model);
  CHECK_FAILS(fp_model_open(path, nullptr, &model), FP_ERROR_FILE, path);
  CHECK(model == nullptr);
  CHECK_FAILS(fp_model_open(".", nullptr, &model), FP_ERROR_FILE, "not a regular file");
  CHECK_FAILS(fp_model_open(std::string(9000, 'a').c_str(), nullptr, &model), FP_ERROR_FILE, "aaa");
  CHECK_FAILS(fp_model_open(nullptr, nullptr, &model), FP_ERROR_ARGUMENT, "path");
  CHECK_FAILS(fp_model_open(path, nullptr, nullptr), FP_ERROR_ARGUMENT, "model");
  CHECK_FAILS(fp_model_open_bytes(nullptr, 9, nullptr, &model), FP_ERROR_ARGUMENT, "bytes");
  CHECK_FAILS(fp_model_open_bytes("", 0, nullptr, nullptr), FP_ERROR_ARGUMENT, "model");
  CHECK_FAILS(fp_model_open_bytes("", 0, nullptr, &model), FP_ERROR_TRUNCATED, "found 0 bytes");
}

TEST("every kind of bad file has its status") {
  const auto fails = [](const std::string& bytes, fp_status status, const char* part) {
    CHECK_FAILS(Model(bytes).status, status, part);
  };
  const auto plan_fails = [&](const std::string& from, const std::string& to, fp_status status, const char* part) {
    FrozenBuilder builder = SmallNet().frozen();
    const size_t at = builder.plan.find(from);
    CHECK(at != std::string::npos);
    if (at != std::string::npos)
      fails(builder.plan.replace(at, from.size(), to).empty() ? "" : builder.bytes(), status, part);
  };
  fails(test::container("{}", ""), FP_ERROR_NOT_FROZEN, "freeze");
  fails(test::container("{]", ""), FP_ERROR_MALFORMED, "at byte 1");
  fails(test::container("{\"a\":{\"dtype\":\"F4\"}}", ""), FP_ERROR_UNSUPPORTED, "F4");
  plan_fails("\"version\":" + std::to_string(fp::plan_version), "\"version\":2", FP_ERROR_VERSION, "found 2");
  SmallNet lying;
  lying.words[20] = 5;  // outputs of the layer
  fails(lying.frozen().bytes(), FP_ERROR_MALFORMED, "plan: ");
  plan_fails("\"inputs\":[", "\"inputs\":[{},", FP_ERROR_MALFORMED, "inputs: expected a list of 2");
  plan_fails("\"inputs\":[", "\"inputs\":1,\"z\":[", FP_ERROR_MALFORMED, "inputs: expected a list of 2");
  plan_fails("\"name\":\"x\"", "\"name\":1", FP_ERROR_MALFORMED, "inputs[0]: expected a name");
  plan_fails("\"name\":\"x\"", "\"name\":\"x\\u0000\"", FP_ERROR_MALFORMED, "inputs[0]: expected a name");
  plan_fails("\"dtype\":\"i64\"", "\"dtype\":null", FP_ERROR_MALFORMED, "inputs[1]: expected a name");
  plan_fails("[2,2]", "[2,3]", FP_ERROR_MALFORMED, "inputs[0]: expected a shape of 4");
  plan_fails("[2,2]", "[0,2]", FP_ERROR_MALFORMED, "inputs[0]: expected a shape of 4");
  plan_fails("[2,2]", "[9007199254740991,9007199254740991]", FP_ERROR_MALFORMED, "inputs[0]: expected a shape of 4");
  plan_fails("[2,2]", "[2.5]", FP_ERROR_MALFORMED, "inputs[0]: expected a shape of 4");
  plan_fails("\"integers\":true", "\"integers\":1", FP_ERROR_MALFORMED, "inputs[1]: expected a name");
  plan_fails("\"no\"", "{}", FP_ERROR_MALFORMED, "classes[0]: expected text or a number");
  plan_fails("\"classes\":[", "\"classes\":true,\"z\":[", FP_ERROR_MALFORMED, "classes: expected a list");
  plan_fails("\"c\",", "3,", FP_ERROR_MALFORMED, "featureNames[2]: expected text");
  plan_fails("\"parameterCount\":25", "\"parameterCount\":-1", FP_ERROR_MALFORMED, "parameterCount");
}

TEST("options that do not serve are refused") {
  const auto fails = [](const fp_options& options, fp_status status, const char* part) {
    CHECK_FAILS(Model(SmallNet().frozen().bytes(), &options).status, status, part);
  };
  fp_options options = FP_OPTIONS_INIT;
  CHECK(Model(SmallNet().frozen().bytes(), &options).status == FP_OK);
  options.isa = "scalar";
  options.threads = 4;
  const Model scalar(SmallNet().frozen().bytes(), &options);
  CHECK(scalar.status == FP_OK && std::strcmp(fp_model_isa(scalar.handle), "scalar") == 0);
  options.isa = "mmx";
  fails(options, FP_ERROR_ISA, "\"mmx\"");
  options = FP_OPTIONS_INIT;
  options.threads = 257;
  fails(options, FP_ERROR_ARGUMENT, "at most 256 threads, found 257");
  options = FP_OPTIONS_INIT;
  options.size = 4;
  fails(options, FP_ERROR_ARGUMENT, "size");
  struct Later {
    fp_options options = FP_OPTIONS_INIT;
    uint64_t more = 0;
  } later;
  later.options.size = sizeof later;
  CHECK(Model(SmallNet().frozen().bytes(), &later.options).status == FP_OK);
  later.more = 1;
  fails(later.options, FP_ERROR_ARGUMENT, "of a later version");
}

// A plan of f32 from x to y, both `width` wide, over the parameters "w" [n, n] and "e" [1].
std::string wide(int32_t width, int32_t values, const std::vector<int32_t>& instructions, int32_t count, size_t n) {
  SmallNet net;
  net.words = {fp::plan_version, 0, values, 1, 1, count};
  net.words.insert(net.words.end(), size_t(values), width);
  net.words.insert(net.words.end(), {0, values - 1});
  net.words.insert(net.words.end(), instructions.begin(), instructions.end());
  net.parameters = R"([{"tensor":"w"},{"tensor":"e"}])";
  const std::string shape = "\"shape\":[" + std::to_string(width) + "]";
  net.inputs = R"([{"name":"x","dtype":"f32",)" + shape + "}]";
  net.outputs = R"([{"name":"y","dtype":"f32",)" + shape + "}]";
  FrozenBuilder builder;
  builder.tensor("words", "I32", "[" + std::to_string(net.words.size()) + "]", net.words)
      .tensor("w", "F32", "[" + std::to_string(n) + "," + std::to_string(n) + "]", std::vector<float>(n * n))
      .tensor("e", "F32", "[1]", std::vector<float>{1e-5f});
  builder.plan = net.plan();
  return builder.bytes();
}

TEST("a small file of a model that would take much memory is refused") {
  const auto refused = [](const std::string& bytes) { CHECK_FAILS(Model(bytes).status, FP_ERROR_LIMIT, "max_bytes"); };
  constexpr int32_t huge = INT32_MAX;
  refused(wide(huge, 2, {7, 10, 1, 0, 1, huge, 0, 1, -1, -1}, 1, 1));  // a norm whose scale and shift are left out
  refused(wide(huge, 2, {2, 6, 1, 0, 0, -1}, 1, 1));                   // a function of a row of 8 GB
}

TEST("layers may share weights, which are packed once, and the caller may allow more memory or less") {
  std::vector<int32_t> layers;
  for (int32_t i = 0; i < 1100; i++) layers.insert(layers.end(), {1, 12, i + 1, i, 1, 64, 64, 0, 0, -1, -1, 0});
  const std::string bytes = wide(64, 1101, layers, 1100, 64);
  CHECK(Model(bytes).status == FP_OK);
  fp_options options = FP_OPTIONS_INIT;
  options.max_bytes = 16 << 10;
  CHECK_FAILS(Model(bytes, &options).status, FP_ERROR_LIMIT, "more than 16384 bytes");
  for (const uint64_t most : {uint64_t(64) << 10, UINT64_MAX}) {
    options.max_bytes = most;
    CHECK_THAT(Model(bytes, &options).status == FP_OK, "%s", fp_last_error());
  }
}

TEST("buffers that do not serve are refused, and outputs left as they were") {
  const Model model(SmallNet().frozen().bytes());
  const auto fails = [&](auto change, const char* part) {
    Call call(3);
    change(call);
    CHECK_FAILS(call.run(model), FP_ERROR_BUFFER, part);
    for (float value : call.y) CHECK(value == -7);
    for (float value : call.e) CHECK(value == -7);
  };
  fails([](Call& c) { c.inputs[0].data = nullptr; }, "input \"x\": expected 12 elements, found a null pointer");
  fails([](Call& c) { c.outputs[1].data = nullptr; }, "output \"e\": expected 6 elements, found a null pointer");
  fails([](Call& c) { c.inputs[0].type = fp_type(0); }, "input \"x\": expected a type of fp_type, found 0");
  fails([](Call& c) { std::memset(&c.outputs[0].type, 0xff, sizeof(fp_type)); }, "a type of fp_type, found -1");
  fails([](Call& c) { c.inputs[0].type = FP_I32; }, "input \"x\": expected FP_F32 or FP_F64");
  fails([](Call& c) { c.outputs[0].type = FP_I64; }, "output \"y\": expected FP_F32 or FP_F64");
  fails([](Call& c) { c.inputs[0].elements = 11; }, "input \"x\": expected 3 rows of 4 elements, found 11");
  fails([](Call& c) { c.outputs[0].elements = 10; }, "output \"y\": expected 3 rows of 3 elements, found 10");
  fails([](Call& c) { c.rows = SIZE_MAX / 2; }, "input \"x\": expected");
  fails(
      [](Call& c) {
        c.rows = SIZE_MAX / 8;
        c.inputs[0].elements = c.rows * 4;
      },
      "input \"x\": more elements than memory holds");
  fails([](Call& c) { c.inputs[0].data = reinterpret_cast<const char*>(c.x.data()) + 1; }, "a multiple of 4");
  fails([](Call& c) { c.outputs[0].data = c.x.data() + 11; }, "output \"y\": overlaps the memory of input \"x\"");
  fails([](Call& c) { c.outputs[0].data = c.ids.data(); }, "output \"y\": overlaps the memory of input \"id\"");
  fails([](Call& c) { c.outputs[1].data = c.y.data() + 8; }, "output \"e\": overlaps the memory of output \"y\"");
}

// Rows of pairs of 4 ids → a bag of width 1.
std::string pairs_file() {
  SmallNet net;
  net.words = {fp::plan_version, 0, 2, 1, 1, 1, 4, 1, fp::ragged_port, 1, 26, 7, 1, 0, 0, -1, 0};
  net.parameters = R"([{"tensor":"w"}])";
  net.inputs = R"([{"name":"text","shape":[4],"dtype":"f32","integers":false}])";
  net.outputs = R"([{"name":"y","shape":[1],"dtype":"f32"}])";
  FrozenBuilder builder;
  builder.tensor("words", "I32", "[17]", net.words).tensor("w", "F32", "[4,1]", std::vector<float>{1, 2, 3, 4});
  builder.plan = net.plan();
  return builder.bytes();
}

TEST("ragged rows are run, and refused where they do not fit") {
  const Model model(pairs_file());
  CHECK_THAT(model.status == FP_OK, "%s", fp_last_error());
  CHECK(fp_input_is_ragged(model.handle, 0) == 1 && fp_input_is_ragged(model.handle, 1) == 0);
  CHECK(fp_input_width(model.handle, 0) == 4);
  float y[2] = {};
  int64_t ids[] = {0, 3, 3};
  double weights[] = {1, 0.5, 2};
  int32_t offsets[] = {0, 1, 3};
  fp_ragged pairs = {ids, FP_I64, weights, FP_F64, offsets};
  fp_input in = {&pairs, FP_RAGGED, 3};
  fp_output out = {y, FP_F32, 2};
  const auto run = [&] { return fp_run(model.handle, &in, 1, &out, 1, 2); };
  CHECK(run() == FP_OK && y[0] == 1 && y[1] == 10);
  pairs.weights = nullptr;
  CHECK(run() == FP_OK && y[0] == 1 && y[1] == 8);
  ids[2] = 4;
  CHECK_FAILS(run(), FP_ERROR_ID, "input \"text\", row 1: expected ids from 0 to 3, found 4 in its pair 1");
  ids[2] = 0;
  offsets[1] = 4;
  CHECK_FAILS(run(), FP_ERROR_BUFFER, "expected from 0 to 3 as offset 1, found 4");
  offsets[1] = 1;
  in.elements = 4;
  CHECK_FAILS(run(), FP_ERROR_BUFFER, "expected from 4 to 4 as offset 2, found 3");
  in.elements = 3;
  out.data = ids + 1;
  CHECK_FAILS(run(), FP_ERROR_BUFFER, "output \"y\": overlaps the memory of input \"text\"");
  out.data = y;
  pairs.id_type = FP_F32;
  CHECK_FAILS(run(), FP_ERROR_BUFFER, "expected ids FP_I32 or FP_I64");
  pairs.id_type = FP_I64;
  pairs.offsets = nullptr;
  CHECK_FAILS(run(), FP_ERROR_BUFFER, "found a null pointer");
  pairs.offsets = offsets;
  in.type = FP_F32;
  CHECK_FAILS(run(), FP_ERROR_BUFFER, "expected an fp_ragged");
  in = {nullptr, FP_RAGGED, 3};
  CHECK_FAILS(run(), FP_ERROR_BUFFER, "expected an fp_ragged");
}

TEST("calls that do not fit the model are refused") {
  const Model model(SmallNet().frozen().bytes());
  Call c(1);
  CHECK_FAILS(fp_run(nullptr, c.inputs, 2, c.outputs, 2, 1), FP_ERROR_ARGUMENT, "model");
  CHECK_FAILS(fp_run(model.handle, c.inputs, 1, c.outputs, 2, 1), FP_ERROR_ARGUMENT, "expected 2 inputs and 2 outputs");
  CHECK_FAILS(fp_run(model.handle, c.inputs, 2, c.outputs, 3, 1), FP_ERROR_ARGUMENT, "found 2 and 3");
  CHECK_FAILS(fp_run(model.handle, nullptr, 2, c.outputs, 2, 1), FP_ERROR_ARGUMENT, "inputs: expected a list");
  CHECK_FAILS(fp_run(model.handle, c.inputs, 2, nullptr, 2, 1), FP_ERROR_ARGUMENT, "outputs: expected a list");
  Call nothing(0);
  for (fp_input& input : nothing.inputs) input.data = nullptr;
  for (fp_output& output : nothing.outputs) output.data = nullptr;
  CHECK(nothing.run(model) == FP_OK);
}

TEST("ids out of range are refused with their row") {
  const Model model(SmallNet().frozen().bytes());
  Call call(3);
  call.ids[2] = 5;
  CHECK_FAILS(call.run(model), FP_ERROR_ID, "row 2: expected ids from 0 to 4, found 5");
  const float ids[] = {0, 1.5f, std::numeric_limits<float>::quiet_NaN()};
  call.inputs[1] = {ids, FP_F32, 3};
  CHECK_FAILS(call.run(model), FP_ERROR_ID, "row 1: expected ids from 0 to 4, found 1.5");
}

TEST("numbers that are not finite are refused where the model says so") {
  SmallNet net;
  net.words[5] = 3;  // instructions
  const std::vector<int32_t> require = {15, 4, 0, 0};
  net.words.insert(net.words.begin() + 14, require.begin(), require.end());
  const Model model(net.frozen().bytes());
  CHECK_THAT(model.status == FP_OK, "%s", fp_last_error());
  Call call(2);
  CHECK(call.run(model) == FP_OK);
  call.x[6] = INFINITY;
  CHECK_FAILS(call.run(model), FP_ERROR_NOT_FINITE, "row 1: expected finite numbers, found inf in element 2");
}

TEST("a model opens whichever allocation fails, or says that there is no memory") {
  const std::string bytes = SmallNet().frozen().bytes();
  Call call(3), wanted(3);
  run_engine(wanted);
  int refused = 0;
  for (long at = 1; at < 1000; at++) {
    fp_model* model = nullptr;
    faults::fail_at(at);
    const fp_status status = fp_model_open_bytes(bytes.data(), bytes.size(), nullptr, &model);
    const bool failed = faults::failed();
    faults::fail_at(0);
    CHECK(status == (failed ? FP_ERROR_MEMORY : FP_OK) && (model == nullptr) == failed);
    if (model != nullptr) {
      CHECK(fp_run(model, call.inputs, 2, call.outputs, 2, 3) == FP_OK && call.y == wanted.y);
      fp_model_close(model);
    }
    if (!failed) break;
    refused++;
    CHECK(std::strstr(fp_last_error(), "no memory") != nullptr);
  }
#ifdef FORWARDPASS_WRAPS
  CHECK_THAT(refused > 10 && refused < 900, "%d refused", refused);
#endif
}

TEST("the last error is the thread's own") {
  fp_model* model = nullptr;
  CHECK(fp_model_open("here", nullptr, &model) == FP_ERROR_FILE);
  std::string before, after;
  std::thread other([&] {
    before = fp_last_error();
    fp_model* none = nullptr;
    if (fp_model_open("there", nullptr, &none) != FP_OK) after = fp_last_error();
  });
  other.join();
  CHECK(before.empty() && after.find("there") == 0);
  CHECK(std::strstr(fp_last_error(), "here") == fp_last_error());
}

TEST("many threads run one model at once") {
  fp_options options = FP_OPTIONS_INIT;
  options.threads = 2;
  for (const fp_options* given : {static_cast<const fp_options*>(nullptr), static_cast<const fp_options*>(&options)}) {
    const Model model(SmallNet().frozen().bytes(), given);
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (uint64_t seed = 0; seed < 80; seed++) {  // more than there are places for what a run works in
      threads.emplace_back([&model, &wrong, seed] {
        Call wanted(17, seed);
        run_engine(wanted);
        for (int round = 0; round < 50; round++) {
          Call call(17, seed);
          if (round % 10 == 9) call.ids[3] = -1;
          const fp_status status = call.run(model);
          if (round % 10 == 9 ? status != FP_ERROR_ID || std::strstr(fp_last_error(), "row 3") == nullptr
                              : status != FP_OK || call.y != wanted.y || call.e != wanted.e) {
            wrong++;
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
  }
}

TEST("a frozen file changed at random opens or says why, and runs") {
  const std::string bytes = SmallNet().frozen().bytes();
  const size_t header = bytes.size() - SmallNet().frozen().data.size();
  test::Random random(23);
  int opened = 0, refused = 0;
  for (int round = 0; round < 6000; round++) {
    std::string changed = bytes;
    // Half of them in the header and the words, where there is more to break.
    const size_t range = round % 2 ? bytes.size() : header + 136;
    for (int i = random.below(3); i >= 0; i--) {
      const size_t at = size_t(random.below(int(range)));
      switch (random.below(4)) {
        case 0:
          changed[at] = char(random.next());
          break;
        case 1:
          changed[at] = char(changed[at] ^ (1 << random.below(8)));
          break;
        case 2:
          changed[at] = "0123456789\"{}[],:-ef\\"[random.below(21)];
          break;
        default:
          changed[at] = changed[size_t(random.below(int(range)))];
      }
    }
    const Model model(changed);
    if (model.status != FP_OK) {
      refused++;
      CHECK(fp_last_error()[0] != 0 && model.status != FP_ERROR_ARGUMENT && model.status != FP_ERROR_BUFFER);
      continue;
    }
    opened++;
    std::vector<std::vector<double>> values;
    std::vector<fp_input> inputs;
    std::vector<fp_output> outputs;
    for (size_t i = 0; i < fp_input_count(model.handle); i++) {
      values.emplace_back(fp_input_width(model.handle, i) * 2, 1.0);
      inputs.push_back({values.back().data(), FP_F64, values.back().size()});
    }
    for (size_t i = 0; i < fp_output_count(model.handle); i++) {
      values.emplace_back(fp_output_width(model.handle, i) * 2);
      outputs.push_back({values.back().data(), FP_F64, values.back().size()});
    }
    const fp_status status = fp_run(model.handle, inputs.data(), inputs.size(), outputs.data(), outputs.size(), 2);
    CHECK(status == FP_OK || status == FP_ERROR_ID || status == FP_ERROR_NOT_FINITE);
  }
  CHECK_THAT(opened > 100 && refused > 1000, "%d opened, %d refused", opened, refused);
}

}  // namespace
