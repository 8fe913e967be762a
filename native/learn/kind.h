// Kinds of learners: a kind is one update algorithm. It is created from numbers and buffers that JavaScript owns, and
// then stepped.
//
// Everything that a step changes is in one buffer, the state. The addon keeps a copy from before the step and restores
// it if the step fails, so a kind may write as it goes and report at the end that it failed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fp::learn {

// Arguments and results of a step, by their index in an Int32Array. lib/learn/addon.ts has the same list.
enum Word : size_t {
  kRows = 0,    // how many of the first rows in the buffers to learn from
  kFlags = 1,   // defined by the kind; for most, 1 means that row weights count
  kStatus = 2,  // a Status
  kRow = 3,     // the position, for statuses that have one
  kColumn = 4,
  kWords = 8,
};

// lib/learn/addon.ts has the same list.
enum Status : int32_t {
  kLearnt = 0,
  kBadRows = 1,          // fewer than one, or more than the buffers can hold
  kInputNotFinite = 2,   // row, column
  kTargetNotFinite = 3,  // row
  kNotFinite = 4,        // a parameter became infinite or NaN
  kBadTarget = 5,        // row: an invalid class
};

enum class Element : uint8_t { f64, f32, i32, u32, u8 };

struct Buffer {
  void* data;
  size_t length;  // in elements
  Element element;

  // The elements, if they have that type and there are at least that many; otherwise null.
  double* f64(size_t least) const {
    return element == Element::f64 && length >= least ? static_cast<double*>(data) : nullptr;
  }
  float* f32(size_t least) const {
    return element == Element::f32 && length >= least ? static_cast<float*>(data) : nullptr;
  }
  int32_t* i32(size_t least) const {
    return element == Element::i32 && length >= least ? static_cast<int32_t*>(data) : nullptr;
  }
};

// The arguments for creating a learner. They are not checked yet.
struct Setup {
  const int32_t* integers;
  size_t integer_count;
  const double* numbers;
  size_t number_count;
  // The state: doubles, aligned as such; each kind has its own layout.
  double* state;
  size_t state_count;
  const Buffer* buffers;
  size_t buffer_count;

  // An integer from `least` to `most`; false if there is none at that index.
  bool integer(size_t at, size_t least, size_t most, size_t& value) const {
    if (at >= integer_count || integers[at] < 0 || size_t(integers[at]) < least || size_t(integers[at]) > most) {
      return false;
    }
    value = size_t(integers[at]);
    return true;
  }
  bool flag(size_t at, bool& value) const {
    size_t number;
    if (!integer(at, 0, 1, number)) return false;
    value = number == 1;
    return true;
  }
  bool number(size_t at, double& value) const {
    if (at >= number_count) return false;
    value = numbers[at];
    return true;
  }
  Buffer buffer(size_t at) const { return at < buffer_count ? buffers[at] : Buffer{nullptr, 0, Element::u8}; }
};

// Created by a kind. The kind's data follows the two functions in a struct that begins with this one.
struct Learner {
  // Learns from the first `rows` rows, at least one. `words` has the position for statuses that have one.
  Status (*step)(Learner* self, size_t rows, int32_t* words);
  void (*end)(Learner* self);
  size_t most_rows;  // that fit into the buffers
};

struct Kind {
  const char* name;
  // Null if there is not enough memory, or if the arguments are inconsistent; `fits` tells which.
  Learner* (*make)(const Setup& setup, bool& fits);
};

// All kinds, for the vectors of one instruction set.
struct Kinds {
  const char* isa;
  bool (*available)();
  const Kind* kinds;
  double (*exp)(double);
  double (*pow)(double, double);
};

}  // namespace fp::learn
