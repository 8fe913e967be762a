// The typed arrays of a call, looked at before anything touches their memory.
#pragma once

#include <node_api.h>

#include <cstddef>

#include "faults.h"
#include "model.h"

namespace fp::binding {

// Node-API leaves the type as it was where it knows none for an array, such as one of half precision on older Node.
constexpr napi_typedarray_type unknown_array = napi_uint8_clamped_array;

size_t bytes_of(Element element);

// The model behind a call, its arguments taken into `inputs` and `outputs`: one typed array for each port.
Fault open_call(napi_env env, napi_callback_info info, Model*& model, size_t& rows);

}  // namespace fp::binding
