#include "file_bytes.h"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include <sys/stat.h>

#ifdef _WIN32
#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>
#endif

namespace fp {
namespace {

#ifdef _WIN32
constexpr int most_path = 4096;

std::FILE* open_file(const char* path, uint64_t& size, const char*& reason) {
  wchar_t wide[most_path];
  if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, most_path) == 0) {
    reason = "its path is not UTF-8, or too long";
    return nullptr;
  }
  struct _stat64 about;
  std::FILE* file = nullptr;
  if (_wstat64(wide, &about) != 0 || ((about.st_mode & _S_IFREG) != 0 && (file = _wfopen(wide, L"rb")) == nullptr)) {
    reason = std::strerror(errno);
    return nullptr;
  }
#else
std::FILE* open_file(const char* path, uint64_t& size, const char*& reason) {
  // Checks the path first, because opening a pipe would wait for its other end.
  struct stat about;
  std::FILE* file = nullptr;
  if (stat(path, &about) != 0 || (S_ISREG(about.st_mode) && (file = std::fopen(path, "rb")) == nullptr)) {
    reason = std::strerror(errno);
    return nullptr;
  }
#endif
  if (file == nullptr) reason = "it is not a regular file";
  size = uint64_t(about.st_size);
  return file;
}

}  // namespace

FileBytes::Status FileBytes::read(const char* path, const char*& reason) {
  uint64_t size = 0;
  std::FILE* const file = open_file(path, size, reason);
  if (file == nullptr) return Status::unreadable;
  Status status = Status::out_of_memory;
  if (size < SIZE_MAX) data_ = aligned_allocate(size_t(size) + 1);
  if (data_ != nullptr) {
    // Reads as much as there is: a file that has become shorter in the meantime is found truncated by its own lengths.
    size_ = std::fread(data_, 1, size_t(size), file);
    status = std::ferror(file) != 0 ? Status::unreadable : Status::ok;
    if (status == Status::unreadable) reason = "reading it failed";
  }
  std::fclose(file);
  return status;
}

}  // namespace fp
