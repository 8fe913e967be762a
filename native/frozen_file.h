// The files of `forwardpass freeze`: a safetensors file whose metadata has the plan and the names of its parameters
// under "forwardpass.plan", and under "forwardpass.decider" another such plan if labels are not decided by the outputs.
#pragma once

#include <cstddef>

#include "arena.h"
#include "json.h"
#include "plan.h"
#include "safetensors.h"

namespace fp {

// The content of a frozen file for an engine: a plan that is not verified yet, its parameters in place, and their
// description.
class FrozenFile {
 public:
  enum class Part { plan, decider };

  // The bytes must outlive this object and everything it returns. Only the decider may be absent: see found().
  [[nodiscard]] bool open(const void* bytes, size_t size, FileFault& fault, Part part = Part::plan);
  bool found() const { return key_ != nullptr; }

  Plan plan() const { return {words_, word_count_, parameters_.data(), parameters_.size()}; }
  // The description of the model: "inputs", "outputs", "classes" … as written, not checked yet.
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
  Array<int32_t> copied_words_;  // if those in the file are not aligned
  const int32_t* words_ = nullptr;
  size_t word_count_ = 0;
  Array<Parameter> parameters_;
  Array<char> copies_;  // of parameters that are in another form in the file, or unaligned
};

}  // namespace fp
