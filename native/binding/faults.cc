#include "faults.h"

namespace fp::binding {

Fault fault_of(Outcome outcome, const RunError& error) {
  if (outcome == Outcome::ok) return {};
  if (outcome == Outcome::bad_offset) {
    return {kBadOffset,
            double(error.instruction),
            {double(error.row), error.value, double(error.element), double(error.limit)}};
  }
  if (outcome == Outcome::bad_pair) {
    return {kBadPair,
            double(error.instruction),
            {double(error.row), error.value, double(error.limit), 0, double(error.element)}};
  }
  const FaultCode code = outcome == Outcome::bad_id ? kBadId : outcome == Outcome::not_finite ? kNotFinite : kNotExact;
  return {
      code, 0, {double(error.instruction), double(error.row), error.value, double(error.limit), double(error.element)}};
}

namespace {

bool fill(napi_env env, napi_value array, const Fault& fault) {
  const double* const f = fault.figures;
  const double numbers[] = {double(fault.code), fault.port, f[0], f[1], f[2], f[3], f[4]};
  uint32_t at = 0;
  for (const double number : numbers) {
    napi_value value;
    if (napi_create_double(env, number, &value) != napi_ok || napi_set_element(env, array, at++, value) != napi_ok) {
      return false;
    }
  }
  return true;
}

}  // namespace

napi_value array_of(napi_env env, const Fault& fault) {
  napi_value array;
  if (napi_create_array(env, &array) == napi_ok && fill(env, array, fault)) return array;
  return napi_create_array(env, &array) == napi_ok ? array : nullptr;
}

napi_value fail(napi_env env, const char* code, const char* reason) {
  napi_throw_error(env, code, reason);
  return nullptr;
}

}  // namespace fp::binding
