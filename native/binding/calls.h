// The functions of a model. Each has its model as `data`, so a call needs no lookup.
#pragma once

#include <node_api.h>

namespace fp::binding {

// run(inputs…, outputs…)
napi_value run(napi_env env, napi_callback_info info);

// bind(inputs…, outputs…): a function without arguments that always uses these buffers. The caller (lib/model.ts) keeps
// them alive and checks that none of them was detached in the meantime. References from here would not help: they would
// keep alive forever a buffer that leads back to the function.
napi_value bind(napi_env env, napi_callback_info info);

// runAsync(inputs…, outputs…): a promise of the result of run(). Inputs are copied immediately and outputs are written
// at the end, so other threads never hold a pointer into a JavaScript buffer.
napi_value run_async(napi_env env, napi_callback_info info);

// giveBack(): frees the memory that runs off the event loop have kept for later runs.
napi_value give_back(napi_env env, napi_callback_info info);

}  // namespace fp::binding
