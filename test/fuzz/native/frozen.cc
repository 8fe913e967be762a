// A frozen file, whatever it says, opens as a model that says what it is and runs, or is refused.
#include <cstring>
#include <vector>

#include "exact.h"
#include "header.h"
#include "include/forwardpass.h"

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  return mutate_header(data, size, most, seed);
}

static size_t length_of(const char* text) { return text == nullptr ? 0 : std::strlen(text); }

static void ask(const fp_model* model) {
  for (size_t i = 0; i < fp_input_count(model); i++) {
    length_of(fp_input_name(model, i)), length_of(fp_input_dtype(model, i));
    for (size_t axis = 0; axis < fp_input_rank(model, i); axis++) fp_input_axis(model, i, axis);
  }
  for (size_t i = 0; i < fp_class_count(model); i++) length_of(fp_class_name(model, i));
  for (size_t i = 0; i < fp_feature_count(model); i++) length_of(fp_feature_name(model, i));
}

static void run(const fp_model* model) {
  std::vector<std::vector<float>> buffers;
  std::vector<fp_input> inputs;
  std::vector<fp_output> outputs;
  const auto buffer = [&](size_t width) {
    buffers.emplace_back(rows * width, 1.0f);
    return buffers.back().data();
  };
  for (size_t i = 0; i < fp_input_count(model); i++) {
    const size_t width = fp_input_width(model, i);
    inputs.push_back({buffer(width), FP_F32, rows * width});
  }
  for (size_t i = 0; i < fp_output_count(model); i++) {
    const size_t width = fp_output_width(model, i);
    outputs.push_back({buffer(width), FP_F32, rows * width});
  }
  fp_run(model, inputs.data(), inputs.size(), outputs.data(), outputs.size(), rows);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Exact bytes(data, size);
  fp_options options = FP_OPTIONS_INIT;
  options.max_bytes = most_bytes;
  fp_model* model = nullptr;
  if (fp_model_open_bytes(bytes.data(), bytes.size(), &options, &model) != FP_OK) {
    if (length_of(fp_last_error()) == 0) __builtin_trap();
    return 0;
  }
  ask(model);
  run(model);
  fp_model_close(model);
  return 0;
}
