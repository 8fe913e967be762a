// Converts between the elements of callers' buffers and those of the engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "network.h"

namespace fp {

template <typename T, typename U>
void copy_from(const void* data, size_t first, size_t count, T* to) {
  const U* const from = static_cast<const U*>(data) + first;
#ifdef __clang__
  // Rows have few integers other than bytes.
  if constexpr (std::is_integral_v<U> && sizeof(U) > 1) {
#pragma clang loop vectorize(disable)
    for (size_t i = 0; i < count; i++) to[i] = T(from[i]);
    return;
  }
#endif
  for (size_t i = 0; i < count; i++) to[i] = T(from[i]);
}

template <typename T>
void convert_input(const Input& input, size_t first, size_t count, T* to) {
  switch (input.element) {
    case Element::f32:
      return copy_from<T, float>(input.data, first, count, to);
    case Element::f64:
      return copy_from<T, double>(input.data, first, count, to);
    case Element::i8:
      return copy_from<T, int8_t>(input.data, first, count, to);
    case Element::u8:
      return copy_from<T, uint8_t>(input.data, first, count, to);
    case Element::i16:
      return copy_from<T, int16_t>(input.data, first, count, to);
    case Element::u16:
      return copy_from<T, uint16_t>(input.data, first, count, to);
    case Element::i32:
      return copy_from<T, int32_t>(input.data, first, count, to);
    case Element::u32:
      return copy_from<T, uint32_t>(input.data, first, count, to);
    case Element::i64:
      return copy_from<T, int64_t>(input.data, first, count, to);
    case Element::u64:
      return copy_from<T, uint64_t>(input.data, first, count, to);
  }
}

// Whether the elements are bytes from center − 128 to center + 127, so that a layer can read them as they are.
inline bool are_bytes(Element element, double center) {
  return (element == Element::i8 && center == 0) || (element == Element::u8 && center == 128);
}
// Whether bytes with this center are read from the caller's buffer, if nothing else needs the input.
inline bool reads_directly(Element element, double center) {
  return element == Element::i32 || are_bytes(element, center);
}
// Whether the elements are bytes that can hold all results of a layer.
inline bool holds(Element element, const Narrowing& layer) {
  if (element != Element::i8 && element != Element::u8) return false;
  const float least = element == Element::i8 ? -128 : 0;
  return layer.low + layer.shift >= least && layer.high + layer.shift <= least + 255;
}

// The integer part of a value, as an integer of so many bits, saturating; 0 for NaN.
FP_NOINLINE inline uint64_t integer_of(double value, size_t bits, bool is_signed) {
  const uint64_t half = uint64_t(1) << (bits - 1);
  const double end = is_signed ? double(half) : 2 * double(half), least = is_signed ? -end : 0;
  if (value >= end) return is_signed ? half - 1 : half - 1 + half;
  if (value > least) return is_signed ? uint64_t(int64_t(value)) : uint64_t(value);
  return value == value ? uint64_t(int64_t(least)) : 0;
}

template <typename To, typename T>
void copy_to(const T* from, size_t first, size_t count, void* data) {
  To* const to = static_cast<To*>(data) + first;
  for (size_t i = 0; i < count; i++) {
    if constexpr (std::is_integral_v<To>) {
      to[i] = To(integer_of(double(from[i]), 8 * sizeof(To), std::is_signed_v<To>));
    } else {
      to[i] = To(from[i]);
    }
  }
}

template <typename T>
void convert_output(const T* from, size_t first, size_t count, const Output& output) {
  switch (output.element) {
    case Element::f32:
      return copy_to<float>(from, first, count, output.data);
    case Element::f64:
      return copy_to<double>(from, first, count, output.data);
    case Element::i8:
      return copy_to<int8_t>(from, first, count, output.data);
    case Element::u8:
      return copy_to<uint8_t>(from, first, count, output.data);
    case Element::i16:
      return copy_to<int16_t>(from, first, count, output.data);
    case Element::u16:
      return copy_to<uint16_t>(from, first, count, output.data);
    case Element::i32:
      return copy_to<int32_t>(from, first, count, output.data);
    case Element::u32:
      return copy_to<uint32_t>(from, first, count, output.data);
    case Element::i64:
      return copy_to<int64_t>(from, first, count, output.data);
    case Element::u64:
      return copy_to<uint64_t>(from, first, count, output.data);
  }
}

template <typename T>
constexpr Element element_of = sizeof(T) == sizeof(float) ? Element::f32 : Element::f64;

// Beyond this, not every integer is exact as a double.
constexpr double exact_integers = 9007199254740992.0;

// Whether it is exact as a double.
template <typename Integer>
bool is_exact(Integer value) {
  uint64_t magnitude = value < 0 ? 0 - uint64_t(value) : uint64_t(value);
  for (; magnitude > uint64_t(1) << 53; magnitude >>= 1) {
    if (magnitude % 2 != 0) return false;
  }
  return true;
}

// The position of the first of `count` elements from `first` that is not exact as a double; `count` if there is none.
template <typename Integer>
size_t first_not_exact(const void* data, size_t first, size_t count) {
  const Integer* const from = static_cast<const Integer*>(data) + first;
  size_t i = 0;
  while (i < count && is_exact(from[i])) i++;
  return i;
}

}  // namespace fp
