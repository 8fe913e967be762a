// Changes the header of a safetensors file, or the bytes behind it, and makes its length right.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);

inline size_t mutate_header(uint8_t* data, size_t size, size_t most, unsigned seed) {
  constexpr size_t length_bytes = 8;
  uint64_t length = 0;
  if (size > length_bytes) std::memcpy(&length, data, length_bytes);
  // The file as it is, one time in eight: lengths that lie.
  if (seed % 8 == 0 || length == 0 || length > size - length_bytes) return LLVMFuzzerMutate(data, size, most);
  const bool of_header = seed % 8 < 6;
  std::string header(reinterpret_cast<char*>(data) + length_bytes, size_t(length));
  std::string rest(reinterpret_cast<char*>(data) + length_bytes + length, size - length_bytes - size_t(length));
  std::string& part = of_header ? header : rest;
  const size_t before = part.size();
  const size_t room = before + (most - size);
  if (room == 0) return size;
  part.resize(room);
  part.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(&part[0]), before, room));
  length = header.size();
  std::memcpy(data, &length, length_bytes);
  std::memcpy(data + length_bytes, header.data(), header.size());
  std::memcpy(data + length_bytes + header.size(), rest.data(), rest.size());
  return length_bytes + header.size() + rest.size();
}
