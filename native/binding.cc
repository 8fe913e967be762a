// The addon: the only file that sees Node-API. It hands JavaScript three things: instructionSets(), create(), and the
// models that create() returns, each with its functions.
//
// Calls never throw. A model's functions return undefined when all went well, otherwise the array
// [fault, port, …figures], which lib/model.ts puts into words. What a function works on hangs on the function itself
// (its `data`), so that a call looks nothing up.
//
// node-addon-api registers the module; the rest uses the C functions of Node-API, each of which may fail: while a
// thread is being terminated, all that touch JavaScript do. The wrapper would then end the process, and it brings the
// C++ runtime library along.

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <cstring>

#include "arena.h"
#include "engine.h"
#include "kernels/registry.h"

namespace {

// Why a call failed. lib/faults.ts holds the same list.
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
  kArguments = 11,  // 0, arguments given, arguments wanted
  kNotFinite = 12,  // 0, instruction, row, value, 0, element of the row
};

// ---------------------------------------------------------------------------------------------------------------
// A loaded model. Counted: the functions of the model, its bound calls and its work in flight each hold it; the
// engine within lives until dispose() and the last work.

struct Loaded {
  fp::Engine engine;
  size_t threads = 1;
  fp::Pool* pool = nullptr;  // held; null for one thread
  std::atomic<int> holders{1};

  ~Loaded() {
    if (pool != nullptr) pool->release();
  }
  fp::Outcome run(void* table, const fp::Input* inputs, const fp::Output* outputs, size_t rows,
                  fp::RunError& error) const {
    return engine.run(table, inputs, outputs, rows, error, threads, pool);
  }

  static void release(Loaded* loaded) {
    if (loaded != nullptr && loaded->holders.fetch_sub(1) == 1) fp::destroy(loaded);
  }
};

// What the models of one environment share: threads, from the first model on that asks for more than one, and the
// room for values, since only one of them runs at a time on its thread.
// Counted: the environment's own end may come before that of its last model.
struct Environment {
  fp::Pool* pool = nullptr;
  fp::Array<char> values;
  napi_ref model_class = nullptr;
  size_t holders = 1;
  size_t models = 0;        // not disposed of
  size_t loaded_bytes = 0;  // of their engines
  size_t freed_bytes = 0;   // since memory was last given back

  ~Environment() {
    if (pool != nullptr) pool->release();
  }
  void release() {
    if (--holders == 0) fp::destroy(this);
  }
  static void finalize(napi_env, void* data, void*) { static_cast<Environment*>(data)->release(); }
  // Null when there was no memory for it.
  static Environment* of(napi_env env) {
    void* data = nullptr;
    return napi_get_instance_data(env, &data) == napi_ok ? static_cast<Environment*>(data) : nullptr;
  }

  // Held for the caller; null when there is no memory, and then there is one thread.
  fp::Pool* hold_pool() {
    if (pool == nullptr) pool = fp::Pool::create();
    if (pool != nullptr) pool->retain();
    return pool;
  }
  // A larger room takes the place of the one before: tables that name that one must be prepared anew.
  bool have_room(size_t bytes) {
    if (bytes <= values.size()) return true;
    fp::Array<char> larger;
    if (!larger.allocate(bytes)) return false;
    values = static_cast<fp::Array<char>&&>(larger);
    return true;
  }
  void add_model(size_t bytes) {
    holders++;
    models++;
    loaded_bytes += bytes;
  }
  void remove_model(size_t bytes) {
    if (--models == 0) values = {};
    loaded_bytes -= bytes;
    freed(bytes);
  }
  // Giving memory back takes a while, however little was freed: only when it is worth that.
  void freed(size_t bytes) {
    constexpr size_t least_bytes = 1 << 20;
    freed_bytes += bytes;
    if (freed_bytes < least_bytes || freed_bytes < loaded_bytes / 4) return;
    freed_bytes = 0;
    fp::give_back_memory();
  }
};

struct Port {
  size_t width;
  bool integers;  // arrays of them are welcome
};

