// A loaded model, which threads may share, and how they find one of another's.
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

// 36 characters that nobody guesses, such as a UUID.
struct Token {
  static constexpr size_t length = 36;
  char text[length] = {};

  bool operator==(const Token& other) const { return std::memcmp(text, other.text, length) == 0; }
};

// Counted, across threads: each model of an environment holds it until it is disposed of, and so does work in flight.
// What it is made of does not change once it has been handed to a second holder.
struct Loaded {
  Engine engine;
  Array<Port> ports;  // inputs, then outputs
  size_t input_count = 0, argument_count = 0;
  // Whether some environment's garbage collector has been told of the packed bytes, which are there once.
  std::atomic<bool> told{false};

  // Held for the caller; null when there is no memory.
  static Loaded* create() { return make<Loaded>(); }
  void retain() { holders_.fetch_add(1); }
  // For one of its holders, which null has none of. True when it was the last, and the model has ended.
  static bool release(Loaded* loaded);

  // Puts the model where find() finds it, for as long as somebody holds it. `addon` and `model` become the names of
  // this copy of the addon and of the model, or what these are called already. The description is kept with it, unless
  // one is there. For a holder.
  void share(Token& addon, Token& model, Array<char>&& description);
  const Array<char>& description() const { return description_; }

  enum class Found { yes, foreign, gone };
  // Held for the caller when it was found: not when the addon has another name, and not once the last holder let go.
  static Found find(const Token& addon, const Token& model, Loaded*& loaded);

 private:
  bool retain_unless_ended();
  void unlist();

  std::atomic<int> holders_{1};
  Array<char> description_;
  // Under the mutex of loaded.cc, as the list itself:
  Token name_;
  bool listed_ = false;
  Loaded *next_ = nullptr, *previous_ = nullptr;

  friend struct SharedModels;
};

}  // namespace fp
