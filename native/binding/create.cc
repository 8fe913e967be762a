#include "create.h"

#include <cstdint>

#include "../kernels/registry.h"
#include "buffers.h"
#include "faults.h"
#include "model_class.h"

namespace fp::binding {
namespace {

// The elements of a list. False, with an exception, if it is not a list, there is not enough memory, or one of its
// getters threw.
bool take_list(napi_env env, napi_value list, Array<napi_value>& values) {
  uint32_t count;
  if (napi_get_array_length(env, list, &count) != napi_ok) {
    fail(env, "PLAN", "create() takes lists of parameters and of flags");
    return false;
  }
  if (!values.allocate(count)) {
    fail(env, "MEMORY", "no memory for the list of parameters");
    return false;
  }
  for (uint32_t i = 0; i < count; i++) {
    if (napi_get_element(env, list, i, &values[i]) != napi_ok) {
      fail(env, "MEMORY", "no memory for an element of a list");
      return false;
    }
  }
  return true;
}

// A typed array of that type whose memory no other thread can change. False for anything else.
bool take_array(napi_env env, napi_value value, napi_typedarray_type type, const void*& data, size_t& length) {
  static const double nothing = 0;
  napi_typedarray_type found = unknown_array;
  void* elements;
  napi_value array_buffer;
  bool plain = false;
  if (napi_get_typedarray_info(env, value, &found, &length, &elements, &array_buffer, nullptr) != napi_ok ||
      found != type || napi_is_arraybuffer(env, array_buffer, &plain) != napi_ok || !plain) {
    return false;
  }
  data = length > 0 ? elements : &nothing;
  return true;
}

// `integers` has a flag for each port; ports beyond its end only take floats.
bool fill_ports(napi_env env, Loaded& loaded, const Array<napi_value>& integers) {
  const Engine& engine = loaded.engine;
  const size_t inputs = engine.input_widths().size(), outputs = engine.output_widths().size();
  if (!loaded.ports.allocate(inputs + outputs)) return false;
  loaded.input_count = inputs;
  loaded.argument_count = inputs + outputs;
  for (size_t i = 0; i < inputs + outputs; i++) {
    const size_t width = i < inputs ? engine.input_widths()[i] : engine.output_widths()[i - inputs];
    bool flag = false;
    if (i < integers.size()) napi_get_value_bool(env, integers[i], &flag);
    const bool ragged = i < inputs && engine.is_ragged(i);
    if (ragged) loaded.argument_count += 2;
    loaded.ports[i] = {width, flag, ragged};
  }
  return true;
}

// A number of bytes that the caller allows; without one, there is no limit.
size_t most_of(napi_env env, napi_value value) {
  double bytes;
  if (napi_get_value_double(env, value, &bytes) != napi_ok || !(bytes < double(Engine::any_bytes))) {
    return Engine::any_bytes;
  }
  return bytes > 0 ? size_t(bytes) : 0;
}

napi_value refuse(napi_env env, Engine::Status status, const PlanError& error) {
  switch (status) {
    case Engine::Status::invalid_plan:
      return fail(env, "PLAN", error.reason);
    case Engine::Status::too_large:
      return fail(env, "LIMIT",
                  "packed, the model takes more memory than a file of its size may ask for (raise `limits.bytes`)");
    case Engine::Status::row_too_large:
      return fail(env, "LIMIT", "the values of one row take more memory than a row may (raise `limits.rowElements`)");
    default:
      return fail(env, "MEMORY", "no memory for the packed model");
  }
}

}  // namespace

napi_value create(napi_env env, napi_callback_info info) {
  napi_value arguments[7];
  size_t count = 7;
  char name[16];
  double threads;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok ||
      napi_get_value_string_utf8(env, arguments[2], name, sizeof name, nullptr) != napi_ok ||
      napi_get_value_double(env, arguments[4], &threads) != napi_ok) {
    return fail(env, "PLAN", "create() takes words, parameters, an instruction set, flags and a number of threads");
  }
  const InstructionSet* const set = find_instruction_set(name);
  if (set == nullptr) return fail(env, "ISA", "the instruction set is not available");

  // First everything that may run JavaScript, then the memory of the arrays, because JavaScript could detach it.
  Array<napi_value> arrays, integers;
  if (!take_list(env, arguments[1], arrays) || !take_list(env, arguments[3], integers)) return nullptr;
  Array<Parameter> parameters;
  if (!parameters.allocate(arrays.size())) return fail(env, "MEMORY", "no memory for the list of parameters");
  const void* data;
  size_t word_count;
  if (!take_array(env, arguments[0], napi_int32_array, data, word_count)) {
    return fail(env, "PLAN", "the words are not an Int32Array of their own memory");
  }
  const int32_t* const words = static_cast<const int32_t*>(data);
  const bool f64 = word_count > 1 && words[1] == int32_t(Precision::f64);
  for (size_t i = 0; i < arrays.size(); i++) {
    Parameter& parameter = parameters[i];
    if (!take_array(env, arrays[i], f64 ? napi_float64_array : napi_float32_array, parameter.data, parameter.count)) {
      return fail(env, "PLAN", "a parameter array is not of the plan's precision");
    }
  }

  Loaded* const loaded = Loaded::create();
  const Plan plan = {words, word_count, parameters.data(), parameters.size()};
  PlanError error = {};
  const MostBytes most = {most_of(env, arguments[5]), most_of(env, arguments[6])};
  auto status = loaded == nullptr ? Engine::Status::out_of_memory : loaded->engine.create(plan, *set, error, most);
  if (status == Engine::Status::ok && !fill_ports(env, *loaded, integers)) status = Engine::Status::out_of_memory;
  if (status != Engine::Status::ok) {
    Loaded::release(loaded);
    return refuse(env, status, error);
  }
  Model* const model = make_model(env, loaded, threads);
  if (model == nullptr) return fail(env, "MEMORY", "no memory for the model");
  const napi_value object = wrap_model(env, model);
  return object != nullptr ? object : fail(env, "MEMORY", "no memory for the model's object");
}

}  // namespace fp::binding