// What the functions of one model share, within one environment.
struct Model {
  Loaded* loaded = nullptr;  // null once disposed
  int holders = 0;        // the JavaScript object and the functions that have not been collected, bound calls included
  size_t bytes = 0;       // of the engine
  fp::Array<Port> ports;  // inputs, then outputs
  size_t input_count = 0;
  fp::Array<char> table;
  const char* prepared_for = nullptr;  // where the table says the values are
  Environment* environment = nullptr;  // held
  // Room for one call at a time, so that a call allocates nothing.
  fp::Array<napi_value> arguments;
  fp::Array<fp::Input> inputs;
  fp::Array<fp::Output> outputs;

  size_t output_count() const { return ports.size() - input_count; }

  fp::Outcome run_now(const fp::Input* in, const fp::Output* out, size_t rows, fp::RunError& error) {
    char* const values = environment->values.data();
    if (values != prepared_for) {
      loaded->engine.prepare(table.data(), values, loaded->threads);
      prepared_for = values;
    }
    return loaded->run(table.data(), in, out, rows, error);
  }
};

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
  fp::destroy(model);
}

// Why a call failed, with its figures.
struct Fault {
  int32_t code = 0;  // 0 while all is well
  double port = 0;
  double figures[5] = {};
};

Fault fault(FaultCode code, size_t port = 0, double a = 0, double b = 0) { return {code, double(port), {a, b}}; }

Fault fault_of(fp::Outcome outcome, const fp::RunError& error) {
  if (outcome == fp::Outcome::ok) return {};
  const FaultCode code = outcome == fp::Outcome::bad_id ? kBadId : kNotFinite;
  return {
      code, 0, {double(error.instruction), double(error.row), error.value, double(error.limit), double(error.element)}};
}

// What a call returns: undefined when all went well, otherwise the fault as an array.
napi_value report(napi_env env, const Fault& fault) {
  if (fault.code == 0) return nullptr;
  const double* const f = fault.figures;
  const double numbers[] = {double(fault.code), fault.port, f[0], f[1], f[2], f[3], f[4]};
  constexpr uint32_t count = sizeof numbers / sizeof *numbers;
  napi_value array;
  if (napi_create_array_with_length(env, count, &array) != napi_ok) return nullptr;
  for (uint32_t i = 0; i < count; i++) {
    napi_value number;
    if (napi_create_double(env, numbers[i], &number) != napi_ok) return nullptr;
    napi_set_element(env, array, i, number);
  }
  return array;
}

// ---------------------------------------------------------------------------------------------------------------
// Buffers

// Node-API leaves the type as it was where it knows none for an array, such as one of half precision on older Node.
constexpr napi_typedarray_type unknown_array = napi_uint8_clamped_array;

bool element_of(napi_typedarray_type type, bool integers, fp::Element& element) {
  const auto is = [&](fp::Element found, bool welcome) {
    element = found;
    return welcome;
  };
  switch (type) {
    case napi_float32_array:
      return is(fp::Element::f32, true);
    case napi_float64_array:
      return is(fp::Element::f64, true);
    case napi_int8_array:
      return is(fp::Element::i8, integers);
    case napi_uint8_array:
      return is(fp::Element::u8, integers);
    case napi_int16_array:
      return is(fp::Element::i16, integers);
    case napi_uint16_array:
      return is(fp::Element::u16, integers);
    case napi_int32_array:
      return is(fp::Element::i32, integers);
    case napi_uint32_array:
      return is(fp::Element::u32, integers);
    case napi_bigint64_array:
      return is(fp::Element::i64, integers);
    case napi_biguint64_array:
      return is(fp::Element::u64, integers);
    default:
      return false;
  }
}

size_t bytes_of(fp::Element element) {
  switch (element) {
    case fp::Element::i8:
    case fp::Element::u8:
      return 1;
    case fp::Element::i16:
    case fp::Element::u16:
      return 2;
    case fp::Element::f32:
    case fp::Element::i32:
    case fp::Element::u32:
      return 4;
    case fp::Element::f64:
    case fp::Element::i64:
    case fp::Element::u64:
      break;
  }
  return 8;
}

struct Buffer {
  char* data;
  size_t bytes;
  fp::Element element;
  size_t rows;
};

