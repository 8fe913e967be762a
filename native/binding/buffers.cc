#include "buffers.h"

namespace fp::binding {

size_t bytes_of(Element element) {
  switch (element) {
    case Element::i8:
    case Element::u8:
      return 1;
    case Element::i16:
    case Element::u16:
      return 2;
    case Element::f32:
    case Element::i32:
    case Element::u32:
      return 4;
    case Element::f64:
    case Element::i64:
    case Element::u64:
      break;
  }
  return 8;
}

namespace {

bool element_of(napi_typedarray_type type, bool integers, Element& element) {
  const auto is = [&](Element found, bool welcome) {
    element = found;
    return welcome;
  };
  switch (type) {
    case napi_float32_array:
      return is(Element::f32, true);
    case napi_float64_array:
      return is(Element::f64, true);
    case napi_int8_array:
      return is(Element::i8, integers);
    case napi_uint8_array:
      return is(Element::u8, integers);
    case napi_int16_array:
      return is(Element::i16, integers);
    case napi_uint16_array:
      return is(Element::u16, integers);
    case napi_int32_array:
      return is(Element::i32, integers);
    case napi_uint32_array:
      return is(Element::u32, integers);
    case napi_bigint64_array:
      return is(Element::i64, integers);
    case napi_biguint64_array:
      return is(Element::u64, integers);
    default:
      return false;
  }
}

struct Buffer {
  char* data;
  size_t length;
  Element element;
};

// Reads the properties of a typed array; returns a fault if it is not suitable.
Fault look_at(napi_env env, size_t port, bool integers, napi_value value, Buffer& buffer) {
  napi_typedarray_type type = unknown_array;
  void* data;
  napi_value array_buffer;
  if (napi_get_typedarray_info(env, value, &type, &buffer.length, &data, &array_buffer, nullptr) != napi_ok) {
    return fault(kNotTypedArray, port);
  }
  if (!element_of(type, integers, buffer.element)) return fault(kWrongType, port);
  bool plain = false;
  if (napi_is_arraybuffer(env, array_buffer, &plain) != napi_ok || !plain) return fault(kShared, port);
  if (buffer.length == 0) {
    bool detached = false;
    if (napi_is_detached_arraybuffer(env, array_buffer, &detached) != napi_ok || detached) {
      return fault(kDetached, port);
    }
  }
  buffer.data = static_cast<char*>(data);
  return {};
}

// Takes three arguments.
Fault take_ragged(napi_env env, size_t port, const napi_value* arguments, Input& input, size_t& rows) {
  Buffer ids, weights, offsets;
  Fault problem = look_at(env, port, true, arguments[0], ids);
  if (problem.code != 0) return problem;
  if (ids.element != Element::i32 && ids.element != Element::u32 && ids.element != Element::i64) {
    return fault(kWrongType, port);
  }
  input = {ids.data, ids.element};
  input.pairs = ids.length;
  napi_valuetype kind;
  if (napi_typeof(env, arguments[1], &kind) != napi_ok) return fault(kNotTypedArray, port);
  if (kind != napi_undefined) {
    problem = look_at(env, port, false, arguments[1], weights);
    if (problem.code != 0) return problem;
    if (weights.length != ids.length) return fault(kPairsDiffer, port, double(weights.length), double(ids.length));
    // An empty array may have no address, which would mean that all weights are 1.
    input.weights = weights.length > 0 ? weights.data : nullptr;
    input.weight_element = weights.element;
  }
  problem = look_at(env, port, true, arguments[2], offsets);
  if (problem.code != 0) return problem;
  if (offsets.element != Element::i32 || offsets.length == 0) return fault(kWrongType, port);
  input.offsets = reinterpret_cast<const int32_t*>(offsets.data);
  rows = offsets.length - 1;
  return {};
}

bool meets(const void* data, size_t bytes, const char* from, const char* to) {
  const char* const begin = static_cast<const char*>(data);
  return begin != nullptr && from < begin + bytes && begin < to;
}

// Whether the bytes overlap an earlier input or output.
bool overlaps(const Model& model, size_t port, size_t rows, const char* from, const char* to) {
  const Port& about = model.loaded->ports[port];
  if (port >= model.loaded->input_count) {
    const Output& output = model.outputs[port - model.loaded->input_count];
    return meets(output.data, rows * about.width * bytes_of(output.element), from, to);
  }
  const Input& input = model.inputs[port];
  if (!about.ragged) return meets(input.data, rows * about.width * bytes_of(input.element), from, to);
  return meets(input.data, input.pairs * bytes_of(input.element), from, to) ||
         meets(input.weights, input.pairs * bytes_of(input.weight_element), from, to) ||
         meets(input.offsets, (rows + 1) * sizeof(int32_t), from, to);
}

// Fills model.inputs and model.outputs from the arguments of a call.
Fault take_arguments(napi_env env, Model& model, size_t& rows) {
  const Array<Port>& ports = model.loaded->ports;
  const size_t input_count = model.loaded->input_count;
  const napi_value* argument = model.arguments.data();
  for (size_t port = 0; port < ports.size(); port++) {
    const size_t width = ports[port].width;
    Buffer buffer;
    size_t found = 0;
    Fault problem;
    if (ports[port].ragged) {
      problem = take_ragged(env, port, argument, model.inputs[port], found);
      argument += 3;
    } else {
      problem = look_at(env, port, ports[port].integers, *argument++, buffer);
      found = problem.code != 0 ? 0 : buffer.length / width;
      if (problem.code == 0 && found * width != buffer.length) {
        problem = fault(kNotWholeRows, port, double(buffer.length), double(width));
      }
    }
    if (problem.code != 0) return problem;
    if (port == 0) rows = found;
    if (found != rows) return fault(kRowsDiffer, port, double(found), double(rows));
    if (ports[port].ragged) continue;
    if (port < input_count) {
      model.inputs[port] = {buffer.data, buffer.element};
      continue;
    }
    const char* const end = buffer.data + buffer.length * bytes_of(buffer.element);
    for (size_t other = 0; other < port; other++) {
      if (overlaps(model, other, rows, buffer.data, end)) return fault(kOverlap, port, double(other));
    }
    model.outputs[port - input_count] = {buffer.data, buffer.element};
  }
  return {};
}

}  // namespace

Fault open_call(napi_env env, napi_callback_info info, Model*& model, size_t& rows) {
  constexpr size_t usual = 4;
  napi_value arguments[usual];
  size_t count = usual;
  void* data;
  napi_get_cb_info(env, info, &count, arguments, nullptr, &data);
  model = static_cast<Model*>(data);
  if (model->loaded == nullptr) return fault(kDisposed);
  const size_t wanted = model->loaded->argument_count;
  if (count != wanted) return fault(kArguments, 0, double(count), double(wanted));
  if (count <= usual) {
    for (size_t i = 0; i < count; i++) model->arguments[i] = arguments[i];
  } else {
    napi_get_cb_info(env, info, &count, model->arguments.data(), nullptr, nullptr);
  }
  return take_arguments(env, *model, rows);
}

}  // namespace fp::binding
