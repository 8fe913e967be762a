// Models of plans.
#pragma once

#include <node_api.h>

namespace fp::binding {

// create(words, parameters, isa, integers, threads, most_packed?, most_of_row?): a model. Its packed weights, and its
// values of one row, take no more bytes than the last two say.
napi_value create(napi_env env, napi_callback_info info);

}  // namespace fp::binding
