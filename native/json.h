// Strict JSON (RFC 8259) for untrusted text: check() validates all of it once, without recursion, and then Value walks
// the valid text in place. Nothing is decoded before it is needed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arena.h"

namespace fp::json {

// Deeper nesting is rejected. Frozen files need far less.
constexpr size_t most_depth = 64;
// Longer text is rejected.
constexpr size_t most_bytes = size_t(1) << 30;

enum class Verdict { valid, invalid, out_of_memory };

// Why text was rejected, and at which byte.
struct Fault {
  const char* reason;
  size_t at;
};

// Whether the text is one value: UTF-8, no lone surrogates, no object with a key twice, nothing after it but spaces.
// Takes 12 bytes for each key of the text while it works.
Verdict check(const char* text, size_t bytes, Fault& fault);

enum class Kind { object, array, string, number, boolean, null };

// The bytes of a string in sequence, with escapes decoded.
class Letters {
 public:
  // `at` is after the opening quote.
  explicit Letters(const char* at) : at_(at) {}
  // The next byte, or -1 at the string's end.
  int next();

 private:
  const char* at_;
  unsigned char rest_[3] = {};  // of a character with several bytes, the last one first
  int rest_count_ = 0;
};

// A value in text that check() accepted and that is an object or an array; the text must outlive it.
class Value {
 public:
  Value() = default;
  explicit Value(const char* at);

  bool found() const { return at_ != nullptr; }
  Kind kind() const;
  bool is(Kind wanted) const { return found() && kind() == wanted; }

  // For a string: whether it equals this one.
  bool equals(const char* text) const;
  // For strings: negative, 0 or positive if this one's bytes are before, equal to, or after the other's.
  int compare(const Value& other) const;
  // For a string: its bytes, as many as text_bytes() says. No terminator is added.
  size_t text_bytes() const;
  void copy_text(char* to) const;
  // False unless it is a number below 2^53 that is written with only digits.
  bool whole(uint64_t& to) const;
  // For a number or a name such as true: its bytes as written.
  const char* begin() const { return at_; }
  const char* end() const;
  bool truth() const { return *at_ == 't'; }

  // For an object: the value of a key, or none.
  Value get(const char* key) const;

 private:
  const char* at_ = nullptr;
};

// The members of an object or the items of an array, in order: `for (Walk walk(list); walk.next();) use(walk.value)`.
// A walk over anything else, or over nothing, ends at once.
class Walk {
 public:
  explicit Walk(const Value& of);
  bool next();
  Value key;  // of a member
  Value value;

 private:
  const char* at_ = nullptr;  // null when over
  bool object_ = false;
};

// The number of members or items.
size_t count_of(const Value& list);

}  // namespace fp::json
