// A plan, whatever its words, is refused or runs within its buffers. The input changes a plan with every opcode: its
// first byte says how many parameters get another length, each by two bytes, and how many numbers in them are others,
// each by three bytes; six bytes are a place and a word for it.
#include <cmath>
#include <cstring>
#include <vector>

#include "engine.h"
#include "every_opcode.h"
#include "exact.h"

// Whoever hands over a plan answers for the element type of its parameters.
constexpr size_t precision_word = 1;

// Small integers, as nodes of trees and sets have them, and a few others.
static float number(uint8_t byte) {
  constexpr float others[] = {0.5f, -0.5f, 65535, 65536, 1e30f, NAN, INFINITY, -INFINITY};
  constexpr uint8_t count = sizeof others / sizeof *others;
  return byte < 256 - count ? float(byte) - 2 : others[byte - (256 - count)];
}

static test::OwnedPlan changed(const uint8_t* data, size_t size) {
  static const test::OwnedPlan whole = test::every_opcode();
  test::OwnedPlan plan = whole;
  size_t at = 0;
  const auto byte = [&]() { return at < size ? data[at++] : uint8_t(0); };
  const uint8_t counts = byte();
  for (int left = counts % 4; left > 0; left--) {
    const size_t parameter = byte() % plan.parameters.size();
    plan.parameters[parameter].resize(byte());
  }
  for (int left = counts / 4; left > 0; left--) {
    std::vector<float>& parameter = plan.parameters[byte() % plan.parameters.size()];
    const size_t place = byte();
    const float value = number(byte());
    if (place < parameter.size()) parameter[place] = value;
  }
  while (at < size) {
    const size_t low = byte(), place = (low | size_t(byte()) << 8) % (plan.words.size() + 8);
    uint32_t word = 0;
    for (int shift = 0; shift < 32; shift += 8) word |= uint32_t(byte()) << shift;
    if (place >= plan.words.size()) plan.words.push_back(int32_t(word));
    if (place != precision_word && place < plan.words.size()) plan.words[place] = int32_t(word);
  }
  return plan;
}

static void run(const fp::Engine& engine) {
  fp::Array<char> table, values;
  if (!table.allocate(engine.table_bytes(1)) || !values.allocate(engine.values_bytes(1))) return;
  engine.prepare(table.data(), values.data(), 1);
  std::vector<std::vector<float>> buffers;
  std::vector<test::PairRows> pairs;
  pairs.reserve(engine.input_widths().size());
  std::vector<fp::Input> inputs;
  std::vector<fp::Output> outputs;
  for (size_t i = 0; i < engine.input_widths().size(); i++) {
    const size_t width = engine.input_widths()[i];
    if (engine.is_ragged(i)) {
      pairs.emplace_back(rows, width);
      inputs.push_back(pairs.back().input());
      continue;
    }
    buffers.emplace_back(rows * width, 1.0f);
    inputs.push_back({buffers.back().data(), fp::Element::f32});
  }
  for (size_t width : engine.output_widths()) {
    buffers.emplace_back(rows * width);
    outputs.push_back({buffers.back().data(), fp::Element::f32});
  }
  fp::RunError error;
  (void)engine.run(table.data(), inputs.data(), outputs.data(), rows, error);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fp::Engine engine;
  fp::PlanError error = {};
  if (changed(data, size).create(engine, error, {most_bytes, most_bytes}) == fp::Engine::Status::ok) run(engine);
  return 0;
}
