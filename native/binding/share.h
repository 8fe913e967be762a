// Models that other threads of the process use too, without a copy of the weights.
#pragma once

#include <node_api.h>

namespace fp::binding {

// model.share(addon, model, description): [addon, model], the names to attach by. Those given, of 36 characters each,
// are taken if there are none yet, and so is the description, a Uint8Array. Undefined when the model was disposed
// of.
napi_value share(napi_env env, napi_callback_info info);

// attach(addon, model, threads): [model, description], of what another model, in this thread or another, shares. Throws
// an error whose code is HANDLE when there is none.
napi_value attach(napi_env env, napi_callback_info info);

}  // namespace fp::binding
