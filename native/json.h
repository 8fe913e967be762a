// Strict JSON (RFC 8259) for text that nobody vouches for: check() looks at all of it once, without recursion, and then
// Value walks what it found valid, where it stands. Nothing is decoded before it is asked for.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arena.h"

namespace fp::json {

// Deeper text is refused. It is far more than a frozen file has.
constexpr size_t most_depth = 64;
// Longer text is refused.
constexpr size_t most_bytes = size_t(1) << 30;

enum class Verdict { valid, invalid, out_of_memory };

// Why text was refused, and at which byte of it.
struct Fault {
  const char* reason;
  size_t at;
};

// Whether the text is one value: UTF-8, no lone surrogates, no object with a key twice, nothing after it but spaces.
// Takes 12 bytes for each key of the text while it works.
Verdict check(const char* text, size_t bytes, Fault& fault);

enum class Kind { object, array, string, number, boolean, null };

// The bytes of a string one after another, its escapes resolved.
class Letters {
 public:
  // After the opening quote.
  explicit Letters(const char* at) : at_(at) {}
  // The next byte, or -1 at the string's end.
  int next();

 private:
  const char* at_;
  unsigned char rest_[3] = {};  // of a letter that took several bytes, the last first
  int rest_count_ = 0;
};

// A value within text that check() found valid and that is an object or an array; the text must outlive it.
class Value {
 public:
  Value() = default;
  explicit Value(const char* at);

  bool found() const { return at_ != nullptr; }
  Kind kind() const;
  bool is(Kind wanted) const { return found() && kind() == wanted; }

  // For a string: whether it is this one.
  bool equals(const char* text) const;
  // Of strings: negative, 0 or positive as this one's bytes come before, are, or come after the other's.
  int compare(const Value& other) const;
  // For a string: its bytes, as many as text_bytes() says. No byte is added.
  size_t text_bytes() const;
  void copy_text(char* to) const;
  // False where it is not a number written in digits alone, below 2^53.
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
// A walk over anything else, or nothing, is over at once.
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

// How many members or items there are.
size_t count_of(const Value& list);

}  // namespace fp::json
