// Calls of Node-API that fail when a test says so. In the addon's test build this header comes before all else
// (FORWARDPASS_FAULTS, see CMakeLists.txt): each call below then counts as an allocation does, and fails in its turn.
//
// They are the calls that make something. Those that read what is there already fail only for wrong arguments; those
// that end something leave nothing to be done when they fail.
#pragma once

#include <node_api.h>

#include "faults.h"

// And what the collector is told of is counted.
#define napi_adjust_external_memory(env, bytes, result) \
  (faults::tell_collector(bytes), napi_adjust_external_memory(env, bytes, result))

#define FORWARDPASS_MAY_FAIL(call) (faults::is_due() ? napi_generic_failure : (call))

#define napi_add_finalizer(...) FORWARDPASS_MAY_FAIL(napi_add_finalizer(__VA_ARGS__))
#define napi_create_array(...) FORWARDPASS_MAY_FAIL(napi_create_array(__VA_ARGS__))
#define napi_create_array_with_length(...) FORWARDPASS_MAY_FAIL(napi_create_array_with_length(__VA_ARGS__))
#define napi_create_arraybuffer(...) FORWARDPASS_MAY_FAIL(napi_create_arraybuffer(__VA_ARGS__))
#define napi_create_async_work(...) FORWARDPASS_MAY_FAIL(napi_create_async_work(__VA_ARGS__))
#define napi_create_double(...) FORWARDPASS_MAY_FAIL(napi_create_double(__VA_ARGS__))
#define napi_create_function(...) FORWARDPASS_MAY_FAIL(napi_create_function(__VA_ARGS__))
#define napi_create_promise(...) FORWARDPASS_MAY_FAIL(napi_create_promise(__VA_ARGS__))
#define napi_create_reference(...) FORWARDPASS_MAY_FAIL(napi_create_reference(__VA_ARGS__))
#define napi_create_string_latin1(...) FORWARDPASS_MAY_FAIL(napi_create_string_latin1(__VA_ARGS__))
#define napi_create_string_utf8(...) FORWARDPASS_MAY_FAIL(napi_create_string_utf8(__VA_ARGS__))
#define napi_define_class(...) FORWARDPASS_MAY_FAIL(napi_define_class(__VA_ARGS__))
#define napi_define_properties(...) FORWARDPASS_MAY_FAIL(napi_define_properties(__VA_ARGS__))
#define napi_get_element(...) FORWARDPASS_MAY_FAIL(napi_get_element(__VA_ARGS__))
#define napi_new_instance(...) FORWARDPASS_MAY_FAIL(napi_new_instance(__VA_ARGS__))
#define napi_queue_async_work(...) FORWARDPASS_MAY_FAIL(napi_queue_async_work(__VA_ARGS__))
#define napi_set_element(...) FORWARDPASS_MAY_FAIL(napi_set_element(__VA_ARGS__))
#define napi_set_instance_data(...) FORWARDPASS_MAY_FAIL(napi_set_instance_data(__VA_ARGS__))
#define napi_set_named_property(...) FORWARDPASS_MAY_FAIL(napi_set_named_property(__VA_ARGS__))
#define napi_wrap(...) FORWARDPASS_MAY_FAIL(napi_wrap(__VA_ARGS__))
