#include "safetensors.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace fp {
namespace {

using Kind = FileFault::Kind;
constexpr size_t length_bytes = 8;

struct DType {
  const char* name;
  size_t bytes;
};
constexpr DType dtypes[] = {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"U64", 8}, {"I32", 4},
                            {"U32", 4}, {"I16", 2}, {"U16", 2}, {"I8", 1},   {"U8", 1},  {"BOOL", 1}};

// False if the product would be too large for a size on any machine.
bool multiply(size_t& product, uint64_t factor) {
  constexpr uint64_t most = uint64_t(1) << 53;
  if (factor != 0 && product > most / factor) return false;
  if (factor > SIZE_MAX || (factor != 0 && product > SIZE_MAX / factor)) return false;
  product *= size_t(factor);
  return true;
}

bool read_dtype(const json::Value& dtype, StoredTensor& tensor, FileFault& fault) {
  const Quoted name(tensor.name);
  if (!dtype.is(json::Kind::string)) {
    return fault.set(Kind::malformed, "tensor %s: expected a dtype, found none", name.text);
  }
  for (const DType& known : dtypes) {
    if (!dtype.equals(known.name)) continue;
    tensor.dtype = known.name;
    tensor.element_bytes = known.bytes;
    return true;
  }
  return fault.set(Kind::unsupported, "tensor %s: elements of type %s are not read", name.text, Quoted(dtype).text);
}

bool read_shape(const json::Value& shape, StoredTensor& tensor, FileFault& fault) {
  const Quoted name(tensor.name);
  if (!shape.is(json::Kind::array)) {
    return fault.set(Kind::malformed, "tensor %s: expected a shape of integers, found none", name.text);
  }
  tensor.shape = shape;
  tensor.count = 1;
  for (json::Walk walk(shape); walk.next(); tensor.rank++) {
    uint64_t axis;
    if (!walk.value.whole(axis)) {
      return fault.set(Kind::malformed, "tensor %s: expected a shape of integers", name.text);
    }
    if (!multiply(tensor.count, axis)) {
      return fault.set(Kind::malformed, "tensor %s: has more elements than can be", name.text);
    }
  }
  return true;
}

bool read_offsets(const json::Value& offsets, StoredTensor& tensor, FileFault& fault) {
  const Quoted name(tensor.name);
  uint64_t ends[2];
  size_t count = 0;
  for (json::Walk walk(offsets); walk.next(); count++) {
    if (count == 2 || !walk.value.whole(ends[count])) {
      count = 0;
      break;
    }
  }
  if (!offsets.is(json::Kind::array) || count != 2 || ends[0] > ends[1] || ends[1] > SIZE_MAX) {
    return fault.set(Kind::malformed, "tensor %s: expected data_offsets [begin, end]", name.text);
  }
  tensor.begin = size_t(ends[0]);
  tensor.end = size_t(ends[1]);
  size_t bytes = tensor.count;
  if (!multiply(bytes, tensor.element_bytes)) {
    return fault.set(Kind::malformed, "tensor %s: has more elements than can be", name.text);
  }
  if (tensor.end - tensor.begin != bytes) {
    return fault.set(Kind::malformed, "tensor %s: %zu elements of %s take %zu bytes, but its data_offsets hold %zu",
                     name.text, tensor.count, tensor.dtype, bytes, tensor.end - tensor.begin);
  }
  return true;
}

bool read_tensor(const json::Value& declared, StoredTensor& tensor, FileFault& fault) {
  if (!declared.is(json::Kind::object)) {
    return fault.set(Kind::malformed, "tensor %s: expected an object", Quoted(tensor.name).text);
  }
  return read_dtype(declared.get("dtype"), tensor, fault) && read_shape(declared.get("shape"), tensor, fault) &&
         read_offsets(declared.get("data_offsets"), tensor, fault);
}

}  // namespace

bool FileFault::set(Kind why, const char* format, ...) {
  kind = why;
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return false;
}

Quoted::Quoted(const json::Value& string) {
  size_t count = 0;
  text[count++] = '"';
  if (string.is(json::Kind::string)) {
    json::Letters letters(string.begin() + 1);
    for (int byte = letters.next(); byte >= 0; byte = letters.next()) {
      const bool first_of_letter = (byte & 0xc0) != 0x80;
      if (first_of_letter && count >= sizeof text - 9) {
        for (int dots = 0; dots < 3; dots++) text[count++] = '.';
        break;
      }
      text[count++] = byte < 0x20 || byte == 0x7f ? '?' : char(byte);
    }
  }
  text[count++] = '"';
  text[count] = 0;
}