// Looks at a typed array; a fault when it does not serve.
Fault look_at(napi_env env, const Model& model, size_t port, napi_value value, Buffer& buffer) {
  napi_typedarray_type type = unknown_array;
  size_t length;
  void* data;
  napi_value array_buffer;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, &array_buffer, nullptr) != napi_ok) {
    return fault(kNotTypedArray, port);
  }
  if (!element_of(type, model.ports[port].integers, buffer.element)) return fault(kWrongType, port);
  bool plain = false;
  if (napi_is_arraybuffer(env, array_buffer, &plain) != napi_ok || !plain) return fault(kShared, port);
  if (length == 0) {
    bool detached = false;
    if (napi_is_detached_arraybuffer(env, array_buffer, &detached) != napi_ok || detached) {
      return fault(kDetached, port);
    }
  }
  const size_t width = model.ports[port].width;
  buffer.rows = length / width;
  if (buffer.rows * width != length) return fault(kNotWholeRows, port, double(length), double(width));
  buffer.data = static_cast<char*>(data);
  buffer.bytes = length * bytes_of(buffer.element);
  return {};
}

const char* data_of(const Model& model, size_t port, fp::Element& element) {
  if (port < model.input_count) {
    element = model.inputs[port].element;
    return static_cast<const char*>(model.inputs[port].data);
  }
  const fp::Output& output = model.outputs[port - model.input_count];
  element = output.element;
  return static_cast<const char*>(output.data);
}

// Fills model.inputs and model.outputs from the arguments of a call.
Fault take_arguments(napi_env env, Model& model, size_t& rows) {
  for (size_t port = 0; port < model.ports.size(); port++) {
    Buffer buffer;
    const Fault problem = look_at(env, model, port, model.arguments[port], buffer);
    if (problem.code != 0) return problem;
    if (port == 0) rows = buffer.rows;
    if (buffer.rows != rows) return fault(kRowsDiffer, port, double(buffer.rows), double(rows));
    if (port < model.input_count) {
      model.inputs[port] = {buffer.data, buffer.element};
      continue;
    }
    for (size_t other = 0; other < port; other++) {
      fp::Element element;
      const char* const from = data_of(model, other, element);
      const char* const to = from + rows * model.ports[other].width * bytes_of(element);
      if (buffer.data < to && from < buffer.data + buffer.bytes) return fault(kOverlap, port, double(other));
    }
    model.outputs[port - model.input_count] = {buffer.data, buffer.element};
  }
  return {};
}

// The model behind a call, its arguments taken: one typed array for each port.
Fault open_call(napi_env env, napi_callback_info info, Model*& model, size_t& rows) {
  constexpr size_t usual = 4;
  napi_value arguments[usual];
  size_t count = usual;
  void* data;
  napi_get_cb_info(env, info, &count, arguments, nullptr, &data);
  model = static_cast<Model*>(data);
  if (model->loaded == nullptr) return fault(kDisposed);
  const size_t wanted = model->ports.size();
  if (count != wanted) return fault(kArguments, 0, double(count), double(wanted));
  if (count <= usual) {
    for (size_t i = 0; i < count; i++) model->arguments[i] = arguments[i];
  } else {
    napi_get_cb_info(env, info, &count, model->arguments.data(), nullptr, nullptr);
  }
  return take_arguments(env, *model, rows);
}

// ---------------------------------------------------------------------------------------------------------------
// run(inputs…, outputs…)

napi_value run(napi_env env, napi_callback_info info) {
  Model* model;
  size_t rows;
  const Fault problem = open_call(env, info, model, rows);
  if (problem.code != 0) return report(env, problem);
  fp::RunError error;
  const fp::Outcome outcome = model->run_now(model->inputs.data(), model->outputs.data(), rows, error);
  return report(env, fault_of(outcome, error));
}

// ---------------------------------------------------------------------------------------------------------------
// bind(inputs…, outputs…): a function without arguments that runs over these very buffers. The caller (lib/model.ts)
// keeps them alive, and sees to it that none of them was detached since. References from here would do no more: they
// would keep a buffer for ever that leads back to the function.

