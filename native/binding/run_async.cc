#include <cstring>

#include "buffers.h"
#include "calls.h"

namespace fp::binding {
namespace {

struct Job {
  Loaded* loaded;            // held
  Environment* environment;  // held
  Pool* pool;                // held; null for one thread
  size_t threads;
  size_t rows;
  Array<Input> inputs;
  Array<Output> outputs;
  Array<size_t> output_bytes;
  Array<napi_ref> references;  // to the caller's output arrays
  Block memory;                // copies of the inputs, and memory for the outputs
  Array<char> table;
  Room values;
  Outcome outcome = Outcome::ok;
  RunError error = {};
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;

  void free(napi_env env) {
    for (napi_ref reference : references) {
      if (reference != nullptr) napi_delete_reference(env, reference);
    }
    if (work != nullptr) napi_delete_async_work(env, work);
    if (pool != nullptr) pool->release();
    const size_t bytes = loaded->engine.packed_bytes();
    if (environment->models > 0) environment->spares.put(static_cast<Block&&>(memory));
    if (Loaded::release(loaded)) environment->freed(bytes);
    environment->release();
    destroy(this);
  }
};

void execute_job(napi_env, void* data) {
  Job* const job = static_cast<Job*>(data);
  job->loaded->engine.prepare(job->table.data(), job->values.data(), job->threads);
  job->outcome = job->loaded->engine.run(job->table.data(), job->inputs.data(), job->outputs.data(), job->rows,
                                         job->error, job->threads, job->pool);
}

// Copies the results to the caller's arrays, unless one was detached or resized in the meantime.
Fault deliver(napi_env env, Job* job) {
  if (job->outcome != Outcome::ok) return fault_of(job->outcome, job->error);
  for (size_t i = 0; i < job->outputs.size(); i++) {
    napi_value array;
    napi_typedarray_type type;
    size_t length;
    void* data;
    if (napi_get_reference_value(env, job->references[i], &array) != napi_ok || array == nullptr ||
        napi_get_typedarray_info(env, array, &type, &length, &data, nullptr, nullptr) != napi_ok ||
        length * bytes_of(job->outputs[i].element) != job->output_bytes[i]) {
      return fault(kDetached, job->inputs.size() + i);
    }
    prefer_huge_pages(data, job->output_bytes[i]);
    if (job->output_bytes[i] > 0) std::memcpy(data, job->outputs[i].data, job->output_bytes[i]);
  }
  return {};
}

// Also called while the environment ends and nothing can be delivered any more: then every call below fails, and all
// that remains is to free the job.
void complete_job(napi_env env, napi_status status, void* data) {
  Job* const job = static_cast<Job*>(data);
  napi_handle_scope scope;
  if (status == napi_ok && napi_open_handle_scope(env, &scope) == napi_ok) {
    napi_value result = report(env, deliver(env, job));
    if (result == nullptr) napi_get_undefined(env, &result);
    napi_resolve_deferred(env, job->deferred, result);
    napi_close_handle_scope(env, scope);
  }
  job->free(env);
}

bool fill_job(napi_env env, const Model& model, size_t rows, Job* job) {
  const size_t input_count = model.inputs.size(), output_count = model.outputs.size();
  if (!job->inputs.allocate(input_count) || !job->outputs.allocate(output_count) ||
      !job->output_bytes.allocate(output_count) || !job->references.allocate(output_count)) {
    return false;
  }
  constexpr size_t line = cache_line_bytes;
  const auto bytes = [&](size_t port, Element element) {
    return rows * model.loaded->ports[port].width * bytes_of(element);
  };
  const auto room = [&](size_t count) { return (count + line - 1) / line * line; };
  const auto pairs = [&](size_t i, Element element) { return model.inputs[i].pairs * bytes_of(element); };
  const size_t offset_bytes = (rows + 1) * sizeof(int32_t);
  size_t total = 0;
  for (size_t i = 0; i < input_count; i++) {
    const Input& input = model.inputs[i];
    total += model.loaded->ports[i].ragged
                 ? room(pairs(i, input.element)) + room(pairs(i, input.weight_element)) + room(offset_bytes)
                 : room(bytes(i, input.element));
  }
  for (size_t i = 0; i < output_count; i++) {
    total += room(bytes(input_count + i, model.outputs[i].element));
  }
  const Engine& engine = job->loaded->engine;
  job->memory = job->environment->spares.take(total);
  if (job->memory.data() == nullptr || !job->table.allocate(engine.table_bytes(job->threads)) ||
      !job->values.allocate(engine.values_bytes(job->threads))) {
    return false;
  }

  char* at = job->memory.data();
  const auto copy = [&](const void* from, size_t count) {
    char* const to = at;
    if (count > 0) std::memcpy(to, from, count);
    at += room(count);
    return to;
  };
  for (size_t i = 0; i < input_count; i++) {
    Input& input = job->inputs[i];
    input = model.inputs[i];
    if (!model.loaded->ports[i].ragged) {
      input.data = copy(input.data, bytes(i, input.element));
      continue;
    }
    input.data = copy(input.data, pairs(i, input.element));
    if (input.weights != nullptr) input.weights = copy(input.weights, pairs(i, input.weight_element));
    input.offsets = reinterpret_cast<const int32_t*>(copy(input.offsets, offset_bytes));
  }
  for (size_t i = 0; i < output_count; i++) {
    job->output_bytes[i] = bytes(input_count + i, model.outputs[i].element);
    job->outputs[i] = {at, model.outputs[i].element};
    at += room(job->output_bytes[i]);
    const napi_value array = model.arguments[model.arguments.size() - output_count + i];
    if (napi_create_reference(env, array, 1, &job->references[i]) != napi_ok) return false;
  }
  return true;
}

}  // namespace

napi_value give_back(napi_env env, napi_callback_info) {
  if (Environment* const environment = Environment::of(env)) environment->spares.clear();
  return nullptr;
}

napi_value run_async(napi_env env, napi_callback_info info) {
  Model* model;
  size_t rows;
  const Fault problem = open_call(env, info, model, rows);
  if (problem.code != 0) return report(env, problem);

  Job* const job = make<Job>();
  if (job == nullptr) return report(env, fault(kNoMemory));
  job->loaded = model->loaded;
  job->loaded->retain();
  job->environment = model->environment;
  job->environment->holders++;
  job->pool = model->pool;
  if (job->pool != nullptr) job->pool->retain();
  job->threads = model->threads;
  job->rows = rows;
  napi_value name, promise;
  if (!fill_job(env, *model, rows, job) ||
      napi_create_string_utf8(env, "forwardpass", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_async_work(env, nullptr, name, execute_job, complete_job, job, &job->work) != napi_ok ||
      napi_create_promise(env, &job->deferred, &promise) != napi_ok ||
      napi_queue_async_work(env, job->work) != napi_ok) {
    // Settles a promise that nobody has seen, because it would never be freed otherwise.
    napi_value nothing;
    if (job->deferred != nullptr && napi_get_undefined(env, &nothing) == napi_ok) {
      napi_resolve_deferred(env, job->deferred, nothing);
    }
    job->free(env);
    return report(env, fault(kNoMemory));
  }
  return promise;
}

}  // namespace fp::binding
