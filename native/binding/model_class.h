// The class of models. Each of its functions works on one model, and is created on first use: a function takes a
// kilobyte, and in a program with ten thousand models most are run in at most one way.
#pragma once

#include <node_api.h>

#include "model.h"

namespace fp::binding {

// False if there is not enough memory.
bool define_model_class(napi_env env, napi_ref& reference);

// A new object for the model, which holds it. Null if there is not enough memory; the model is then released.
napi_value wrap_model(napi_env env, Model* model);

// The model of a call's `this`; null for an object that wrap_model() did not create.
Model* this_model(napi_env env, napi_callback_info info, napi_value& object, void** data);

}  // namespace fp::binding