struct BoundCall {
  Model* model;
  size_t rows;
  fp::Array<fp::Input> inputs;
  fp::Array<fp::Output> outputs;
};

napi_value run_bound(napi_env env, napi_callback_info info) {
  void* data;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  const BoundCall& call = *static_cast<BoundCall*>(data);
  if (call.model->loaded == nullptr) return report(env, fault(kDisposed));
  fp::RunError error;
  const fp::Outcome outcome = call.model->run_now(call.inputs.data(), call.outputs.data(), call.rows, error);
  return report(env, fault_of(outcome, error));
}

void finalize_bound(napi_env env, void* data, void*) {
  BoundCall* const call = static_cast<BoundCall*>(data);
  release(env, call->model);
  fp::destroy(call);
}

napi_value bind(napi_env env, napi_callback_info info) {
  Model* model;
  size_t rows;
  const Fault problem = open_call(env, info, model, rows);
  if (problem.code != 0) return report(env, problem);

  BoundCall* const call = fp::make<BoundCall>();
  if (call == nullptr || !call->inputs.allocate(model->input_count) || !call->outputs.allocate(model->output_count())) {
    fp::destroy(call);
    return report(env, fault(kNoMemory));
  }
  call->model = model;
  call->rows = rows;
  for (size_t i = 0; i < model->input_count; i++) call->inputs[i] = model->inputs[i];
  for (size_t i = 0; i < model->output_count(); i++) call->outputs[i] = model->outputs[i];
  napi_value function = nullptr;
  model->holders++;
  if (napi_create_function(env, "run", NAPI_AUTO_LENGTH, run_bound, call, &function) != napi_ok ||
      napi_add_finalizer(env, function, call, finalize_bound, nullptr, nullptr) != napi_ok) {
    finalize_bound(env, call, nullptr);
    return report(env, fault(kNoMemory));
  }
  return function;
}

// ---------------------------------------------------------------------------------------------------------------
// runAsync(inputs…, outputs…): a promise of what run() returns. Inputs are copied now, outputs written at the end,
// so that no other thread ever holds a pointer into a JavaScript buffer.

struct Job {
  Loaded* loaded;
  size_t rows;
  fp::Array<fp::Input> inputs;
  fp::Array<fp::Output> outputs;
  fp::Array<size_t> output_bytes;
  fp::Array<napi_ref> references;  // of the caller's output arrays
  fp::Array<char> memory;          // copies of the inputs, room for the outputs
  fp::Array<char> table, values;
  fp::Outcome outcome = fp::Outcome::ok;
  fp::RunError error = {};
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;

  void free(napi_env env) {
    for (napi_ref reference : references) {
      if (reference != nullptr) napi_delete_reference(env, reference);
    }
    if (work != nullptr) napi_delete_async_work(env, work);
    Loaded::release(loaded);
    fp::destroy(this);
  }
};

void execute_job(napi_env, void* data) {
  Job* const job = static_cast<Job*>(data);
  job->loaded->engine.prepare(job->table.data(), job->values.data(), job->loaded->threads);
  job->outcome = job->loaded->run(job->table.data(), job->inputs.data(), job->outputs.data(), job->rows, job->error);
}

// Copies the results to the caller's arrays, unless one was detached or resized in the meantime.
Fault deliver(napi_env env, Job* job) {
  if (job->outcome != fp::Outcome::ok) return fault_of(job->outcome, job->error);
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
    if (job->output_bytes[i] > 0) std::memcpy(data, job->outputs[i].data, job->output_bytes[i]);
  }
  return {};
}

