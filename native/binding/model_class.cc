#include "model_class.h"

#include "calls.h"
#include "faults.h"
#include "share.h"

namespace fp::binding {

Model* this_model(napi_env env, napi_callback_info info, napi_value& object, void** data) {
  void* model = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, &object, data);
  return napi_unwrap(env, object, &model) == napi_ok ? static_cast<Model*>(model) : nullptr;
}

namespace {

void finalize_holder(napi_env env, void* data, void*) { release(env, static_cast<Model*>(data)); }

struct Function {
  const char* name;
  napi_callback callback;
};
constexpr Function functions[] = {{"run", run}, {"bind", bind}, {"runAsync", run_async}};

napi_value get_function(napi_env env, napi_callback_info info) {
  napi_value object, value;
  void* data;
  Model* const model = this_model(env, info, object, &data);
  if (model == nullptr) return nullptr;
  const Function& function = *static_cast<const Function*>(data);
  if (napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.callback, model, &value) != napi_ok ||
      napi_add_finalizer(env, value, model, finalize_holder, nullptr, nullptr) != napi_ok) {
    return fail(env, "MEMORY", "no memory for a function of the model");
  }
  model->holders++;
  // If this fails, the next access creates another function.
  const napi_property_descriptor own = {function.name,           nullptr, nullptr, nullptr, nullptr, value,
                                        napi_default_jsproperty, nullptr};
  napi_define_properties(env, object, 1, &own);
  return value;
}

napi_value dispose_model(napi_env env, napi_callback_info info) {
  napi_value object;
  Model* const model = this_model(env, info, object, nullptr);
  if (model != nullptr) dispose(env, model);
  return nullptr;
}

napi_value construct(napi_env env, napi_callback_info info) {
  napi_value object = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, &object, nullptr);
  return object;
}

}  // namespace

bool define_model_class(napi_env env, napi_ref& reference) {
  constexpr size_t count = sizeof functions / sizeof *functions;
  napi_property_descriptor properties[count + 2] = {};
  for (size_t i = 0; i < count; i++) {
    properties[i].utf8name = functions[i].name;
    properties[i].getter = get_function;
    properties[i].data = const_cast<Function*>(&functions[i]);
  }
  properties[count].utf8name = "dispose";
  properties[count].method = dispose_model;
  properties[count + 1].utf8name = "share";
  properties[count + 1].method = share;
  napi_value constructor;
  return napi_define_class(env, "NativeModel", NAPI_AUTO_LENGTH, construct, nullptr, count + 2, properties,
                           &constructor) == napi_ok &&
         napi_create_reference(env, constructor, 1, &reference) == napi_ok;
}

napi_value wrap_model(napi_env env, Model* model) {
  napi_value constructor, object = nullptr;
  model->holders++;
  if (napi_get_reference_value(env, model->environment->model_class, &constructor) == napi_ok &&
      napi_new_instance(env, constructor, 0, nullptr, &object) == napi_ok &&
      napi_wrap(env, object, model, finalize_holder, nullptr, nullptr) == napi_ok) {
    return object;
  }
  release(env, model);
  return nullptr;
}

}  // namespace fp::binding
