// A loaded model that threads may share, and the lookup of models of other threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstring>

#include "arena.h"
#include "engine.h"

namespace fp {

struct Port {
  size_t width;
  bool integers;  // arrays of them are welcome
  bool ragged;    // three arguments: ids, weights or undefined, offsets
};

// 36 characters that cannot be guessed, such as a UUID.
struct Token {
  static constexpr size_t length = 36;
  char text[length] = {};

  bool operator==(const Token& other) const { return std::memcmp(text, other.text, length) == 0; }
};

// Counted, across threads: each model of an environment holds it until it is disposed of, and so does work in progress.
// Its parts do not change once it has a second holder.
struct Loaded {
  Engine engine;
  Array<Port> ports;  // inputs, then outputs
  size_t input_count = 0, argument_count = 0;
  // Whether the packed bytes, which exist once, were reported to some environment's garbage collector.
  std::atomic<bool> reported{false};

  // Held for the caller; null if there is not enough memory.
  static Loaded* create() { return make<Loaded>(); }
  void retain() { holders_.fetch_add(1); }
  // Releases the model for one of its holders; null has none. True if it was the last one and the model was freed.
  static bool release(Loaded* loaded);

  // Publishes the model for find(), as long as it has a holder. `addon` and `model` become the names of this copy of
  // the addon and of the model, or are set to existing names. The description is stored with it, unless it has one. The
  // caller must be a holder.
  void share(Token& addon, Token& model, Array<char>&& description);
  const Array<char>& description() const { return description_; }

  enum class Found { yes, foreign, gone };
  // Held for the caller if found: not if the addon has another name, and not after the last holder has released it.
  static Found find(const Token& addon, const Token& model, Loaded*& loaded);

 private:
  bool retain_unless_ended();
  void unlist();

  std::atomic<int> holders_{1};
  Array<char> description_;
  // Guarded by the mutex of loaded.cc, like the list itself:
  Token name_;
  bool listed_ = false;
  Loaded *next_ = nullptr, *previous_ = nullptr;

  friend struct SharedModels;
};

}  // namespace fp
