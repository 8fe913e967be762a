// A model as one environment has it.
#pragma once

#include <node_api.h>

#include <cstddef>

#include "../arena.h"
#include "../loaded.h"
#include "environment.h"

namespace fp::binding {

// What the functions of one model share. Counted: the JavaScript object and each of the functions, bound calls
// included, hold it.
struct Model {
  Loaded* loaded = nullptr;  // held; null once disposed of
  int holders = 0;           // those that have not been collected
  size_t bytes = 0;          // of the engine
  bool told = false;         // whether this environment's collector was told of them
  size_t threads = 1;
  Pool* pool = nullptr;  // held; null for one thread
  Array<char> table;
  const char* prepared_for = nullptr;  // where the table says the values are
  Environment* environment = nullptr;  // held
  // Room for one call at a time, so that a call allocates nothing.
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

// A model that takes over the caller's hold on `loaded`. Null when there is no memory, and the hold is then let go.
Model* make_model(napi_env env, Loaded* loaded, double threads);
// Lets go of the engine, which ends unless another model or work in flight holds it.
void dispose(napi_env env, Model* model);
// For one of the model's holders.
void release(napi_env env, Model* model);

}  // namespace fp::binding
