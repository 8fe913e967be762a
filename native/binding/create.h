// Models of plans.
#pragma once

#include <node_api.h>

namespace fp::binding {

// create(words, parameters, isa, integers, threads): a model.
napi_value create(napi_env env, napi_callback_info info);

}  // namespace fp::binding
