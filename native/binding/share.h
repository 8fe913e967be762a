// Models that other threads of the process use too, without copies of the weights.
#pragma once

#include <node_api.h>

namespace fp::binding {

// model.share(addon, model, description): [addon, model], the names to attach by. The given names, of 36 characters
// each, and the given description, a Uint8Array, are used if there are none yet. Undefined if the model was disposed
// of.
napi_value share(napi_env env, napi_callback_info info);

// attach(addon, model, threads): [model, description] of a model that this or another thread shares. Throws an error
// with the code HANDLE if it is not found.
napi_value attach(napi_env env, napi_callback_info info);

}  // namespace fp::binding
