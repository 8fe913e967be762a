#include "json.h"

#include <cstring>

#include "json_letters.h"

namespace fp::json {
namespace {

const char* skip_spaces(const char* at) {
  while (is_space(*at)) at++;
  return at;
}

// The end of a valid string, after its closing quote; its opening quote is at `at`.
const char* skip_string(const char* at) {
  for (at++; *at != '"'; at++) at += *at == '\\';
  return at + 1;
}

// The end of the valid value that begins at `at`; a number or a name always has a character after it that ends it.
const char* skip_value(const char* at) {
  size_t depth = 0;
  do {
    const char c = *at;
    if (c == '"') {
      at = skip_string(at);
      continue;
    }
    if (c == '{' || c == '[') depth++;
    if (c == '}' || c == ']') depth--;
    at++;
    const bool scalar = is_digit(c) || c == '-' || (c >= 'a' && c <= 'z');
    while (scalar && std::strchr(",]} \t\n\r", *at) == nullptr) at++;
  } while (depth > 0);
  return at;
}

// Encodes a code point as UTF-8; returns the number of bytes.
int encode(int32_t letter, unsigned char* to) {
  if (letter < 0x80) {
    to[0] = (unsigned char)letter;
    return 1;
  }
  const int count = letter < 0x800 ? 2 : letter < 0x10000 ? 3 : 4;
  static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
  for (int i = count - 1; i > 0; i--, letter >>= 6) to[i] = (unsigned char)(0x80 | (letter & 0x3f));
  to[0] = (unsigned char)(marks[count] | letter);
  return count;
}

}  // namespace

int Letters::next() {
  if (rest_count_ > 0) return rest_[--rest_count_];
  const unsigned char c = (unsigned char)*at_;
  if (c == '"') return -1;
  at_++;
  if (c != '\\') return c;
  const char escape = *at_++;
  switch (escape) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'u':
      break;
    default:
      return (unsigned char)escape;
  }
  int32_t letter = hex4(at_);
  at_ += 4;
  if (is_high_surrogate(letter)) {
    letter = 0x10000 + ((letter - 0xd800) << 10) + (hex4(at_ + 2) - 0xdc00);
    at_ += 6;
  }
  unsigned char bytes[4];
  const int count = encode(letter, bytes);
  for (int i = count - 1; i > 0; i--) rest_[rest_count_++] = bytes[i];
  return bytes[0];
}

Value::Value(const char* at) : at_(skip_spaces(at)) {}

Kind Value::kind() const {
  switch (*at_) {
    case '{':
      return Kind::object;
    case '[':
      return Kind::array;
    case '"':
      return Kind::string;
    case 't':
    case 'f':
      return Kind::boolean;
    case 'n':
      return Kind::null;
    default:
      return Kind::number;
  }
}

bool Value::equals(const char* text) const {
  if (!is(Kind::string)) return false;
  Letters letters(at_ + 1);
  for (;; text++) {
    const int byte = letters.next();
    if (byte < 0) return *text == 0;
    if (byte != (unsigned char)*text || byte == 0) return false;
  }
}

int Value::compare(const Value& other) const {
  Letters a(at_ + 1), b(other.at_ + 1);
  for (;;) {
    const int x = a.next(), y = b.next();
    if (x != y) return x < y ? -1 : 1;
    if (x < 0) return 0;
  }
}

size_t Value::text_bytes() const {
  size_t bytes = 0;
  for (Letters letters(at_ + 1); letters.next() >= 0;) bytes++;
  return bytes;
}

void Value::copy_text(char* to) const {
  Letters letters(at_ + 1);
  for (int byte = letters.next(); byte >= 0; byte = letters.next()) *to++ = char(byte);
}

bool Value::whole(uint64_t& to) const {
  if (!is(Kind::number)) return false;
  to = 0;
  for (const char *at = at_, *const after = end(); at < after; at++) {
    if (!is_digit(*at)) return false;
    to = to * 10 + uint64_t(*at - '0');
    if (to >> 53 != 0) return false;
  }
  return true;
}

const char* Value::end() const { return skip_value(at_); }

Value Value::get(const char* key) const {
  if (!is(Kind::object)) return {};
  for (Walk walk(*this); walk.next();) {
    if (walk.key.equals(key)) return walk.value;
  }
  return {};
}

Walk::Walk(const Value& of) {
  if (!of.is(Kind::object) && !of.is(Kind::array)) return;
  object_ = of.is(Kind::object);
  at_ = skip_spaces(of.begin() + 1);
}

bool Walk::next() {
  if (at_ == nullptr) return false;
  if (*at_ == ',') at_++;
  at_ = skip_spaces(at_);
  if (*at_ == '}' || *at_ == ']') {
    at_ = nullptr;
    return false;
  }
  if (object_) {
    key = Value(at_);
    at_ = skip_spaces(skip_string(at_)) + 1;  // the colon
  }
  value = Value(at_);
  at_ = skip_spaces(value.end());
  return true;
}

size_t count_of(const Value& list) {
  size_t count = 0;
  for (Walk walk(list); walk.next();) count++;
  return count;
}

}  // namespace fp::json
