// The C library: the only file that implements include/forwardpass.h, which documents each function.
//
// A run takes its working memory from the model and puts it back, so fp_run() needs no object per thread that callers
// would have to keep, and it allocates nothing once there is one for every thread.

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "arena.h"
#include "description.h"
#include "engine.h"
#include "file_bytes.h"
#include "frozen_file.h"
#include "include/forwardpass.h"
#include "kernels/registry.h"
#include "scratches.h"

#ifndef FP_VERSION
#error "FP_VERSION is the version of the package, in quotes"
#endif

struct fp_model {
  fp::Engine engine;
  fp::Description description;
  size_t threads = 1;
  fp::Pool* pool = nullptr;  // null for one thread
  mutable fp::Scratches scratches;
  std::atomic<size_t> holders{1};

  ~fp_model() {
    if (pool != nullptr) pool->release();
  }
};

namespace {

// ---------------------------------------------------------------------------------------------------------------
// Errors

thread_local char last_error[sizeof(fp::FileFault::text)];

#ifdef __GNUC__
__attribute__((format(printf, 2, 3)))
#endif
fp_status
fail(fp_status status, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(last_error, sizeof last_error, format, arguments);
  va_end(arguments);
  return status;
}

fp_status fail(const fp::FileFault& fault) {
  fp_status status = FP_ERROR_MALFORMED;
  switch (fault.kind) {
    case fp::FileFault::Kind::malformed:
      break;
    case fp::FileFault::Kind::truncated:
      status = FP_ERROR_TRUNCATED;
      break;
    case fp::FileFault::Kind::not_frozen:
      status = FP_ERROR_NOT_FROZEN;
      break;
    case fp::FileFault::Kind::version:
      status = FP_ERROR_VERSION;
      break;
    case fp::FileFault::Kind::unsupported:
      status = FP_ERROR_UNSUPPORTED;
      break;
    case fp::FileFault::Kind::out_of_memory:
      status = FP_ERROR_MEMORY;
      break;
  }
  return fail(status, "%s", fault.text);
}

// The number of an enumeration from C, which may be any number: loading one that is not an enumerator is undefined in
// C++.
template <typename Enumeration>
int number_of(const Enumeration& from) {
  static_assert(sizeof from == sizeof(int), "as in C");
  int number;
  std::memcpy(&number, &from, sizeof number);
  return number;
}

fp_status no_memory() { return fail(FP_ERROR_MEMORY, "no memory for the model"); }

// ---------------------------------------------------------------------------------------------------------------
// Opening

struct Options {
  const fp::InstructionSet* set;
  size_t threads;
  uint64_t max_bytes;  // 0 for a limit that depends on the file's size
};

// Enough for a file whose layers share their weights, and for weights that are wider in memory than in the file.
size_t most_bytes(const Options& options, size_t file_bytes) {
  constexpr uint64_t at_least = uint64_t(256) << 20, times = 16;
  const uint64_t most = options.max_bytes > 0 ? options.max_bytes : at_least + times * file_bytes;
  return most < fp::Engine::any_bytes ? size_t(most) : fp::Engine::any_bytes;
}

fp_status read_options(const fp_options* from, Options& options) {
  constexpr size_t most_size = 4096;
  options = {fp::best_instruction_set(), 1, 0};
  if (from == nullptr) return FP_OK;
  if (from->size < sizeof(fp_options) || from->size > most_size) {
    return fail(FP_ERROR_ARGUMENT, "options: expected size to be sizeof(fp_options), %zu, found %zu",
                sizeof(fp_options), from->size);
  }
  const char* const bytes = reinterpret_cast<const char*>(from);
  for (size_t i = sizeof(fp_options); i < from->size; i++) {
    if (bytes[i] != 0) return fail(FP_ERROR_ARGUMENT, "options: byte %zu is of a later version of the library", i);
  }
  if (from->threads > fp::Pool::most_threads) {
    return fail(FP_ERROR_ARGUMENT, "options: expected at most %zu threads, found %lu", fp::Pool::most_threads,
                (unsigned long)from->threads);
  }
  if (from->threads > 1) options.threads = from->threads;
  options.max_bytes = from->max_bytes;
  if (from->isa == nullptr) return FP_OK;
  options.set = fp::find_instruction_set(from->isa);
  if (options.set != nullptr) return FP_OK;
  return fail(FP_ERROR_ISA, "options: the instruction set \"%.40s\" is not available here; the best is \"%s\"",
              from->isa, fp::best_instruction_set()->name);
}

fp::Scratch* make_scratch(const fp_model& model) {
  const fp::Engine& engine = model.engine;
  fp::Scratch* const scratch = fp::make<fp::Scratch>();
  if (scratch == nullptr || !scratch->table.allocate(engine.table_bytes(model.threads)) ||
      !scratch->values.allocate(engine.values_bytes(model.threads)) ||
      !scratch->inputs.allocate(engine.input_widths().size()) ||
      !scratch->outputs.allocate(engine.output_widths().size())) {
    fp::destroy(scratch);
    return nullptr;
  }
  engine.prepare(scratch->table.data(), scratch->values.data(), model.threads);
  return scratch;
}

// `found` tells whether the file has this part.
fp_status fill(fp_model& model, const void* bytes, size_t size, fp::FrozenFile::Part part, const Options& options,
               bool& found) {
  fp::FileFault fault;
  fp::FrozenFile file;
  if (!file.open(bytes, size, fault, part)) return fail(fault);
  found = file.found();
  if (!found) return FP_OK;
  fp::PlanError error = {};
  const size_t most = most_bytes(options, size);
  const fp::Engine::Status status = model.engine.create(file.plan(), *options.set, error, {most, most});
  if (status == fp::Engine::Status::out_of_memory) return no_memory();
  if (status == fp::Engine::Status::too_large || status == fp::Engine::Status::row_too_large) {
    return fail(
        FP_ERROR_LIMIT,
        "plan: its weights, or the values of one row, take more than %zu bytes; options.max_bytes may allow more",
        most);
  }
  if (status == fp::Engine::Status::invalid_plan) {
    return fail(FP_ERROR_MALFORMED, "plan: %s, at word %zu", error.reason, error.word);
  }
  if (!model.description.read(file.description(), model.engine.input_widths(), model.engine.output_widths(), fault)) {
    return fail(fault);
  }
  if (options.threads > 1) model.pool = fp::Pool::create();
  if (model.pool != nullptr) model.threads = options.threads;
  fp::Scratch* const scratch = make_scratch(model);  // for the first run
  if (scratch == nullptr) return no_memory();
  model.scratches.put(0, scratch);
  return FP_OK;
}

// ---------------------------------------------------------------------------------------------------------------
// Running

// The slot where this thread looks for a scratch first; different threads usually start at different slots.
size_t first_slot() { return size_t((uint64_t(reinterpret_cast<uintptr_t>(last_error)) * 0x9e3779b97f4a7c15u) >> 58); }

struct Range {
  uintptr_t begin, end;
};

size_t bytes_of(int type) { return type == FP_F64 || type == FP_I64 ? 8 : 4; }

Range range_of(const void* data, int type, size_t elements) {
  const uintptr_t begin = reinterpret_cast<uintptr_t>(data);
  return {begin, begin + elements * bytes_of(type)};
}

// Checks that there is an address and that it is a multiple of the element size.
fp_status check_address(const char* kind, const fp::PortDescription& port, const void* data, size_t bytes,
                        size_t elements) {
  if (elements > (UINTPTR_MAX - reinterpret_cast<uintptr_t>(data)) / bytes) {
    return fail(FP_ERROR_BUFFER, "%s \"%s\": more elements than memory holds", kind, port.name);
  }
  if (data == nullptr && elements > 0) {
    return fail(FP_ERROR_BUFFER, "%s \"%s\": expected %zu elements, found a null pointer", kind, port.name, elements);
  }
  if (reinterpret_cast<uintptr_t>(data) % bytes != 0) {
    return fail(FP_ERROR_BUFFER, "%s \"%s\": expected an address that is a multiple of %zu", kind, port.name, bytes);
  }
  return FP_OK;
}

// Checks a buffer; `kind` is "input" or "output".
fp_status look_at(const char* kind, const fp::PortDescription& port, const void* data, int type, size_t elements,
                  size_t rows, fp::Element& element, Range& range) {
  switch (type) {
    case FP_F32:
      element = fp::Element::f32;
      break;
    case FP_F64:
      element = fp::Element::f64;
      break;
    case FP_I32:
      element = fp::Element::i32;
      break;
    case FP_I64:
      element = fp::Element::i64;
      break;
    default:
      return fail(FP_ERROR_BUFFER, "%s \"%s\": expected a type of fp_type, found %d", kind, port.name, type);
  }
  if ((type == FP_I32 || type == FP_I64) && !port.integers) {
    return fail(FP_ERROR_BUFFER, "%s \"%s\": expected FP_F32 or FP_F64, found integers", kind, port.name);
  }
  if (rows > SIZE_MAX / port.width || elements != rows * port.width) {
    return fail(FP_ERROR_BUFFER, "%s \"%s\": expected %zu rows of %zu elements, found %zu elements", kind, port.name,
                rows, port.width, elements);
  }
  range = range_of(data, type, elements);
  return check_address(kind, port, data, bytes_of(type), elements);
}

// Checks an input of ragged rows.
fp_status take_ragged(const fp::PortDescription& port, const fp_input& from, size_t rows, fp::Input& to) {
  if (number_of(from.type) != FP_RAGGED || from.data == nullptr) {
    return fail(FP_ERROR_BUFFER, "input \"%s\": expected an fp_ragged of type FP_RAGGED", port.name);
  }
  const fp_ragged& pairs = *static_cast<const fp_ragged*>(from.data);
  const int ids = number_of(pairs.id_type), weights = number_of(pairs.weight_type);
  if ((ids != FP_I32 && ids != FP_I64) || (pairs.weights != nullptr && weights != FP_F32 && weights != FP_F64)) {
    return fail(FP_ERROR_BUFFER, "input \"%s\": expected ids FP_I32 or FP_I64, weights FP_F32 or FP_F64", port.name);
  }
  if (rows >= SIZE_MAX / sizeof(int32_t)) {
    return fail(FP_ERROR_BUFFER, "input \"%s\": more elements than memory holds", port.name);
  }
  to = {pairs.ids, ids == FP_I32 ? fp::Element::i32 : fp::Element::i64};
  to.offsets = pairs.offsets;
  to.weights = pairs.weights;
  to.weight_element = weights == FP_F64 ? fp::Element::f64 : fp::Element::f32;
  to.pairs = from.elements;
  fp_status status = check_address("input", port, pairs.ids, bytes_of(ids), from.elements);
  if (status == FP_OK && pairs.weights != nullptr) {
    status = check_address("input", port, pairs.weights, bytes_of(weights), from.elements);
  }
  return status == FP_OK ? check_address("input", port, pairs.offsets, sizeof(int32_t), rows + 1) : status;
}

// Whether the range overlaps the memory of an earlier input.
bool meets_input(const Range& range, const fp_input& from, const fp::Input& input, size_t rows) {
  const auto meets = [&range](const Range& other) { return range.begin < other.end && other.begin < range.end; };
  if (input.offsets == nullptr) return meets(range_of(from.data, number_of(from.type), from.elements));
  const fp_ragged& pairs = *static_cast<const fp_ragged*>(from.data);
  return meets(range_of(pairs.ids, number_of(pairs.id_type), from.elements)) ||
         (pairs.weights != nullptr && meets(range_of(pairs.weights, number_of(pairs.weight_type), from.elements))) ||
         meets(range_of(pairs.offsets, FP_I32, rows + 1));
}

fp_status overlap(const fp::PortDescription& output, const char* kind, const fp::PortDescription& other) {
  return fail(FP_ERROR_BUFFER, "output \"%s\": overlaps the memory of %s \"%s\"", output.name, kind, other.name);
}

fp_status take_buffers(const fp_model& model, const fp_input* inputs, const fp_output* outputs, size_t rows,
                       fp::Scratch& scratch) {
  const fp::Description& about = model.description;
  Range range = {};
  for (size_t i = 0; i < scratch.inputs.size(); i++) {
    const fp_input& from = inputs[i];
    fp::Input& to = scratch.inputs[i];
    if (model.engine.is_ragged(i)) {
      const fp_status status = take_ragged(about.inputs()[i], from, rows, to);
      if (status != FP_OK) return status;
      continue;
    }
    to.data = from.data;
    const fp_status status =
        look_at("input", about.inputs()[i], from.data, number_of(from.type), from.elements, rows, to.element, range);
    if (status != FP_OK) return status;
  }
  for (size_t i = 0; i < scratch.outputs.size(); i++) {
    const fp_output& from = outputs[i];
    fp::Output& to = scratch.outputs[i];
    to.data = from.data;
    const fp_status status =
        look_at("output", about.outputs()[i], from.data, number_of(from.type), from.elements, rows, to.element, range);
    if (status != FP_OK) return status;
    const auto meets = [&range](const Range& other) { return range.begin < other.end && other.begin < range.end; };
    for (size_t j = 0; j < scratch.inputs.size(); j++) {
      if (meets_input(range, inputs[j], scratch.inputs[j], rows)) {
        return overlap(about.outputs()[i], "input", about.inputs()[j]);
      }
    }
    for (size_t j = 0; j < i; j++) {
      const fp_output& other = outputs[j];
      if (meets(range_of(other.data, number_of(other.type), other.elements))) {
        return overlap(about.outputs()[i], "output", about.outputs()[j]);
      }
    }
  }
  return FP_OK;
}

fp_status run(const fp_model& model, fp::Scratch& scratch, size_t rows) {
  fp::RunError error;
  const fp::Outcome outcome = model.engine.run(scratch.table.data(), scratch.inputs.data(), scratch.outputs.data(),
                                               rows, error, model.threads, model.pool);
  if (outcome == fp::Outcome::ok) return FP_OK;
  if (outcome == fp::Outcome::bad_id) {
    return fail(FP_ERROR_ID, "row %zu: expected ids from 0 to %zu, found %.17g (instruction %zu of the plan)",
                error.row, error.limit - 1, error.value, error.instruction);
  }
  if (outcome == fp::Outcome::bad_pair) {
    return fail(FP_ERROR_ID, "input \"%s\", row %zu: expected ids from 0 to %zu, found %.17g in its pair %zu",
                model.description.inputs()[error.instruction].name, error.row, error.limit - 1, error.value,
                error.element);
  }
  if (outcome == fp::Outcome::bad_offset) {
    return fail(FP_ERROR_BUFFER, "input \"%s\": expected from %zu to %zu as offset %zu, found %.17g",
                model.description.inputs()[error.instruction].name, error.element, error.limit, error.row, error.value);
  }
  if (outcome == fp::Outcome::not_exact) {
    return fail(FP_ERROR_NOT_EXACT,
                "row %zu: expected integers that a double holds exactly, found about %.17g in element %zu of what "
                "instruction %zu of the plan takes",
                error.row, error.value, error.element, error.instruction);
  }
  return fail(FP_ERROR_NOT_FINITE,
              "row %zu: expected finite numbers, found %g in element %zu of what instruction %zu of the plan takes",
              error.row, error.value, error.element, error.instruction);
}

const fp::PortDescription* port_of(const fp::Array<fp::PortDescription>& ports, size_t index) {
  return index < ports.size() ? &ports[index] : nullptr;
}
const fp::PortDescription* input_of(const fp_model* model, size_t index) {
  return model == nullptr ? nullptr : port_of(model->description.inputs(), index);
}
const fp::PortDescription* output_of(const fp_model* model, size_t index) {
  return model == nullptr ? nullptr : port_of(model->description.outputs(), index);
}

size_t axis_of(const fp::PortDescription* port, size_t axis) {
  return port != nullptr && axis < port->rank ? port->shape[axis] : 0;
}

const fp::Label* class_of(const fp_model* model, size_t index) {
  return model != nullptr && index < model->description.classes().size() ? &model->description.classes()[index]
                                                                         : nullptr;
}

fp_status open_part(const void* bytes, size_t size, fp::FrozenFile::Part part, const fp_options* from,
                    fp_model** model) {
  if (model == nullptr) return fail(FP_ERROR_ARGUMENT, "model: expected where it goes, found a null pointer");
  *model = nullptr;
  if (bytes == nullptr) return fail(FP_ERROR_ARGUMENT, "bytes: expected a frozen file, found a null pointer");
  Options options;
  fp_status status = read_options(from, options);
  if (status != FP_OK) return status;
  fp_model* const made = fp::make<fp_model>();
  if (made == nullptr) return no_memory();
  bool found = false;
  status = fill(*made, bytes, size, part, options, found);
  if (status == FP_OK && found) {
    *model = made;
  } else {
    fp::destroy(made);
  }
  return status;
}

}  // namespace

