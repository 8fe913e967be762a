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
  size_t bytes;
  Element element;
  size_t rows;
};

// Looks at a typed array; a fault when it does not serve.
Fault look_at(napi_env env, const Model& model, size_t port, napi_value value, Buffer& buffer) {
  napi_typedarray_type type = unknown_array;
  size_t length;
  void* data;
  napi_value array_buffer;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, &array_buffer, nullptr) != napi_ok) {
    return fault(kNotTypedArray, port);
  }
  if (!element_of(type, model.loaded->ports[port].integers, buffer.element)) return fault(kWrongType, port);
  bool plain = false;
  if (napi_is_arraybuffer(env, array_buffer, &plain) != napi_ok || !plain) return fault(kShared, port);
  if (length == 0) {
    bool detached = false;
    if (napi_is_detached_arraybuffer(env, array_buffer, &detached) != napi_ok || detached) {
      return fault(kDetached, port);
    }
  }
  const size_t width = model.loaded->ports[port].width;
  buffer.rows = length / width;
  if (buffer.rows * width != length) return fault(kNotWholeRows, port, double(length), double(width));
  buffer.data = static_cast<char*>(data);
  buffer.bytes = length * bytes_of(buffer.element);
  return {};
}

const char* data_of(const Model& model, size_t port, Element& element) {
  if (port < model.loaded->input_count) {
    element = model.inputs[port].element;
    return static_cast<const char*>(model.inputs[port].data);
  }
  const Output& output = model.outputs[port - model.loaded->input_count];
  element = output.element;
  return static_cast<const char*>(output.data);
}

// Fills model.inputs and model.outputs from the arguments of a call.
Fault take_arguments(napi_env env, Model& model, size_t& rows) {
  const Array<Port>& ports = model.loaded->ports;
  const size_t input_count = model.loaded->input_count;
  for (size_t port = 0; port < ports.size(); port++) {
    Buffer buffer;
    const Fault problem = look_at(env, model, port, model.arguments[port], buffer);
    if (problem.code != 0) return problem;
    if (port == 0) rows = buffer.rows;
    if (buffer.rows != rows) return fault(kRowsDiffer, port, double(buffer.rows), double(rows));
    if (port < input_count) {
      model.inputs[port] = {buffer.data, buffer.element};
      continue;
    }
    for (size_t other = 0; other < port; other++) {
      Element element;
      const char* const from = data_of(model, other, element);
      const char* const to = from + rows * ports[other].width * bytes_of(element);
      if (buffer.data < to && from < buffer.data + buffer.bytes) return fault(kOverlap, port, double(other));
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
  const size_t wanted = model->loaded->ports.size();
  if (count != wanted) return fault(kArguments, 0, double(count), double(wanted));
  if (count <= usual) {
    for (size_t i = 0; i < count; i++) model->arguments[i] = arguments[i];
  } else {
    napi_get_cb_info(env, info, &count, model->arguments.data(), nullptr, nullptr);
  }
  return take_arguments(env, *model, rows);
}

}  // namespace fp::binding
