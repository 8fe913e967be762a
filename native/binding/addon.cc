// The addon: only this folder uses Node-API. JavaScript gets instructionSets(), duplicate(), create() and attach(), the
// models that the last two return, each with its functions, createScanner() and giveBack().
//
// node-addon-api registers the module. The rest uses the C functions of Node-API, each of which may fail: while a
// thread is being terminated, all functions that touch JavaScript fail. The wrapper would then end the process.

#include <napi.h>

#include "../kernels/registry.h"
#include "calls.h"
#include "create.h"
#include "descriptor.h"
#include "environment.h"
#include "faults.h"
#include "model_class.h"
#include "share.h"
#include "texts.h"

namespace fp::binding {
namespace {

napi_value instruction_sets(napi_env env, napi_callback_info) {
  constexpr char no_memory[] = "no memory for the names of the instruction sets";
  napi_value names;
  if (napi_create_array(env, &names) != napi_ok) return fail(env, "MEMORY", no_memory);
  uint32_t count = 0;
  for (size_t i = 0; i < instruction_set_count; i++) {
    const InstructionSet& set = fp::instruction_sets[i];
    napi_value name;
    if (!set.available()) continue;
    if (napi_create_string_utf8(env, set.name, NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_set_element(env, names, count++, name) != napi_ok) {
      return fail(env, "MEMORY", no_memory);
    }
  }
  return names;
}

bool export_function(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) == napi_ok &&
         napi_set_named_property(env, exports, name, function) == napi_ok;
}

bool fill(napi_env env, napi_value exports) {
  Environment* const environment = make<Environment>();
  if (environment == nullptr) return false;
  if (napi_set_instance_data(env, environment, Environment::finalize, nullptr) != napi_ok) {
    destroy(environment);
    return false;
  }
#ifndef _WIN32
  if (!export_function(env, exports, "duplicate", duplicate)) return false;
#endif
  return define_model_class(env, environment->model_class) &&
         export_function(env, exports, "instructionSets", instruction_sets) &&
         export_function(env, exports, "create", create) && export_function(env, exports, "attach", attach) &&
         export_function(env, exports, "createScanner", create_scanner) &&
         export_function(env, exports, "giveBack", give_back);
}

}  // namespace

// Throws if there is not enough memory; the module then cannot be loaded.
static void init(napi_env env, napi_value exports) {
  if (!fill(env, exports)) fail(env, "MEMORY", "no memory for the addon");
}

}  // namespace fp::binding

// The only exported symbol. The version of Node-API has no separate function: without one it is 8.
static_assert(NAPI_VERSION == 8, "node_api_module_get_api_version_v1() would set another version");
extern "C" NAPI_MODULE_EXPORT napi_value NAPI_MODULE_INITIALIZER(napi_env env, napi_value exports) {
  return Napi::RegisterModule(env, exports, [](Napi::Env in, Napi::Object object) {
    fp::binding::init(in, object);
    return object;
  });
}
