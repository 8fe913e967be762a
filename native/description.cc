#include "description.h"

namespace fp {
namespace {

using Kind = FileFault::Kind;

// Missing lists are empty; null also means missing.
bool is_absent(const json::Value& value) { return !value.found() || value.is(json::Kind::null); }

// The names of types in frozen files: i32, u8, bool, f32, bf16 …
bool is_integer_type(const json::Value& dtype) {
  const char first = dtype.begin()[1];
  return first == 'i' || first == 'u' || dtype.equals("bool");
}

}  // namespace

// Reads twice in the same order: the first pass counts the size of texts and axes, the second stores them.
bool Description::read(const json::Value& from, const Array<size_t>& input_widths, const Array<size_t>& output_widths,
                       FileFault& fault) {
  if (!read_all(from, input_widths, output_widths, fault)) return false;
  // One more, so that neither array is empty and each pass can tell which pass it is.
  if (!texts_.allocate(text_bytes_ + 1) || !axes_.allocate(axis_count_ + 1)) return fault.no_memory();
  text_bytes_ = 0;
  axis_count_ = 0;
  return read_all(from, input_widths, output_widths, fault);
}

bool Description::read_all(const json::Value& from, const Array<size_t>& input_widths,
                           const Array<size_t>& output_widths, FileFault& fault) {
  if (!from.get("parameterCount").whole(parameter_count_)) {
    return fault.set(Kind::malformed, "parameterCount: expected an integer");
  }
  return read_ports(from.get("inputs"), "inputs", input_widths, inputs_, fault) &&
         read_ports(from.get("outputs"), "outputs", output_widths, outputs_, fault) &&
         read_labels(from.get("classes"), "classes", true, classes_, fault) &&
         read_labels(from.get("featureNames"), "featureNames", false, features_, fault);
}

bool Description::read_ports(const json::Value& list, const char* key, const Array<size_t>& widths,
                             Array<PortDescription>& to, FileFault& fault) {
  const size_t count = json::count_of(list);
  if (!list.is(json::Kind::array) || count != widths.size()) {
    return fault.set(Kind::malformed, "%s: expected a list of %zu, as many as the plan has, found %zu", key,
                     widths.size(), count);
  }
  if (!to.allocate(count)) return fault.no_memory();
  size_t index = 0;
  for (json::Walk walk(list); walk.next(); index++) {
    PortDescription& port = to[index];
    const json::Value name = walk.value.get("name"), dtype = walk.value.get("dtype"), shape = walk.value.get("shape");
    const json::Value integers = walk.value.get("integers");
    port.name = name.is(json::Kind::string) ? keep(name) : nullptr;
    port.dtype = dtype.is(json::Kind::string) ? keep(dtype) : nullptr;
    if (port.name == nullptr || port.dtype == nullptr || !shape.is(json::Kind::array) ||
        (!is_absent(integers) && !integers.is(json::Kind::boolean))) {
      return fault.set(Kind::malformed, "%s[%zu]: expected a name, a dtype, a shape and whether it is of integers", key,
                       index);
    }
    port.integers = is_absent(integers) ? is_integer_type(dtype) : integers.truth();
    port.shape = axes_.size() > 0 ? axes_.data() + axis_count_ : nullptr;
    port.width = widths[index];
    size_t product = 1;
    for (json::Walk axis(shape); axis.next(); port.rank++, axis_count_++) {
      uint64_t size = 0;
      const bool divides = axis.value.whole(size) && size > 0 && size <= port.width / product;
      if (!divides) product = 0;
      if (product == 0) break;
      product *= size_t(size);
      if (axes_.size() > 0) axes_[axis_count_] = size_t(size);
    }
    if (product != port.width) {
      return fault.set(Kind::malformed, "%s[%zu]: expected a shape of %zu elements, as the plan has it", key, index,
                       port.width);
    }
  }
  return true;
}

bool Description::read_labels(const json::Value& list, const char* key, bool numbers, Array<Label>& to,
                              FileFault& fault) {
  if (is_absent(list)) return true;
  if (!list.is(json::Kind::array)) return fault.set(Kind::malformed, "%s: expected a list", key);
  if (!to.allocate(json::count_of(list))) return fault.no_memory();
  size_t index = 0;
  for (json::Walk walk(list); walk.next(); index++) {
    const bool number = walk.value.is(json::Kind::number);
    to[index] = {number && !numbers ? nullptr : keep(walk.value), number};
    if (to[index].text == nullptr) {
      return fault.set(Kind::malformed, "%s[%zu]: expected text%s", key, index, numbers ? " or a number" : "");
    }
  }
  return true;
}

// A string or a number as zero-terminated text; null for anything else, or a string that contains a zero byte.
const char* Description::keep(const json::Value& value) {
  const bool string = value.is(json::Kind::string);
  if (!string && !value.is(json::Kind::number)) return nullptr;
  const size_t bytes = string ? value.text_bytes() : size_t(value.end() - value.begin());
  char* const to = texts_.size() > 0 ? texts_.data() + text_bytes_ : nullptr;
  text_bytes_ += bytes + 1;
  if (to == nullptr) {
    if (string) {
      for (json::Letters letters(value.begin() + 1);;) {
        const int byte = letters.next();
        if (byte == 0) return nullptr;
        if (byte < 0) break;
      }
    }
    return "";
  }
  if (string) {
    value.copy_text(to);
  } else {
    std::memcpy(to, value.begin(), bytes);
  }
  to[bytes] = 0;
  return to;
}

}  // namespace fp
