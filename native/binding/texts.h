// What reads texts of ASCII for a model.
#pragma once

#include <node_api.h>

namespace fp::binding {

// createScanner(words, bytes, numbers, threads): a function, or undefined where terms are too much alike.
//
// scan(texts, at, ids, weights, offsets, row) reads some of the texts from `at` on. Their pairs go behind the
// `offsets[row]` that there are, and offsets behind that one. It gives where the first text is that was not read: `at`
// where that text is for others to read. A negative number instead is how many pairs more there have to be room for.
napi_value create_scanner(napi_env env, napi_callback_info info);

}  // namespace fp::binding
