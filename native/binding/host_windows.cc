// Finds the functions of Node-API for the Windows binaries of a release, which the cross compiler builds. A DLL that
// imports them names the program that has them, but Electron's is not called node.exe, and Node may have been renamed.
// So the pointers that Windows would fill in are filled in here, from the program that loaded the addon.
//
// Builds from source use Windows' own compiler, which delays the loading of node.exe instead, with a hook from node-gyp
// or cmake-js.
#ifndef NOMINMAX
#define NOMINMAX
#endif
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

// The functions that the addon calls: it does not link if one of them is missing.
// clang-format off
#define FORWARDPASS_NODE_API(on) \
  on(napi_add_finalizer) \
  on(napi_adjust_external_memory) \
  on(napi_close_handle_scope) \
  on(napi_create_array) \
  on(napi_create_array_with_length) \
  on(napi_create_arraybuffer) \
  on(napi_create_async_work) \
  on(napi_create_double) \
  on(napi_create_function) \
  on(napi_create_promise) \
  on(napi_create_reference) \
  on(napi_create_string_latin1) \
  on(napi_create_string_utf8) \
  on(napi_define_class) \
  on(napi_define_properties) \
  on(napi_delete_async_work) \
  on(napi_delete_reference) \
  on(napi_get_array_length) \
  on(napi_get_cb_info) \
  on(napi_get_element) \
  on(napi_get_instance_data) \
  on(napi_get_reference_value) \
  on(napi_get_typedarray_info) \
  on(napi_get_undefined) \
  on(napi_get_value_bool) \
  on(napi_get_value_double) \
  on(napi_get_value_string_utf16) \
  on(napi_get_value_string_utf8) \
  on(napi_is_arraybuffer) \
  on(napi_is_detached_arraybuffer) \
  on(napi_new_instance) \
  on(napi_open_handle_scope) \
  on(napi_queue_async_work) \
  on(napi_resolve_deferred) \
  on(napi_set_element) \
  on(napi_set_instance_data) \
  on(napi_set_named_property) \
  on(napi_throw_error) \
  on(napi_typeof) \
  on(napi_unwrap) \
  on(napi_wrap)
// clang-format on

// A call of a function that is declared as imported uses the pointer named __imp_ plus the function's name.
#define DEFINE_POINTER(name)                                    \
  extern "C" FARPROC pointer_to_##name __asm__("__imp_" #name); \
  FARPROC pointer_to_##name = nullptr;
FORWARDPASS_NODE_API(DEFINE_POINTER)

namespace {

struct Function {
  const char* name;
  FARPROC* pointer;
};
#define LIST_FUNCTION(name) {#name, &pointer_to_##name},
constexpr Function functions[] = {FORWARDPASS_NODE_API(LIST_FUNCTION)};

// The program itself, or the library that contains Node.
HMODULE find_host() {
  constexpr const char* names[] = {nullptr, "node.dll", "libnode.dll"};
  for (const char* const name : names) {
    const HMODULE module = GetModuleHandleA(name);
    if (module != nullptr && GetProcAddress(module, functions[0].name) != nullptr) return module;
  }
  return nullptr;
}

}  // namespace

// If a function is missing, the addon cannot be loaded.
extern "C" BOOL WINAPI DllMain(HINSTANCE, DWORD reason, LPVOID) {
  if (reason != DLL_PROCESS_ATTACH) return TRUE;
  const HMODULE host = find_host();
  if (host == nullptr) return FALSE;
  for (const Function& function : functions) {
    *function.pointer = GetProcAddress(host, function.name);
    if (*function.pointer == nullptr) return FALSE;
  }
  return TRUE;
}

// Called by MinGW's startup code to fix pointers to data in other libraries. The addon has no such pointers.
extern "C" void _pei386_runtime_relocator() {}