bool Safetensors::open(const void* bytes, size_t size, FileFault& fault) {
  if (size < length_bytes) {
    return fault.set(Kind::truncated, "header: expected a length of 8 bytes, found %zu bytes in all", size);
  }
  const unsigned char* const head = static_cast<const unsigned char*>(bytes);
  uint64_t length = 0;
  for (size_t i = 0; i < length_bytes; i++) length |= uint64_t(head[i]) << (8 * i);
  if (length > most_header_bytes) {
    return fault.set(Kind::malformed, "header: %llu bytes long, more than the %zu that the format allows",
                     (unsigned long long)length, most_header_bytes);
  }
  if (length > size - length_bytes) {
    return fault.set(Kind::truncated, "header: %llu bytes long, but %zu follow in the file", (unsigned long long)length,
                     size - length_bytes);
  }
  const char* const text = static_cast<const char*>(bytes) + length_bytes;
  if (length == 0 || *text != '{') return fault.set(Kind::malformed, "header: expected '{' as its first byte");
  json::Fault wrong = {};
  const json::Verdict verdict = json::check(text, size_t(length), wrong);
  if (verdict == json::Verdict::out_of_memory) return fault.no_memory();
  if (verdict == json::Verdict::invalid) {
    return fault.set(Kind::malformed, "header: %s, at byte %zu", wrong.reason, wrong.at);
  }
  data_ = text + length;
  data_bytes_ = size - length_bytes - size_t(length);
  return read_tensors(json::Value(text), fault) && check_ranges(fault);
}

bool Safetensors::read_tensors(const json::Value& header, FileFault& fault) {
  constexpr const char* metadata_key = "__metadata__";
  metadata_ = header.get(metadata_key);
  if (metadata_.found() && !metadata_.is(json::Kind::object)) {
    return fault.set(Kind::malformed, "__metadata__: expected an object of strings");
  }
  for (json::Walk walk(metadata_); walk.next();) {
    if (!walk.value.is(json::Kind::string)) {
      return fault.set(Kind::malformed, "__metadata__: expected strings only, found something else for %s",
                       Quoted(walk.key).text);
    }
  }
  if (!tensors_.allocate(json::count_of(header) - metadata_.found())) return fault.no_memory();
  size_t count = 0;
  for (json::Walk walk(header); walk.next();) {
    if (walk.key.equals(metadata_key)) continue;
    StoredTensor& tensor = tensors_[count++];
    tensor.name = walk.key;
    if (!read_tensor(walk.value, tensor, fault)) return false;
  }
  return true;
}

// Ranges follow each other without gaps or overlaps, from the first byte of the data to the last.
bool Safetensors::check_ranges(FileFault& fault) {
  std::sort(tensors_.begin(), tensors_.end(), [](const StoredTensor& a, const StoredTensor& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  size_t covered = 0;
  for (const StoredTensor& tensor : tensors_) {
    if (tensor.begin != covered) {
      return fault.set(Kind::malformed, "tensor %s: begins at byte %zu of the data, but the data before it ends at %zu",
                       Quoted(tensor.name).text, tensor.begin, covered);
    }
    if (tensor.end > data_bytes_) {
      return fault.set(Kind::truncated, "tensor %s: ends at byte %zu of the data, but the file holds %zu",
                       Quoted(tensor.name).text, tensor.end, data_bytes_);
    }
    covered = tensor.end;
  }
  if (covered != data_bytes_) {
    return fault.set(Kind::malformed, "data: %zu bytes follow the last tensor", data_bytes_ - covered);
  }
  std::sort(tensors_.begin(), tensors_.end(),
            [](const StoredTensor& a, const StoredTensor& b) { return a.name.compare(b.name) < 0; });
  return true;
}

const StoredTensor* Safetensors::find(const json::Value& name) const {
  const StoredTensor* const found = std::lower_bound(
      tensors_.begin(), tensors_.end(), name,
      [](const StoredTensor& tensor, const json::Value& wanted) { return tensor.name.compare(wanted) < 0; });
  return found != tensors_.end() && found->name.compare(name) == 0 ? found : nullptr;
}

}  // namespace fp
