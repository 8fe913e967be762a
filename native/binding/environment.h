// What the models of one environment of Node's share: one thread of JavaScript, the main one or a worker's.
#pragma once

#include <node_api.h>

#include <cstddef>

#include "../arena.h"
#include "../pool.h"
#include "spares.h"

namespace fp::binding {

// What the models of one environment share: threads, from the first model on that asks for more than one, and the
// room for values, since only one of them runs at a time on its thread.
// Counted: the environment's own end may come before that of its last model.
struct Environment {
  Pool* pool = nullptr;
  Room values;
  Spares spares;  // of runs off the event loop
  napi_ref model_class = nullptr;
  size_t holders = 1;
  size_t models = 0;        // not disposed of
  size_t loaded_bytes = 0;  // of their engines
  size_t freed_bytes = 0;   // since memory was last given back

  ~Environment() {
    if (pool != nullptr) pool->release();
  }
  void release() {
    if (--holders == 0) destroy(this);
  }
  static void finalize(napi_env, void* data, void*) { static_cast<Environment*>(data)->release(); }
  // Null when there was no memory for it.
  static Environment* of(napi_env env) {
    void* data = nullptr;
    return napi_get_instance_data(env, &data) == napi_ok ? static_cast<Environment*>(data) : nullptr;
  }

  // Held for the caller; null when there is no memory, and then there is one thread.
  Pool* hold_pool() {
    if (pool == nullptr) pool = Pool::create();
    if (pool != nullptr) pool->retain();
    return pool;
  }
  // A larger room takes the place of the one before: tables that name that one must be prepared anew.
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
  // Giving memory back takes a while, however little was freed: only when it is worth that.
  void freed(size_t bytes) {
    constexpr size_t least_bytes = 1 << 20;
    freed_bytes += bytes;
    if (freed_bytes < least_bytes || freed_bytes < loaded_bytes / 4) return;
    freed_bytes = 0;
    give_back_memory();
  }
};

}  // namespace fp::binding
