// Numbers of open files and sockets, of which each thread of a server needs one of its own.
#pragma once

#include <node_api.h>

namespace fp::binding {

#ifndef _WIN32
// duplicate(number): another number of the same file or socket, for whoever closes it; −1 if there is none. Programs
// that are started do not inherit it.
napi_value duplicate(napi_env env, napi_callback_info info);
#endif

}  // namespace fp::binding
