// Descriptors of open files and sockets: each thread of a server needs its own.
#pragma once

#include <node_api.h>

namespace fp::binding {

#ifndef _WIN32
// duplicate(number): another descriptor of the same file or socket, for a thread that closes it; −1 on failure. Child
// processes do not inherit it.
napi_value duplicate(napi_env env, napi_callback_info info);
#endif

}  // namespace fp::binding