// Also called while the environment ends, when nothing can be delivered any more: then every call below fails, and
// what remains is to free the job.
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
  if (!job->inputs.allocate(model.input_count) || !job->outputs.allocate(model.output_count()) ||
      !job->output_bytes.allocate(model.output_count()) || !job->references.allocate(model.output_count())) {
    return false;
  }
  constexpr size_t line = fp::cache_line_bytes;
  const auto bytes = [&](size_t port, fp::Element element) {
    return rows * model.ports[port].width * bytes_of(element);
  };
  const auto room = [&](size_t count) { return (count + line - 1) / line * line; };
  size_t total = 0;
  for (size_t i = 0; i < model.input_count; i++) total += room(bytes(i, model.inputs[i].element));
  for (size_t i = 0; i < model.output_count(); i++) {
    total += room(bytes(model.input_count + i, model.outputs[i].element));
  }
  const fp::Engine& engine = job->loaded->engine;
  const size_t threads = job->loaded->threads;
  if (!job->memory.allocate(total) || !job->table.allocate(engine.table_bytes(threads)) ||
      !job->values.allocate(engine.values_bytes(threads))) {
    return false;
  }

  char* at = job->memory.data();
  for (size_t i = 0; i < model.input_count; i++) {
    const size_t count = bytes(i, model.inputs[i].element);
    if (count > 0) std::memcpy(at, model.inputs[i].data, count);
    job->inputs[i] = {at, model.inputs[i].element};
    at += room(count);
  }
  for (size_t i = 0; i < model.output_count(); i++) {
    job->output_bytes[i] = bytes(model.input_count + i, model.outputs[i].element);
    job->outputs[i] = {at, model.outputs[i].element};
    at += room(job->output_bytes[i]);
    const napi_value array = model.arguments[model.input_count + i];
    if (napi_create_reference(env, array, 1, &job->references[i]) != napi_ok) return false;
  }
  return true;
}

napi_value run_async(napi_env env, napi_callback_info info) {
  Model* model;
  size_t rows;
  const Fault problem = open_call(env, info, model, rows);
  if (problem.code != 0) return report(env, problem);

  Job* const job = fp::make<Job>();
  if (job == nullptr) return report(env, fault(kNoMemory));
  job->loaded = model->loaded;
  job->loaded->holders.fetch_add(1);
  job->rows = rows;
  napi_value name, promise;
  if (!fill_job(env, *model, rows, job) ||
      napi_create_string_utf8(env, "forwardpass", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_async_work(env, nullptr, name, execute_job, complete_job, job, &job->work) != napi_ok ||
      napi_create_promise(env, &job->deferred, &promise) != napi_ok ||
      napi_queue_async_work(env, job->work) != napi_ok) {
    job->free(env);
    return report(env, fault(kNoMemory));
  }
  return promise;
}

// ---------------------------------------------------------------------------------------------------------------
// The class of models. Each of its functions works on one model, and is made when it is first asked for: a function
// takes a kilobyte, and of ten thousand models most are run in one way at the most.

void finalize_holder(napi_env env, void* data, void*) { release(env, static_cast<Model*>(data)); }

struct Function {
  const char* name;
  napi_callback callback;
};
constexpr Function functions[] = {{"run", run}, {"bind", bind}, {"runAsync", run_async}};

// The model of a call's `this`; null for an object that create() did not make.
Model* this_model(napi_env env, napi_callback_info info, napi_value& object, void** data) {
  void* model = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, &object, data);
  return napi_unwrap(env, object, &model) == napi_ok ? static_cast<Model*>(model) : nullptr;
}

napi_value get_function(napi_env env, napi_callback_info info) {
  napi_value object, value;
  void* data;
  Model* const model = this_model(env, info, object, &data);
  if (model == nullptr) return nullptr;
  const Function& function = *static_cast<const Function*>(data);
  if (napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.callback, model, &value) != napi_ok ||
      napi_add_finalizer(env, value, model, finalize_holder, nullptr, nullptr) != napi_ok) {
    return nullptr;
  }
  model->holders++;
  const napi_property_descriptor own = {function.name,           nullptr, nullptr, nullptr, nullptr, value,
                                        napi_default_jsproperty, nullptr};
  napi_define_properties(env, object, 1, &own);
  return value;
}

napi_value dispose_model(napi_env env, napi_callback_info info) {
  napi_value object;
  Model* const model = this_model(env, info, object, nullptr);
  if (model != nullptr) dispose(env, model);
  return nullptr;
}

napi_value construct(napi_env env, napi_callback_info info) {
  napi_value object = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, &object, nullptr);
  return object;
}

