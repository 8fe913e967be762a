// Converts between the elements of callers' buffers and those of the engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
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

// For an input that is only used as bytes: whether it is read as int32, directly or converted in `room`.
inline bool becomes_int32(Element element) {
  return element == Element::i8 || element == Element::u8 || element == Element::i32;
}
inline int32_t* int32s(const Input& input, size_t first, size_t count, void* room) {
  int32_t* const to = static_cast<int32_t*>(room);
  if (input.element == Element::i32) return const_cast<int32_t*>(static_cast<const int32_t*>(input.data)) + first;
  if (input.element == Element::i8) {
    copy_from<int32_t, int8_t>(input.data, first, count, to);
  } else {
    copy_from<int32_t, uint8_t>(input.data, first, count, to);
  }
  return to;
}

template <typename Integer, typename T>
Integer whole(T value) {
  constexpr Integer least = std::numeric_limits<Integer>::min(), greatest = std::numeric_limits<Integer>::max();
  if (value != value) return 0;
  if (value <= T(least)) return least;
  if (value >= T(greatest)) return greatest;  // T(greatest) may have been rounded up
  return Integer(value);
}

template <typename To, typename T>
void copy_to(const T* from, size_t first, size_t count, void* data) {
  To* const to = static_cast<To*>(data) + first;
  for (size_t i = 0; i < count; i++) {
    if constexpr (std::is_integral_v<To>) {
      to[i] = whole<To>(from[i]);
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
