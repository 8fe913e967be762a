#include "calls.h"

#include "buffers.h"

namespace fp::binding {
namespace {

struct BoundCall {
  Model* model;
  size_t rows;
  Array<Input> inputs;
  Array<Output> outputs;
};

napi_value run_bound(napi_env env, napi_callback_info info) {
  void* data;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  const BoundCall& call = *static_cast<BoundCall*>(data);
  if (call.model->loaded == nullptr) return report(env, fault(kDisposed));
  RunError error;
  const Outcome outcome = call.model->run_now(call.inputs.data(), call.outputs.data(), call.rows, error);
  return report(env, fault_of(outcome, error));
}

void finalize_bound(napi_env env, void* data, void*) {
  BoundCall* const call = static_cast<BoundCall*>(data);
  release(env, call->model);
  destroy(call);
}

}  // namespace

napi_value run(napi_env env, napi_callback_info info) {
  Model* model;
  size_t rows;
  const Fault problem = open_call(env, info, model, rows);
  if (problem.code != 0) return report(env, problem);
  // Output arrays are often new.
  for (size_t i = 0; i < model->outputs.size(); i++) {
    const Output& output = model->outputs[i];
    const size_t width = model->loaded->ports[model->inputs.size() + i].width;
    prefer_huge_pages(output.data, rows * width * bytes_of(output.element));
  }
  RunError error;
  const Outcome outcome = model->run_now(model->inputs.data(), model->outputs.data(), rows, error);
  return report(env, fault_of(outcome, error));
}

napi_value bind(napi_env env, napi_callback_info info) {
  Model* model;
  size_t rows;
  const Fault problem = open_call(env, info, model, rows);
  if (problem.code != 0) return report(env, problem);

  BoundCall* const call = make<BoundCall>();
  if (call == nullptr || !call->inputs.allocate(model->inputs.size()) ||
      !call->outputs.allocate(model->outputs.size())) {
    destroy(call);
    return report(env, fault(kNoMemory));
  }
  call->model = model;
  call->rows = rows;
  for (size_t i = 0; i < model->inputs.size(); i++) {
    call->inputs[i] = model->inputs[i];
    call->inputs[i].all = false;
  }
  for (size_t i = 0; i < model->outputs.size(); i++) call->outputs[i] = model->outputs[i];
  napi_value function = nullptr;
  model->holders++;
  if (napi_create_function(env, "run", NAPI_AUTO_LENGTH, run_bound, call, &function) != napi_ok ||
      napi_add_finalizer(env, function, call, finalize_bound, nullptr, nullptr) != napi_ok) {
    finalize_bound(env, call, nullptr);
    return report(env, fault(kNoMemory));
  }
  return function;
}

}  // namespace fp::binding