void define_model_class(napi_env env, napi_ref& reference) {
  constexpr size_t count = sizeof functions / sizeof *functions;
  napi_property_descriptor properties[count + 1] = {};
  for (size_t i = 0; i < count; i++) {
    properties[i].utf8name = functions[i].name;
    properties[i].getter = get_function;
    properties[i].data = const_cast<Function*>(&functions[i]);
  }
  properties[count].utf8name = "dispose";
  properties[count].method = dispose_model;
  napi_value constructor;
  if (napi_define_class(env, "NativeModel", NAPI_AUTO_LENGTH, construct, nullptr, count + 1, properties,
                        &constructor) == napi_ok) {
    napi_create_reference(env, constructor, 1, &reference);
  }
}

// ---------------------------------------------------------------------------------------------------------------
// create(words, parameters, isa, integers, threads): a model.

// An Error with a code, thrown: create() is no hot path, and lib/native.ts turns it into a ForwardpassError. Where an
// exception is under way already, that one stays.
napi_value fail(napi_env env, const char* code, const char* reason) {
  napi_throw_error(env, code, reason);
  return nullptr;
}

// The elements of a list. False, with an exception, when it is none or there is no memory, or a getter of its threw.
bool take_list(napi_env env, napi_value list, fp::Array<napi_value>& values) {
  uint32_t count;
  if (napi_get_array_length(env, list, &count) != napi_ok) {
    fail(env, "PLAN", "create() takes lists of parameters and of flags");
    return false;
  }
  if (!values.allocate(count)) {
    fail(env, "MEMORY", "no memory for the list of parameters");
    return false;
  }
  for (uint32_t i = 0; i < count; i++) {
    if (napi_get_element(env, list, i, &values[i]) != napi_ok) return false;
  }
  return true;
}

// A typed array of that type whose memory no other thread can change. False when it is anything else.
bool take_array(napi_env env, napi_value value, napi_typedarray_type type, const void*& data, size_t& length) {
  static const double nothing = 0;
  napi_typedarray_type found = unknown_array;
  void* elements;
  napi_value array_buffer;
  bool plain = false;
  if (napi_get_typedarray_info(env, value, &found, &length, &elements, &array_buffer, nullptr) != napi_ok ||
      found != type || napi_is_arraybuffer(env, array_buffer, &plain) != napi_ok || !plain) {
    return false;
  }
  data = length > 0 ? elements : &nothing;
  return true;
}

// `integers` has a flag for each port; ports beyond them take floats alone.
bool fill_model(napi_env env, Model& model, const fp::Array<napi_value>& integers) {
  const fp::Engine& engine = model.loaded->engine;
  const size_t inputs = engine.input_widths().size(), outputs = engine.output_widths().size();
  if (!model.ports.allocate(inputs + outputs) || !model.arguments.allocate(inputs + outputs) ||
      !model.inputs.allocate(inputs) || !model.outputs.allocate(outputs) ||
      !model.table.allocate(engine.table_bytes(model.loaded->threads)) ||
      !model.environment->have_room(engine.values_bytes(model.loaded->threads))) {
    return false;
  }
  model.input_count = inputs;
  for (size_t i = 0; i < inputs + outputs; i++) {
    const size_t width = i < inputs ? engine.input_widths()[i] : engine.output_widths()[i - inputs];
    bool flag = false;
    if (i < integers.size()) napi_get_value_bool(env, integers[i], &flag);
    model.ports[i] = {width, flag};
  }
  model.bytes = engine.packed_bytes();
  return true;
}

