// The addon for learning: create() makes a learner over buffers that JavaScript owns and returns the function that
// steps it. The arguments and results of a step are in buffers too, so the call itself has neither.

#include <node_api.h>

#include <cstdint>
#include <cstring>

#include "../arena.h"
#include "../cpu.h"
#include "kind.h"

namespace fp {

#define FP_INSTRUCTION_SET(name)          \
  namespace name {                        \
  extern const learn::Kind learn_kinds[]; \
  double learn_exp(double);               \
  double learn_pow(double, double);       \
  }
#include "sets.inc"
#undef FP_INSTRUCTION_SET

}  // namespace fp

namespace fp::learn {
namespace {

const Kinds sets[] = {
#define FP_INSTRUCTION_SET(name) {#name, has_##name, name::learn_kinds, name::learn_exp, name::learn_pow},
#include "sets.inc"
#undef FP_INSTRUCTION_SET
};

napi_value fail(napi_env env, const char* code, const char* reason) {
  napi_throw_error(env, code, reason);
  return nullptr;
}

// A learner, and what keeps its memory alive.
struct Holder {
  Learner* learner = nullptr;
  int32_t* words = nullptr;
  double* state = nullptr;
  double* before = nullptr;
  size_t state_bytes = 0;
  Array<napi_ref> references;
};

void release(napi_env env, Holder* holder) {
  for (const napi_ref reference : holder->references) {
    if (reference != nullptr) napi_delete_reference(env, reference);
  }
  if (holder->learner != nullptr) holder->learner->end(holder->learner);
  destroy(holder);
}

void finalize(napi_env env, void* data, void*) { release(env, static_cast<Holder*>(data)); }

napi_value step(napi_env env, napi_callback_info info) {
  void* data;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  const Holder& holder = *static_cast<Holder*>(data);
  int32_t* const words = holder.words;
  const int32_t rows = words[kRows];
  if (rows < 1 || size_t(rows) > holder.learner->most_rows) {
    words[kStatus] = kBadRows;
    return nullptr;
  }
  std::memcpy(holder.before, holder.state, holder.state_bytes);
  const Status status = holder.learner->step(holder.learner, size_t(rows), words);
  if (status != kLearnt) std::memcpy(holder.state, holder.before, holder.state_bytes);
  words[kStatus] = status;
  return nullptr;
}

bool element_of(napi_typedarray_type type, Element& element) {
  switch (type) {
    case napi_float64_array:
      element = Element::f64;
      return true;
    case napi_float32_array:
      element = Element::f32;
      return true;
    case napi_int32_array:
      element = Element::i32;
      return true;
    case napi_uint32_array:
      element = Element::u32;
      return true;
    case napi_uint8_array:
      element = Element::u8;
      return true;
    default:
      return false;
  }
}

// A typed array whose memory no other thread can change, and a reference that keeps it alive.
bool take(napi_env env, napi_value value, Buffer& buffer, napi_ref* reference) {
  napi_typedarray_type type = napi_uint8_clamped_array;
  napi_value array_buffer;
  bool plain = false;
  return napi_get_typedarray_info(env, value, &type, &buffer.length, &buffer.data, &array_buffer, nullptr) == napi_ok &&
         element_of(type, buffer.element) && napi_is_arraybuffer(env, array_buffer, &plain) == napi_ok && plain &&
         (reference == nullptr || napi_create_reference(env, array_buffer, 1, reference) == napi_ok);
}

const Kinds* find_set(const char* name) {
  for (const Kinds& set : sets) {
    if (set.available() && (name[0] == '\0' || std::strcmp(set.isa, name) == 0)) return &set;
  }
  return nullptr;
}

// The functions of the set, or of the next set that has them: a processor that supports one set supports those after
// it.
const Kind* find_kind(const Kinds& from, const char* name) {
  for (const Kinds* set = &from; set != sets + sizeof sets / sizeof *sets; set++) {
    for (const Kind* kind = set->kinds; kind->name != nullptr; kind++) {
      if (std::strcmp(kind->name, name) == 0) return kind;
    }
  }
  return nullptr;
}

constexpr char not_fitting[] = "what a learner is made from does not fit together";

napi_value create_learner(napi_env env, const Kind& kind, const napi_value* arguments, uint32_t count, Holder& holder) {
  Array<Buffer> buffers;
  if (!buffers.allocate(count + 3) || !holder.references.allocate(count + 3)) {
    return fail(env, "MEMORY", "no memory for the list of buffers");
  }
  // First everything that may run JavaScript, then the memory of the arrays.
  Array<napi_value> values;
  if (!values.allocate(count)) return fail(env, "MEMORY", "no memory for the list of buffers");
  for (uint32_t i = 0; i < count; i++) {
    if (napi_get_element(env, arguments[7], i, &values[i]) != napi_ok) return fail(env, "PLAN", not_fitting);
  }
  Buffer integers, numbers;
  Buffer &words = buffers[count], &state = buffers[count + 1], &before = buffers[count + 2];
  bool all = take(env, arguments[2], integers, nullptr) && take(env, arguments[3], numbers, nullptr) &&
             take(env, arguments[4], words, &holder.references[count]) &&
             take(env, arguments[5], state, &holder.references[count + 1]) &&
             take(env, arguments[6], before, &holder.references[count + 2]);
  for (uint32_t i = 0; all && i < count; i++) all = take(env, values[i], buffers[i], &holder.references[i]);
  all = all && integers.element == Element::i32 && numbers.element == Element::f64 && words.i32(kWords) != nullptr &&
        state.f64(1) != nullptr && before.f64(state.length) != nullptr;
  if (!all) return fail(env, "PLAN", not_fitting);
  holder.words = words.i32(kWords);
  holder.state = state.f64(1);
  holder.before = before.f64(1);
  holder.state_bytes = state.length * sizeof(double);
  const Setup setup = {static_cast<const int32_t*>(integers.data),
                       integers.length,
                       static_cast<const double*>(numbers.data),
                       numbers.length,
                       holder.state,
                       state.length,
                       buffers.data(),
                       count};
  bool fits = true;
  holder.learner = kind.make(setup, fits);
  if (holder.learner == nullptr) {
    return fits ? fail(env, "MEMORY", "no memory for the learner") : fail(env, "PLAN", not_fitting);
  }
  napi_value function;
  if (napi_create_function(env, "step", NAPI_AUTO_LENGTH, step, &holder, &function) != napi_ok ||
      napi_add_finalizer(env, function, &holder, finalize, nullptr, nullptr) != napi_ok) {
    return fail(env, "MEMORY", "no memory for the learner");
  }
  return function;
}

// create(kind, isa, integers, numbers, words, state, before, buffers): an empty `isa` means the best available set;
// `before` is as long as the state, and keeps the state from before the last step.
napi_value create(napi_env env, napi_callback_info info) {
  napi_value arguments[8];
  size_t given = 8;
  char name[32], isa[16];
  uint32_t count;
  if (napi_get_cb_info(env, info, &given, arguments, nullptr, nullptr) != napi_ok || given < 8 ||
      napi_get_value_string_utf8(env, arguments[0], name, sizeof name, nullptr) != napi_ok ||
      napi_get_value_string_utf8(env, arguments[1], isa, sizeof isa, nullptr) != napi_ok ||
      napi_get_array_length(env, arguments[7], &count) != napi_ok) {
    return fail(env, "PLAN", not_fitting);
  }
  const Kinds* const set = find_set(isa);
  if (set == nullptr) return fail(env, "ISA", "the instruction set is not available");
  const Kind* const kind = find_kind(*set, name);
  if (kind == nullptr) return fail(env, "PLAN", "unknown kind of learner");
  Holder* const holder = make<Holder>();
  if (holder == nullptr) return fail(env, "MEMORY", "no memory for the learner");
  const napi_value function = create_learner(env, *kind, arguments, count, *holder);
  if (function == nullptr) release(env, holder);
  return function;
}

// exp(isa, x), and pow(isa, x, y): with the results of glibc.
template <bool is_power>
napi_value compute(napi_env env, napi_callback_info info) {
  napi_value arguments[3], result;
  size_t given = 3;
  char isa[16];
  double x = 0, y = 0;
  if (napi_get_cb_info(env, info, &given, arguments, nullptr, nullptr) != napi_ok ||
      napi_get_value_string_utf8(env, arguments[0], isa, sizeof isa, nullptr) != napi_ok ||
      napi_get_value_double(env, arguments[1], &x) != napi_ok ||
      (is_power && napi_get_value_double(env, arguments[2], &y) != napi_ok)) {
    return fail(env, "PLAN", "expected the name of an instruction set and numbers");
  }
  const Kinds* const set = find_set(isa);
  if (set == nullptr) return fail(env, "ISA", "the instruction set is not available");
  return napi_create_double(env, is_power ? set->pow(x, y) : set->exp(x), &result) == napi_ok ? result : nullptr;
}

napi_value instruction_sets(napi_env env, napi_callback_info) {
  napi_value names;
  if (napi_create_array(env, &names) != napi_ok) return fail(env, "MEMORY", "no memory for names");
  uint32_t at = 0;
  for (const Kinds& set : sets) {
    napi_value name;
    if (!set.available()) continue;
    if (napi_create_string_utf8(env, set.isa, NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_set_element(env, names, at++, name) != napi_ok) {
      return fail(env, "MEMORY", "no memory for names");
    }
  }
  return names;
}

bool export_function(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) == napi_ok &&
         napi_set_named_property(env, exports, name, function) == napi_ok;
}

}  // namespace

static napi_value init(napi_env env, napi_value exports) {
  if (!export_function(env, exports, "create", create) || !export_function(env, exports, "exp", compute<false>) ||
      !export_function(env, exports, "pow", compute<true>) ||
      !export_function(env, exports, "instructionSets", instruction_sets)) {
    return fail(env, "MEMORY", "no memory for the addon");
  }
  return exports;
}

}  // namespace fp::learn

// The only exported symbol. The version of Node-API has no separate function: without one it is 8.
static_assert(NAPI_VERSION == 8, "node_api_module_get_api_version_v1() would set another version");
extern "C" NAPI_MODULE_EXPORT napi_value NAPI_MODULE_INITIALIZER(napi_env env, napi_value exports) {
  return fp::learn::init(env, exports);
}
