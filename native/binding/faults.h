// Why a call failed. Calls never throw: they return undefined when all went well, otherwise the array
// [fault, port, …figures], which lib/faults.ts puts into words.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>

#include "../engine.h"

namespace fp::binding {

// lib/faults.ts holds the same list.
enum FaultCode : int32_t {
  kDisposed = 1,
  kNotTypedArray = 2,  // port
  kWrongType = 3,      // port
  kShared = 4,         // port
  kDetached = 5,       // port
  kNotWholeRows = 6,   // port, elements, elements of a row
  kRowsDiffer = 7,     // port, rows, rows of the first input
  kOverlap = 8,        // port, other port
  kBadId = 9,          // 0, instruction, row, id, limit, element of the row
  kNoMemory = 10,
  kArguments = 11,    // 0, arguments given, arguments wanted
  kNotFinite = 12,    // 0, instruction, row, value, 0, element of the row
  kNotExact = 13,     // as kNotFinite
  kBadOffset = 14,    // port, the offset's place, found, least, most
  kBadPair = 15,      // port, row, id, limit, 0, the row's pair
  kPairsDiffer = 16,  // port, weights, ids
};

// With its figures.
struct Fault {
  int32_t code = 0;  // 0 while all is well
  double port = 0;
  double figures[5] = {};
};

inline Fault fault(FaultCode code, size_t port = 0, double a = 0, double b = 0) { return {code, double(port), {a, b}}; }

Fault fault_of(Outcome outcome, const RunError& error);

// The fault as an array, which is empty where there is no memory for the figures; null, if there is none for that.
napi_value array_of(napi_env env, const Fault& fault);

// What a call returns.
inline napi_value report(napi_env env, const Fault& fault) { return fault.code == 0 ? nullptr : array_of(env, fault); }

// What is not a call, and no hot path, throws instead: an Error with a code, which lib/engine/native.ts turns into a
// ForwardpassError. Where an exception is under way already, that one stays.
napi_value fail(napi_env env, const char* code, const char* reason);

}  // namespace fp::binding
