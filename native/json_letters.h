// Characters of JSON text, for the check and the walk.
#pragma once

#include <cstdint>

namespace fp::json {

inline bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

inline int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = char(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Four hexadecimal digits, or -1.
inline int32_t hex4(const char* at) {
  int32_t value = 0;
  for (int i = 0; i < 4; i++) {
    const int digit = hex_digit(at[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

inline bool is_high_surrogate(int32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
inline bool is_low_surrogate(int32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

}  // namespace fp::json
