// The functions of a model. Each has its model as `data`, so that a call looks nothing up.
#pragma once

#include <node_api.h>

namespace fp::binding {

// run(inputs…, outputs…)
napi_value run(napi_env env, napi_callback_info info);

// bind(inputs…, outputs…): a function without arguments that runs over these very buffers. The caller (lib/model.ts)
// keeps them alive, and sees to it that none of them was detached since. References from here would do no more: they
// would keep a buffer for ever that leads back to the function.
napi_value bind(napi_env env, napi_callback_info info);

// runAsync(inputs…, outputs…): a promise of what run() returns. Inputs are copied now, outputs written at the end,
// so that no other thread ever holds a pointer into a JavaScript buffer.
napi_value run_async(napi_env env, napi_callback_info info);

// giveBack(): frees the memory that runs off the event loop have left for others.
napi_value give_back(napi_env env, napi_callback_info info);

}  // namespace fp::binding
