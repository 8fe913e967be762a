// What learns: a kind is one algorithm of updates, made from numbers and buffers that JavaScript owns, and stepped.
//
// All that a step changes lies in one buffer, the state. The addon keeps a copy from before the step and puts it back
// where the step fails, so that a kind may write as it goes and say at the end that it was for nothing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fp::learn {

// Arguments and results of a step, by their places in an Int32Array. lib/learn/addon.ts holds the same list.
enum Word : size_t {
  kRows = 0,    // how many of the buffers' first rows to learn from
  kFlags = 1,   // what the kind makes of it: of most, 1 says that the weights of the rows count
  kStatus = 2,  // a Status
  kRow = 3,     // where, of the statuses that say
  kColumn = 4,
  kWords = 8,
};

// lib/learn/addon.ts holds the same list.
enum Status : int32_t {
  kLearnt = 0,
  kBadRows = 1,          // fewer than one, or more than the buffers hold
  kInputNotFinite = 2,   // row, column
  kTargetNotFinite = 3,  // row
  kNotFinite = 4,        // a parameter became infinite or NaN
  kBadTarget = 5,        // row: a class that is none
};

enum class Element : uint8_t { f64, f32, i32, u32, u8 };

struct Buffer {
  void* data;
  size_t length;  // in elements
  Element element;

  // The elements, where they are of that type and there are at least so many; else null.
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

// What a learner is made from. Nothing in it was checked.
struct Setup {
  const int32_t* integers;
  size_t integer_count;
  const double* numbers;
  size_t number_count;
  // Of doubles, aligned as such; kinds lay it out as they like.
  double* state;
  size_t state_count;
  const Buffer* buffers;
  size_t buffer_count;

  // An integer from `least` to `most`; false if there is none at that place.
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

// Made by a kind; what it is made of follows the two functions in a struct that begins with this one.
struct Learner {
  // Learns from the first `rows` rows, at least one. `words` says where, of a status that does.
  Status (*step)(Learner* self, size_t rows, int32_t* words);
  void (*end)(Learner* self);
  size_t most_rows;  // that the buffers hold
};

struct Kind {
  const char* name;
  // Null where there is no memory, or what it is given does not fit together; `fits` says which.
  Learner* (*make)(const Setup& setup, bool& fits);
};

// All kinds, over the vectors of one instruction set.
struct Kinds {
  const char* isa;
  bool (*available)();
  const Kind* kinds;
  double (*exp)(double);
  double (*pow)(double, double);
};

}  // namespace fp::learn