napi_value create(napi_env env, napi_callback_info info) {
  napi_value arguments[5];
  size_t count = 5;
  char name[16];
  double threads;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok ||
      napi_get_value_string_utf8(env, arguments[2], name, sizeof name, nullptr) != napi_ok ||
      napi_get_value_double(env, arguments[4], &threads) != napi_ok) {
    return fail(env, "PLAN", "create() takes words, parameters, an instruction set, flags and a number of threads");
  }
  const fp::InstructionSet* const set = fp::find_instruction_set(name);
  if (set == nullptr) return fail(env, "ISA", "the instruction set is not available");

  // First all that may run JavaScript, then the memory of the arrays, which it could have pulled away.
  fp::Array<napi_value> arrays, integers;
  if (!take_list(env, arguments[1], arrays) || !take_list(env, arguments[3], integers)) return nullptr;
  fp::Array<fp::Parameter> parameters;
  if (!parameters.allocate(arrays.size())) return fail(env, "MEMORY", "no memory for the list of parameters");
  const void* data;
  size_t word_count;
  if (!take_array(env, arguments[0], napi_int32_array, data, word_count)) {
    return fail(env, "PLAN", "the words are not an Int32Array of their own memory");
  }
  const int32_t* const words = static_cast<const int32_t*>(data);
  const bool f64 = word_count > 1 && words[1] == int32_t(fp::Precision::f64);
  for (size_t i = 0; i < arrays.size(); i++) {
    fp::Parameter& parameter = parameters[i];
    if (!take_array(env, arrays[i], f64 ? napi_float64_array : napi_float32_array, parameter.data, parameter.count)) {
      return fail(env, "PLAN", "a parameter array is not of the plan's precision");
    }
  }

  Environment* const environment = Environment::of(env);
  Model* const model = fp::make<Model>();
  if (model == nullptr || environment == nullptr) {
    fp::destroy(model);
    return fail(env, "MEMORY", "no memory for the model");
  }
  model->environment = environment;
  model->loaded = fp::make<Loaded>();
  const fp::Plan plan = {words, word_count, parameters.data(), parameters.size()};
  fp::PlanError error = {};
  const auto status =
      model->loaded == nullptr ? fp::Engine::Status::out_of_memory : model->loaded->engine.create(plan, *set, error);
  if (status == fp::Engine::Status::ok && threads > 1) {
    model->loaded->threads = threads < double(fp::Pool::most_threads) ? size_t(threads) : fp::Pool::most_threads;
    model->loaded->pool = environment->hold_pool();
  }
  if (status != fp::Engine::Status::ok || !fill_model(env, *model, integers)) {
    Loaded::release(model->loaded);
    fp::destroy(model);
    return status == fp::Engine::Status::invalid_plan ? fail(env, "PLAN", error.reason)
                                                      : fail(env, "MEMORY", "no memory for the packed model");
  }

  environment->add_model(model->bytes);
  int64_t ignored;
  napi_adjust_external_memory(env, int64_t(model->bytes), &ignored);
  napi_value constructor, object = nullptr;
  model->holders++;
  if (napi_get_reference_value(env, environment->model_class, &constructor) == napi_ok &&
      napi_new_instance(env, constructor, 0, nullptr, &object) == napi_ok &&
      napi_wrap(env, object, model, finalize_holder, nullptr, nullptr) == napi_ok) {
    return object;
  }
  release(env, model);
  return fail(env, "MEMORY", "no memory for the model's object");
}

napi_value instruction_sets(napi_env env, napi_callback_info) {
  napi_value names;
  if (napi_create_array(env, &names) != napi_ok) return nullptr;
  uint32_t count = 0;
  for (size_t i = 0; i < fp::instruction_set_count; i++) {
    const fp::InstructionSet& set = fp::instruction_sets[i];
    napi_value name;
    if (!set.available()) continue;
    if (napi_create_string_utf8(env, set.name, NAPI_AUTO_LENGTH, &name) != napi_ok) return nullptr;
    napi_set_element(env, names, count++, name);
  }
  return names;
}

void export_function(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) != napi_ok) return;
  napi_set_named_property(env, exports, name, function);
}

}  // namespace

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  Environment* const environment = fp::make<Environment>();
  // What fails here is found missing by create().
  if (environment != nullptr && napi_set_instance_data(env, environment, Environment::finalize, nullptr) != napi_ok) {
    fp::destroy(environment);
  } else if (environment != nullptr) {
    define_model_class(env, environment->model_class);
  }
  export_function(env, exports, "instructionSets", instruction_sets);
  export_function(env, exports, "create", create);
  return exports;
}

NODE_API_MODULE(forwardpass, init)
