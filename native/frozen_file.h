// What `forwardpass freeze` writes: a safetensors file whose metadata hold, under "forwardpass.plan", the plan and
// which tensors are its parameters; under "forwardpass.decider" another such plan, of what decides labels where that is
// not the outputs.
#pragma once

#include <cstddef>

#include "arena.h"
#include "json.h"
#include "plan.h"
#include "safetensors.h"

namespace fp {

// What a frozen file holds for an engine: a plan not yet verified, its parameters in place, and what it says of them.
class FrozenFile {
 public:
  enum class Part { plan, decider };

  // The bytes must outlive this and all that it hands out. Only a file's decider may be absent: found() says so.
  [[nodiscard]] bool open(const void* bytes, size_t size, FileFault& fault, Part part = Part::plan);
  bool found() const { return key_ != nullptr; }

  Plan plan() const { return {words_, word_count_, parameters_.data(), parameters_.size()}; }
  // What the file says of the model: "inputs", "outputs", "classes" … as the writer left them, not yet looked at.
  const json::Value& description() const { return description_; }

 private:
  struct Source {  // of a parameter
    const StoredTensor* tensor;
    const StoredTensor* scale;  // of int8
    bool in_out;
    bool copied;
  };

  bool read_words(Precision precision, FileFault& fault);
  bool read_source(const json::Value& entry, size_t index, bool f64, Source& source, FileFault& fault) const;
  bool read_parameters(bool f64, FileFault& fault);
  void copy(const Source& source, char* to) const;

  Safetensors file_;
  const char* key_ = nullptr;  // of the metadata, which holds the plan
  Array<char> plan_text_;
  json::Value description_;
  Array<int32_t> copied_words_;  // where those of the file are not aligned
  const int32_t* words_ = nullptr;
  size_t word_count_ = 0;
  Array<Parameter> parameters_;
  Array<char> copies_;  // of parameters that the file holds in another form, or unaligned
};

}  // namespace fp
