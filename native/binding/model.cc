#include "model.h"

#include <cstdint>

namespace fp::binding {

void dispose(napi_env env, Model* model) {
  if (model->loaded == nullptr) return;
  Loaded::release(model->loaded);
  model->loaded = nullptr;
  model->table = {};
  model->environment->remove_model(model->bytes);
  int64_t ignored;
  napi_adjust_external_memory(env, -int64_t(model->bytes), &ignored);
}

void release(napi_env env, Model* model) {
  if (--model->holders > 0) return;
  dispose(env, model);
  constexpr size_t usual_bytes = 1 << 10;  // of a model without its engine, with what Node keeps of it
  model->environment->freed(usual_bytes);
  model->environment->release();
  destroy(model);
}

}  // namespace fp::binding
