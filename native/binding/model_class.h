// The class of models. Each of its functions works on one model, and is created on first use: a function
// takes a kilobyte, and of ten thousand models most are run in one way at the most.
#pragma once

#include <node_api.h>

#include "model.h"

namespace fp::binding {

// False when there is no memory.
bool define_model_class(napi_env env, napi_ref& reference);

// A new object for the model, which holds it. Null when there is no memory, and the model is then gone.
napi_value wrap_model(napi_env env, Model* model);

// The model of a call's `this`; null for an object that wrap_model() did not make.
Model* this_model(napi_env env, napi_callback_info info, napi_value& object, void** data);

}  // namespace fp::binding
