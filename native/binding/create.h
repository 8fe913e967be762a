// Models of plans.
#pragma once

#include <node_api.h>

namespace fp::binding {

// create(words, parameters, isa, integers, threads, most_packed?, most_of_row?): a model. The last two limit the bytes
// of its packed weights and of its values for one row.
napi_value create(napi_env env, napi_callback_info info);

}  // namespace fp::binding