extern "C" {

uint32_t fp_abi_version(void) { return FP_ABI_VERSION; }
const char* fp_version(void) { return FP_VERSION; }

const char* fp_status_name(fp_status status) {
  static const char* const names[] = {
      "FP_OK",
      "FP_ERROR_ARGUMENT",
      "FP_ERROR_FILE",
      "FP_ERROR_TRUNCATED",
      "FP_ERROR_MALFORMED",
      "FP_ERROR_NOT_FROZEN",
      "FP_ERROR_VERSION",
      "FP_ERROR_UNSUPPORTED",
      "FP_ERROR_ISA",
      "FP_ERROR_MEMORY",
      "FP_ERROR_BUFFER",
      "FP_ERROR_ID",
      "FP_ERROR_NOT_FINITE",
      "FP_ERROR_LIMIT",
      "FP_ERROR_NOT_EXACT",
  };
  const unsigned index = unsigned(number_of(status));
  return index < sizeof names / sizeof *names ? names[index] : "unknown";
}

const char* fp_last_error(void) { return last_error; }

fp_status fp_model_open_bytes(const void* bytes, size_t size, const fp_options* options, fp_model** model) {
  return open_part(bytes, size, fp::FrozenFile::Part::plan, options, model);
}

fp_status fp_decider_open_bytes(const void* bytes, size_t size, const fp_options* options, fp_model** model) {
  return open_part(bytes, size, fp::FrozenFile::Part::decider, options, model);
}

fp_status fp_model_open(const char* path, const fp_options* options, fp_model** model) {
  if (model == nullptr) return fail(FP_ERROR_ARGUMENT, "model: expected where it goes, found a null pointer");
  *model = nullptr;
  if (path == nullptr) return fail(FP_ERROR_ARGUMENT, "path: expected that of a frozen file, found a null pointer");
  fp::FileBytes file;
  const char* reason = "";
  switch (file.read(path, reason)) {
    case fp::FileBytes::Status::ok:
      break;
    case fp::FileBytes::Status::out_of_memory:
      return fail(FP_ERROR_MEMORY, "%.300s: no memory for the file", path);
    case fp::FileBytes::Status::unreadable:
      return fail(FP_ERROR_FILE, "%.300s: %s", path, reason);
  }
  return fp_model_open_bytes(file.data(), file.size(), options, model);
}

void fp_model_retain(fp_model* model) {
  if (model != nullptr) model->holders.fetch_add(1);
}

void fp_model_close(fp_model* model) {
  if (model != nullptr && model->holders.fetch_sub(1) == 1) fp::destroy(model);
}

fp_status fp_run(const fp_model* model, const fp_input* inputs, size_t input_count, const fp_output* outputs,
                 size_t output_count, size_t rows) {
  if (model == nullptr) return fail(FP_ERROR_ARGUMENT, "model: expected an open one, found a null pointer");
  const size_t inputs_wanted = fp_input_count(model), outputs_wanted = fp_output_count(model);
  if (input_count != inputs_wanted || output_count != outputs_wanted) {
    return fail(FP_ERROR_ARGUMENT, "expected %zu inputs and %zu outputs, found %zu and %zu", inputs_wanted,
                outputs_wanted, input_count, output_count);
  }
  if ((inputs == nullptr && input_count > 0) || (outputs == nullptr && output_count > 0)) {
    return fail(FP_ERROR_ARGUMENT, "%s: expected a list, found a null pointer",
                inputs == nullptr && input_count > 0 ? "inputs" : "outputs");
  }
  const size_t start = first_slot();
  fp::Scratch* scratch = model->scratches.take(start);
  if (scratch == nullptr) scratch = make_scratch(*model);
  if (scratch == nullptr) return fail(FP_ERROR_MEMORY, "no memory for the run");
  fp_status status = take_buffers(*model, inputs, outputs, rows, *scratch);
  if (status == FP_OK) status = run(*model, *scratch, rows);
  model->scratches.put(start, scratch);
  return status;
}

size_t fp_input_count(const fp_model* model) { return model == nullptr ? 0 : model->description.inputs().size(); }
size_t fp_output_count(const fp_model* model) { return model == nullptr ? 0 : model->description.outputs().size(); }

#define FP_PORT_FUNCTIONS(kind)                                               \
  const char* fp_##kind##_name(const fp_model* model, size_t index) {         \
    const auto* const port = kind##_of(model, index);                         \
    return port == nullptr ? nullptr : port->name;                            \
  }                                                                           \
  size_t fp_##kind##_width(const fp_model* model, size_t index) {             \
    const auto* const port = kind##_of(model, index);                         \
    return port == nullptr ? 0 : port->width;                                 \
  }                                                                           \
  size_t fp_##kind##_rank(const fp_model* model, size_t index) {              \
    const auto* const port = kind##_of(model, index);                         \
    return port == nullptr ? 0 : port->rank;                                  \
  }                                                                           \
  size_t fp_##kind##_axis(const fp_model* model, size_t index, size_t axis) { \
    return axis_of(kind##_of(model, index), axis);                            \
  }                                                                           \
  const char* fp_##kind##_dtype(const fp_model* model, size_t index) {        \
    const auto* const port = kind##_of(model, index);                         \
    return port == nullptr ? nullptr : port->dtype;                           \
  }                                                                           \
  int fp_##kind##_is_integer(const fp_model* model, size_t index) {           \
    const auto* const port = kind##_of(model, index);                         \
    return port != nullptr && port->integers;                                 \
  }
