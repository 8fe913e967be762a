#include "model.h"

#include <cstdint>

namespace fp::binding {
namespace {

bool fill(Model& model, double threads) {
  const Loaded& loaded = *model.loaded;
  const size_t outputs = loaded.ports.size() - loaded.input_count;
  model.bytes = loaded.engine.packed_bytes();
  if (threads > 1) {
    model.threads = threads < double(Pool::most_threads) ? size_t(threads) : Pool::most_threads;
    model.pool = model.environment->hold_pool();
  }
  return model.arguments.allocate(loaded.argument_count) && model.inputs.allocate(loaded.input_count) &&
         model.outputs.allocate(outputs) && model.table.allocate(loaded.engine.table_bytes(model.threads)) &&
         model.environment->have_room(loaded.engine.values_bytes(model.threads));
}

void report_bytes(napi_env env, int64_t bytes) {
  int64_t ignored;
  napi_adjust_external_memory(env, bytes, &ignored);
}

}  // namespace

Model* make_model(napi_env env, Loaded* loaded, double threads) {
  Environment* const environment = Environment::of(env);
  Model* const model = environment != nullptr ? make<Model>() : nullptr;
  if (model != nullptr) {
    model->environment = environment;
    model->loaded = loaded;
  }
  if (model == nullptr || !fill(*model, threads)) {
    Loaded::release(loaded);
    destroy(model);
    return nullptr;
  }
  environment->add_model(model->bytes);
  // The bytes exist once, however many models use them: the first model reports them to its garbage collector.
  model->reported = !loaded->reported.exchange(true);
  if (model->reported) report_bytes(env, int64_t(model->bytes));
  return model;
}

void dispose(napi_env env, Model* model) {
  if (model->loaded == nullptr) return;
  if (model->reported) {
    model->loaded->reported = false;
    report_bytes(env, -int64_t(model->bytes));
  }
  const bool ended = Loaded::release(model->loaded);
  model->loaded = nullptr;
  model->table = {};
  model->environment->remove_model(model->bytes);
  if (ended) model->environment->freed(model->bytes);
}

void release(napi_env env, Model* model) {
  if (--model->holders > 0) return;
  dispose(env, model);
  constexpr size_t usual_bytes = 1 << 10;  // of a model without its engine, including Node's own data for it
  model->environment->freed(usual_bytes);
  model->environment->release();
  destroy(model);
}

}  // namespace fp::binding
