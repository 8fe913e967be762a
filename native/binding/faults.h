// Why a call failed. Calls never throw: they return undefined on success, otherwise the array [fault, port, …figures],
// which lib/faults.ts turns into a message.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>

#include "../engine.h"

namespace fp::binding {

// lib/faults.ts has the same list.
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
  kBadOffset = 14,    // port, index of the offset, found, least, most
  kBadPair = 15,      // port, row, id, limit, 0, the pair's index in the row
  kPairsDiffer = 16,  // port, weights, ids
};

// A fault with its figures.
struct Fault {
  int32_t code = 0;  // 0 on success
  double port = 0;
  double figures[5] = {};
};

inline Fault fault(FaultCode code, size_t port = 0, double a = 0, double b = 0) { return {code, double(port), {a, b}}; }

Fault fault_of(Outcome outcome, const RunError& error);

// The fault as an array, which is empty if there is not enough memory for the figures; null if there is not enough for
// the array.
napi_value array_of(napi_env env, const Fault& fault);

// The return value of a call.
inline napi_value report(napi_env env, const Fault& fault) { return fault.code == 0 ? nullptr : array_of(env, fault); }

// Functions that are not calls, and not hot paths, throw instead: an Error with a code, which lib/engine/native.ts
// turns into a ForwardpassError. An exception that is already pending is kept.
napi_value fail(napi_env env, const char* code, const char* reason);

}  // namespace fp::binding