FP_PORT_FUNCTIONS(input)
FP_PORT_FUNCTIONS(output)
#undef FP_PORT_FUNCTIONS

int fp_input_is_ragged(const fp_model* model, size_t index) {
  return input_of(model, index) != nullptr && model->engine.is_ragged(index);
}

fp_type fp_model_precision(const fp_model* model) {
  if (model == nullptr) return fp_type(0);
  return model->engine.precision() == fp::Precision::f64 ? FP_F64 : FP_F32;
}
const char* fp_model_isa(const fp_model* model) { return model == nullptr ? nullptr : model->engine.isa(); }
uint64_t fp_model_parameter_count(const fp_model* model) {
  return model == nullptr ? 0 : model->description.parameter_count();
}

size_t fp_class_count(const fp_model* model) { return model == nullptr ? 0 : model->description.classes().size(); }
const char* fp_class_name(const fp_model* model, size_t index) {
  const fp::Label* const label = class_of(model, index);
  return label == nullptr ? nullptr : label->text;
}
int fp_class_is_number(const fp_model* model, size_t index) {
  const fp::Label* const label = class_of(model, index);
  return label != nullptr && label->number;
}

size_t fp_feature_count(const fp_model* model) { return model == nullptr ? 0 : model->description.features().size(); }
const char* fp_feature_name(const fp_model* model, size_t index) {
  return index < fp_feature_count(model) ? model->description.features()[index].text : nullptr;
}

}  // extern "C"
