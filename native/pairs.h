// The pairs of a ragged input's rows, a few at a time, in the types that the engine computes with.
#pragma once

#include <cstddef>
#include <cstdint>

#include "network.h"

namespace fp {

// The elements that may be read beyond the end of a table: a vector of any instruction set.
constexpr size_t table_padding = 64 / sizeof(float);

template <typename T>
class Pairs {
 public:
  // Ids are below `limit`, which has at most 31 bits.
  Pairs(const Input& input, size_t limit) : ids(nullptr), weights(weights_), input_(input), limit_(limit) {
    if (input.weights == nullptr) {
      for (T& weight : weights_) weight = 1;
    }
  }

  const int32_t* ids;
  const T* weights;

  // Starts with the pairs of `row`.
  void begin(size_t row) {
    begin_ = at_ = size_t(input_.offsets[row]);
    end_ = size_t(input_.offsets[row + 1]);
  }
  size_t row_count() const { return end_ - begin_; }

  // Reads the next few pairs; returns their number, 0 after the last one. It is also 0 for an invalid id, and bad() is
  // then its index in the row.
  size_t next() {
    const size_t count = end_ - at_ < most ? end_ - at_ : most;
    const size_t first = at_;
    if (!take_ids(first, count)) return 0;
    if (input_.weights != nullptr) take_weights(first, count);
    at_ += count;
    return count;
  }
  bool bad() const { return at_ < end_; }
  size_t bad_place() const { return at_ - begin_; }
  double bad_id() const {
    if (input_.element == Element::i64) return double(static_cast<const int64_t*>(input_.data)[at_]);
    const int32_t id = static_cast<const int32_t*>(input_.data)[at_];
    return input_.element == Element::u32 ? double(uint32_t(id)) : double(id);
  }

 private:
  static constexpr size_t most = 128;

  bool take_ids(size_t first, size_t count) {
    if (input_.element == Element::i64) {
      const int64_t* const from = static_cast<const int64_t*>(input_.data) + first;
      for (size_t i = 0; i < count; i++) {
        if (uint64_t(from[i]) >= limit_) return stop(first + i);
        ids_[i] = int32_t(from[i]);
      }
      ids = ids_;
      return true;
    }
    // Signed and unsigned 32-bit integers are equal in the valid range.
    ids = static_cast<const int32_t*>(input_.data) + first;
    for (size_t i = 0; i < count; i++) {
      if (uint32_t(ids[i]) >= limit_) return stop(first + i);
    }
    return true;
  }
  bool stop(size_t at) {
    at_ = at;
    return false;
  }

  void take_weights(size_t first, size_t count) {
    constexpr bool single = sizeof(T) == sizeof(float);
    if ((input_.weight_element == Element::f32) == single) {
      weights = static_cast<const T*>(input_.weights) + first;
    } else if (single) {
      convert(static_cast<const double*>(input_.weights) + first, count);
    } else {
      convert(static_cast<const float*>(input_.weights) + first, count);
    }
  }
  template <typename U>
  void convert(const U* from, size_t count) {
    for (size_t i = 0; i < count; i++) weights_[i] = T(from[i]);
    weights = weights_;
  }

  const Input& input_;
  const size_t limit_;
  size_t begin_ = 0, at_ = 0, end_ = 0;
  int32_t ids_[most];
  T weights_[most];
};

}  // namespace fp
