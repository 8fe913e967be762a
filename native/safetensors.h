// The safetensors container: a header of JSON that names tensors, and their bytes. Every length, range and name in it
// is checked before it is used.
#pragma once

#include <cstddef>

#include "arena.h"
#include "json.h"

namespace fp {

// Why a file was rejected: what is wrong, and where.
struct FileFault {
  enum class Kind { malformed, truncated, not_frozen, version, unsupported, out_of_memory };
  Kind kind;
  char text[512];

  // Formats the text like printf; returns false, for the caller to return.
#ifdef __GNUC__
  __attribute__((format(printf, 3, 4)))
#endif
  bool
  set(Kind why, const char* format, ...);
  bool no_memory() { return set(Kind::out_of_memory, "no memory for what the file holds"); }
};

// A string of the file for a message: shortened if it is long, with ? for characters that a terminal should not
// receive.
struct Quoted {
  explicit Quoted(const json::Value& string);
  char text[100];
};

struct StoredTensor {
  json::Value name, shape;
  const char* dtype;
  size_t element_bytes, count, rank;
  size_t begin, end;  // bytes of the data

  bool is(const char* wanted) const { return std::strcmp(dtype, wanted) == 0; }
};

class Safetensors {
 public:
  static constexpr size_t most_header_bytes = 100000000;

  // The bytes must outlive this object and everything it returns.
  [[nodiscard]] bool open(const void* bytes, size_t size, FileFault& fault);

  // Null if there is none; the name is a string.
  const StoredTensor* find(const json::Value& name) const;
  // An object of strings, or nothing.
  const json::Value& metadata() const { return metadata_; }
  const char* data_of(const StoredTensor& tensor) const { return data_ + tensor.begin; }
  size_t data_bytes() const { return data_bytes_; }

 private:
  bool read_tensors(const json::Value& header, FileFault& fault);
  bool check_ranges(FileFault& fault);

  const char* data_ = nullptr;
  size_t data_bytes_ = 0;
  json::Value metadata_;
  Array<StoredTensor> tensors_;  // by name
};

}  // namespace fp
