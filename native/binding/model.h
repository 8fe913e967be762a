// A model as one environment has it, and what of it is counted.
#pragma once

#include <node_api.h>

#include <atomic>
#include <cstddef>

#include "../arena.h"
#include "../engine.h"
#include "environment.h"

namespace fp::binding {

// A loaded model. Counted: the functions of the model, its bound calls and its work in flight each hold it; the
// engine within lives until dispose() and the last work.
struct Loaded {
  Engine engine;
  size_t threads = 1;
  Pool* pool = nullptr;  // held; null for one thread
  std::atomic<int> holders{1};

  ~Loaded() {
    if (pool != nullptr) pool->release();
  }
  Outcome run(void* table, const Input* inputs, const Output* outputs, size_t rows, RunError& error) const {
    return engine.run(table, inputs, outputs, rows, error, threads, pool);
  }

  static void release(Loaded* loaded) {
    if (loaded != nullptr && loaded->holders.fetch_sub(1) == 1) destroy(loaded);
  }
};

struct Port {
  size_t width;
  bool integers;  // arrays of them are welcome
};

// What the functions of one model share, within one environment.
struct Model {
  Loaded* loaded = nullptr;  // null once disposed
  int holders = 0;    // the JavaScript object and the functions that have not been collected, bound calls included
  size_t bytes = 0;   // of the engine
  Array<Port> ports;  // inputs, then outputs
  size_t input_count = 0;
  Array<char> table;
  const char* prepared_for = nullptr;  // where the table says the values are
  Environment* environment = nullptr;  // held
  // Room for one call at a time, so that a call allocates nothing.
  Array<napi_value> arguments;
  Array<Input> inputs;
  Array<Output> outputs;

  size_t output_count() const { return ports.size() - input_count; }

  Outcome run_now(const Input* in, const Output* out, size_t rows, RunError& error) {
    char* const values = environment->values.data();
    if (values != prepared_for) {
      loaded->engine.prepare(table.data(), values, loaded->threads);
      prepared_for = values;
    }
    return loaded->run(table.data(), in, out, rows, error);
  }
};

// Ends the engine, unless work in flight still holds it.
void dispose(napi_env env, Model* model);
// For one of the model's holders.
void release(napi_env env, Model* model);

}  // namespace fp::binding
