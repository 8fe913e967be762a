#include "faults.h"

namespace fp::binding {

Fault fault_of(Outcome outcome, const RunError& error) {
  if (outcome == Outcome::ok) return {};
  const FaultCode code = outcome == Outcome::bad_id ? kBadId : kNotFinite;
  return {
      code, 0, {double(error.instruction), double(error.row), error.value, double(error.limit), double(error.element)}};
}

napi_value array_of(napi_env env, const Fault& fault) {
  const double* const f = fault.figures;
  const double numbers[] = {double(fault.code), fault.port, f[0], f[1], f[2], f[3], f[4]};
  constexpr uint32_t count = sizeof numbers / sizeof *numbers;
  napi_value array;
  if (napi_create_array_with_length(env, count, &array) != napi_ok) return nullptr;
  for (uint32_t i = 0; i < count; i++) {
    napi_value number;
    if (napi_create_double(env, numbers[i], &number) != napi_ok) return nullptr;
    napi_set_element(env, array, i, number);
  }
  return array;
}

napi_value fail(napi_env env, const char* code, const char* reason) {
  napi_throw_error(env, code, reason);
  return nullptr;
}

}  // namespace fp::binding
