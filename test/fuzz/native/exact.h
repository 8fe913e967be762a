// What all harnesses share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

// A copy of just these bytes, so that a sanitizer sees a read past their end.
class Exact {
 public:
  Exact(const uint8_t* data, size_t size) : bytes_(new char[size]), size_(size) {
    for (size_t i = 0; i < size; i++) bytes_[i] = char(data[i]);
  }
  const char* data() const { return bytes_.get(); }
  size_t size() const { return size_; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_;
};

// What models of small files are allowed: more only takes time.
constexpr size_t most_bytes = size_t(16) << 20;
constexpr size_t rows = 2;
