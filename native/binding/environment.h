// The state that the models of one Node environment share: one JavaScript thread, the main thread or a worker.
#pragma once

#include <node_api.h>

#include <cstddef>

#include "../arena.h"
#include "../pool.h"
#include "spares.h"

namespace fp::binding {

// What the models of one environment share: threads, once a model asks for more than one, and the memory for values,
// because only one model runs at a time on its thread. Reference-counted: the environment may end before its last
// model.
struct Environment {
  Pool* pool = nullptr;
  Room values;
  Spares spares;  // for runs off the event loop
  napi_ref model_class = nullptr;
  size_t holders = 1;
  size_t models = 0;        // not disposed of
  size_t loaded_bytes = 0;  // of the engines of models
  size_t freed_bytes = 0;   // since memory was last returned to the system

  ~Environment() {
    if (pool != nullptr) pool->release();
  }
  void release() {
    if (--holders == 0) destroy(this);
  }
  static void finalize(napi_env, void* data, void*) { static_cast<Environment*>(data)->release(); }
  // Null if there was not enough memory for it.
  static Environment* of(napi_env env) {
    void* data = nullptr;
    return napi_get_instance_data(env, &data) == napi_ok ? static_cast<Environment*>(data) : nullptr;
  }

  // Held for the caller. If there is not enough memory, it is null and models use one thread.
  Pool* hold_pool() {
    if (pool == nullptr) pool = Pool::create();
    if (pool != nullptr) pool->retain();
    return pool;
  }
  // A larger room replaces the previous one; tables that point to the previous one must be prepared again.
  bool have_room(size_t bytes) {
    if (bytes <= values.size()) return true;
    Room larger;
    if (!larger.allocate(bytes)) return false;
    values = static_cast<Room&&>(larger);
    return true;
  }
  void add_model(size_t bytes) {
    holders++;
    models++;
    loaded_bytes += bytes;
  }
  void remove_model(size_t bytes) {
    if (--models == 0) {
      values = {};
      spares.clear();
    }
    loaded_bytes -= bytes;
  }
  // Returning memory to the system takes a while, however little was freed, so it is only done when it is worth it.
  void freed(size_t bytes) {
    constexpr size_t least_bytes = 1 << 20;
    freed_bytes += bytes;
    if (freed_bytes < least_bytes || freed_bytes < loaded_bytes / 4) return;
    freed_bytes = 0;
    give_back_memory();
  }
};

}  // namespace fp::binding
