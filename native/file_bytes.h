// All bytes of a file.
#pragma once

#include <cstddef>

#include "arena.h"

namespace fp {

class FileBytes {
 public:
  enum class Status { ok, unreadable, out_of_memory };

  FileBytes() = default;
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;
  ~FileBytes() { aligned_free(data_); }

  // The path is in the system's encoding, on Windows UTF-8. If it is unreadable, `reason` says why.
  [[nodiscard]] Status read(const char* path, const char*& reason);

  const void* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace fp
