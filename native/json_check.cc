#include <algorithm>
#include <cstring>

#include "json.h"
#include "json_letters.h"

namespace fp::json {
namespace {

// A key, its position and a hash of its bytes; keys of the same object have the same number.
struct Key {
  uint32_t object;
  uint32_t hash;
  uint32_t at;
};

uint32_t hash_of(const char* string) {
  uint32_t hash = 2166136261u;
  Letters letters(string + 1);
  for (int byte = letters.next(); byte >= 0; byte = letters.next()) hash = (hash ^ uint32_t(byte)) * 16777619u;
  return hash;
}

// Reads the text once and remembers the first error.
class Checker {
 public:
  Checker(const char* text, size_t bytes, Fault& fault) : text_(text), end_(bytes), fault_(fault) {}

  // Counts the keys, and writes them down if there is memory for them.
  bool run(Key* keys) {
    keys_ = keys;
    key_count_ = 0;
    object_count_ = 0;
    at_ = 0;
    depth_ = 0;
    spaces();
    if (!value()) return false;
    while (depth_ > 0) {
      if (!step()) return false;
    }
    spaces();
    return at_ == end_ || fail("text follows the value");
  }
  size_t key_count() const { return key_count_; }

 private:
  bool fail(const char* reason) {
    fault_ = {reason, at_};
    return false;
  }
  bool more() const { return at_ < end_; }
  bool is(char c) const { return more() && text_[at_] == c; }
  bool take(char c) {
    if (!is(c)) return false;
    at_++;
    return true;
  }
  void spaces() {
    while (more() && is_space(text_[at_])) at_++;
  }

  // After a value in an object or array: continues with the next one, or with the end.
  bool step() {
    spaces();
    const bool object = objects_[depth_ - 1] > 0;
    if (take(object ? '}' : ']')) {
      depth_--;
      return true;
    }
    if (!take(',')) return fail(object ? "expected ',' or '}'" : "expected ',' or ']'");
    spaces();
    return object ? key() && value() : value();
  }

  // A key with its colon.
  bool key() {
    const size_t at = at_;
    if (!is('"')) return fail("expected a key");
    if (!string()) return false;
    if (keys_ != nullptr) keys_[key_count_] = {objects_[depth_ - 1], hash_of(text_ + at), uint32_t(at)};
    key_count_++;
    spaces();
    if (!take(':')) return fail("expected ':'");
    spaces();
    return true;
  }

  // A value that contains no others, or the beginning of one that does, down to the first that does not.
  bool value() {
    for (;;) {
      if (!more()) return fail("the text ends where a value is expected");
      const char c = text_[at_];
      if (c == '"') return string();
      if (c == '-' || is_digit(c)) return number();
      if (c == 't') return name("true");
      if (c == 'f') return name("false");
      if (c == 'n') return name("null");
      if (c != '{' && c != '[') return fail("expected a value");
      if (depth_ == most_depth) return fail("values lie within each other too deeply");
      at_++;
      const bool object = c == '{';
      objects_[depth_++] = object ? ++object_count_ : 0;
      spaces();
      if (take(object ? '}' : ']')) {
        depth_--;
        return true;
      }
      if (object && !key()) return false;
    }
  }

  bool name(const char* name) {
    for (const char* c = name; *c != 0; c++) {
      if (!take(*c)) return fail("expected a value");
    }
    return true;
  }

  bool digits() {
    if (!more() || !is_digit(text_[at_])) return fail("expected a digit");
    while (more() && is_digit(text_[at_])) at_++;
    return true;
  }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (!take('e') && !take('E')) return true;
    if (!take('+')) take('-');
    return digits();
  }

  bool string() {
    at_++;
    for (;;) {
      if (!more()) return fail("a string does not end");
      const unsigned char c = (unsigned char)text_[at_];
      if (c == '"') {
        at_++;
        return true;
      }
      if (c < 0x20) return fail("a control character in a string");
      if (c == '\\' ? !escape() : !letter(c)) return false;
    }
  }

  bool escape() {
    if (end_ - at_ < 2) return fail("a string does not end");
    const char c = text_[at_ + 1];
    if (c != 'u') {
      if (std::strchr("\"\\/bfnrt", c) == nullptr || c == 0) return fail("an unknown escape");
      at_ += 2;
      return true;
    }
    const int32_t unit = unit_at(at_);
    if (unit < 0) return fail("an unknown escape");
    if (is_low_surrogate(unit)) return fail("half of a surrogate pair");
    if (is_high_surrogate(unit)) {
      if (!is_low_surrogate(unit_at(at_ + 6))) return fail("half of a surrogate pair");
      at_ += 6;
    }
    at_ += 6;
    return true;
  }
  // The value of \u and four digits, or -1.
  int32_t unit_at(size_t at) const {
    if (at > end_ || end_ - at < 6 || text_[at] != '\\' || text_[at + 1] != 'u') return -1;
    return hex4(text_ + at + 2);
  }

  // A code point in UTF-8: in the shortest form, not a surrogate, at most U+10FFFF.
  bool letter(unsigned char first) {
    const size_t length = first < 0x80   ? 1
                          : first < 0xc2 ? 0
                          : first < 0xe0 ? 2
                          : first < 0xf0 ? 3
                          : first < 0xf5 ? 4
                                         : 0;
    if (length == 0 || end_ - at_ < length) return fail("not UTF-8");
    for (size_t i = 1; i < length; i++) {
      const unsigned char c = (unsigned char)text_[at_ + i];
      unsigned char least = 0x80, most = 0xbf;
      if (i == 1 && first == 0xe0) least = 0xa0;
      if (i == 1 && first == 0xed) most = 0x9f;
      if (i == 1 && first == 0xf0) least = 0x90;
      if (i == 1 && first == 0xf4) most = 0x8f;
      if (c < least || c > most) return fail("not UTF-8");
    }
    at_ += length;
    return true;
  }

  const char* text_;
  size_t end_;
  Fault& fault_;
  Key* keys_ = nullptr;
  size_t key_count_ = 0;
  size_t at_ = 0;
  size_t depth_ = 0;
  uint32_t object_count_ = 0;
  uint32_t objects_[most_depth];  // the open ones, by their number; 0 for an array
};

}  // namespace

Verdict check(const char* text, size_t bytes, Fault& fault) {
  if (bytes > most_bytes) {
    fault = {"the text is too long", most_bytes};
    return Verdict::invalid;
  }
  Checker checker(text, bytes, fault);
  if (!checker.run(nullptr)) return Verdict::invalid;
  Array<Key> keys;
  if (!keys.allocate(checker.key_count())) return Verdict::out_of_memory;
  if (keys.size() == 0) return Verdict::valid;
  checker.run(keys.data());
  const auto compare = [text](const Key& a, const Key& b) {
    if (a.object != b.object) return a.object < b.object ? -1 : 1;
    if (a.hash != b.hash) return a.hash < b.hash ? -1 : 1;
    return Value(text + a.at).compare(Value(text + b.at));
  };
  std::sort(keys.begin(), keys.end(), [&](const Key& a, const Key& b) { return compare(a, b) < 0; });
  for (size_t i = 1; i < keys.size(); i++) {
    if (compare(keys[i - 1], keys[i]) != 0) continue;
    fault = {"an object has a key twice", std::max(keys[i - 1].at, keys[i].at)};
    return Verdict::invalid;
  }
  return Verdict::valid;
}

}  // namespace fp::json
