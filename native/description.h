// The description of the model in a frozen file, beside the plan: its inputs and outputs, classes and names. Nothing
// here computes.
#pragma once

#include <cstddef>

#include "arena.h"
#include "json.h"
#include "safetensors.h"

namespace fp {

struct PortDescription {
  const char* name;
  const char* dtype;
  const size_t* shape;  // of one row
  size_t rank, width;
  bool integers;  // arrays of them are welcome
};

struct Label {
  const char* text;
  bool number;
};

// Owns its texts, so the file may be freed.
class Description {
 public:
  // `widths` are the engine's, which the products of the shapes must equal.
  [[nodiscard]] bool read(const json::Value& from, const Array<size_t>& input_widths,
                          const Array<size_t>& output_widths, FileFault& fault);

  const Array<PortDescription>& inputs() const { return inputs_; }
  const Array<PortDescription>& outputs() const { return outputs_; }
  const Array<Label>& classes() const { return classes_; }
  const Array<Label>& features() const { return features_; }
  uint64_t parameter_count() const { return parameter_count_; }

 private:
  bool read_all(const json::Value& from, const Array<size_t>& input_widths, const Array<size_t>& output_widths,
                FileFault& fault);
  bool read_ports(const json::Value& list, const char* key, const Array<size_t>& widths, Array<PortDescription>& to,
                  FileFault& fault);
  bool read_labels(const json::Value& list, const char* key, bool numbers, Array<Label>& to, FileFault& fault);
  const char* keep(const json::Value& text);

  Array<PortDescription> inputs_, outputs_;
  Array<Label> classes_, features_;
  Array<char> texts_;
  Array<size_t> axes_;
  size_t text_bytes_ = 0, axis_count_ = 0;  // used of them
  uint64_t parameter_count_ = 0;
};

}  // namespace fp
