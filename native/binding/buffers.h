// The typed arrays of a call, checked before their memory is accessed.
#pragma once

#include <node_api.h>

#include <cstddef>

#include "faults.h"
#include "model.h"

namespace fp::binding {

// Node-API leaves the type unchanged for arrays that it does not know, such as half precision on older versions of
// Node.
constexpr napi_typedarray_type unknown_array = napi_uint8_clamped_array;

size_t bytes_of(Element element);

// The model of a call, with its arguments in `inputs` and `outputs`: one typed array for each port.
Fault open_call(napi_env env, napi_callback_info info, Model*& model, size_t& rows);

}  // namespace fp::binding
