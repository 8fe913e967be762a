// A model in one environment.
#pragma once

#include <node_api.h>

#include <cstddef>

#include "../arena.h"
#include "../loaded.h"
#include "environment.h"

namespace fp::binding {

// What the functions of one model share. Reference-counted: the JavaScript object and each of the functions, including
// bound calls, hold it.
struct Model {
  Loaded* loaded = nullptr;  // held; null once disposed of
  int holders = 0;           // that have not been collected
  size_t bytes = 0;          // of the engine
  bool reported = false;     // whether they are known to this environment's garbage collector
  size_t threads = 1;
  Pool* pool = nullptr;  // held; null for one thread
  Array<char> table;
  const char* prepared_for = nullptr;  // where the values are according to the table
  Environment* environment = nullptr;  // held
  // Memory for one call at a time, so that calls allocate nothing.
  Array<napi_value> arguments;
  Array<Input> inputs;
  Array<Output> outputs;

  ~Model() {
    if (pool != nullptr) pool->release();
  }

  Outcome run_now(const Input* in, const Output* out, size_t rows, RunError& error) {
    char* const values = environment->values.data();
    if (values != prepared_for) {
      loaded->engine.prepare(table.data(), values, threads);
      prepared_for = values;
    }
    return loaded->engine.run(table.data(), in, out, rows, error, threads, pool);
  }
};

// A model that takes over the caller's hold on `loaded`. Null if there is not enough memory; the hold is then released.
Model* make_model(napi_env env, Loaded* loaded, double threads);
// Releases the engine, which is freed unless another model or a run in progress holds it.
void dispose(napi_env env, Model* model);
// Releases the model for one of its holders.
void release(napi_env env, Model* model);

}  // namespace fp::binding
