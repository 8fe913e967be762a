#include "descriptor.h"

#ifndef _WIN32
#include <fcntl.h>

namespace fp::binding {

napi_value duplicate(napi_env env, napi_callback_info info) {
  napi_value argument, result;
  size_t count = 1;
  double number = -1;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) != napi_ok ||
      napi_get_value_double(env, argument, &number) != napi_ok || !(number >= 0 && number < 1 << 30)) {
    number = -1;
  }
  const int copy = number < 0 ? -1 : fcntl(int(number), F_DUPFD_CLOEXEC, 0);
  return napi_create_double(env, copy, &result) == napi_ok ? result : nullptr;
}

}  // namespace fp::binding
#endif
