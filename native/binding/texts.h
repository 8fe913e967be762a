// Readers of ASCII texts for a model.
#pragma once

#include <node_api.h>

namespace fp::binding {

// createScanner(words, bytes, numbers, threads): a function, or undefined if too many terms collide.
//
// scan(texts, at, ids, weights, offsets, row) reads some of the texts from `at` on. It appends their pairs after the
// existing `offsets[row]` pairs, and their offsets after that one. It returns the index of the first text that was not
// read, which is `at` if another reader must read that text. A negative result is the number of additional pairs that
// need memory.
napi_value create_scanner(napi_env env, napi_callback_info info);

}  // namespace fp::binding
