#include "share.h"

#include <cstring>

#include "faults.h"
#include "model_class.h"

namespace fp::binding {
namespace {

bool take_token(napi_env env, napi_value value, Token& token) {
  char text[Token::length + 2];
  size_t length;
  if (napi_get_value_string_utf8(env, value, text, sizeof text, &length) != napi_ok || length != Token::length) {
    return false;
  }
  std::memcpy(token.text, text, Token::length);
  return true;
}

napi_value pair(napi_env env, napi_value first, napi_value second) {
  napi_value array;
  if (napi_create_array_with_length(env, 2, &array) == napi_ok && napi_set_element(env, array, 0, first) == napi_ok &&
      napi_set_element(env, array, 1, second) == napi_ok) {
    return array;
  }
  return fail(env, "MEMORY", "no memory for a pair");
}

}  // namespace

napi_value share(napi_env env, napi_callback_info info) {
  napi_value object, arguments[3];
  size_t count = 3;
  Token addon, name;
  napi_typedarray_type type;
  size_t length;
  void* data;
  Model* const model = this_model(env, info, object, nullptr);
  if (model == nullptr || model->loaded == nullptr) return nullptr;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok ||
      !take_token(env, arguments[0], addon) || !take_token(env, arguments[1], name) ||
      napi_get_typedarray_info(env, arguments[2], &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array) {
    return fail(env, "HANDLE", "share() takes two names of 36 characters and a Uint8Array");
  }
  Array<char> description;
  if (!description.allocate(length)) return fail(env, "MEMORY", "no memory for the model's description");
  if (length > 0) std::memcpy(description.data(), data, length);
  model->loaded->share(addon, name, static_cast<Array<char>&&>(description));
  napi_value names[2];
  if (napi_create_string_latin1(env, addon.text, Token::length, &names[0]) != napi_ok ||
      napi_create_string_latin1(env, name.text, Token::length, &names[1]) != napi_ok) {
    return fail(env, "MEMORY", "no memory for the names");
  }
  return pair(env, names[0], names[1]);
}

napi_value attach(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  size_t count = 3;
  Token addon, name;
  double threads;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok ||
      !take_token(env, arguments[0], addon) || !take_token(env, arguments[1], name) ||
      napi_get_value_double(env, arguments[2], &threads) != napi_ok) {
    return fail(env, "HANDLE", "attach() takes two names of 36 characters and a number of threads");
  }
  Loaded* loaded;
  switch (Loaded::find(addon, name, loaded)) {
    case Loaded::Found::yes:
      break;
    case Loaded::Found::foreign:
      return fail(env, "HANDLE",
                  "it is of another process, or of another copy of forwardpass in this one; weights are shared by the "
                  "threads of a process that load the same copy. Load the model here instead");
    case Loaded::Found::gone:
      return fail(env, "HANDLE",
                  "its model does not exist any more: every Model of it was disposed of or collected, or its thread "
                  "has ended. A "
                  "handle keeps no weights: keep the Model that was shared until others have attached");
  }
  Model* const model = make_model(env, loaded, threads);
  if (model == nullptr) return fail(env, "MEMORY", "no memory for the model");
  // From here on, the object holds the model.
  const Array<char>& description = loaded->description();
  const napi_value object = wrap_model(env, model);
  void* data;
  napi_value buffer;
  if (object == nullptr || napi_create_arraybuffer(env, description.size(), &data, &buffer) != napi_ok) {
    return fail(env, "MEMORY", "no memory for the model's object");
  }
  if (description.size() > 0) std::memcpy(data, description.data(), description.size());
  return pair(env, object, buffer);
}

}  // namespace fp::binding
