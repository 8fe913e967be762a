#include "frozen_file.h"

#include <cstdint>

namespace fp {
namespace {

using Kind = FileFault::Kind;
constexpr const char* plan_key = "forwardpass.plan";
constexpr const char* decider_key = "forwardpass.decider";

bool is_aligned(const void* data, size_t bytes) { return reinterpret_cast<uintptr_t>(data) % bytes == 0; }
size_t padded(size_t bytes) { return (bytes + 7) / 8 * 8; }

}  // namespace

bool FrozenFile::open(const void* bytes, size_t size, FileFault& fault, Part part) {
  if (!file_.open(bytes, size, fault)) return false;
  const char* const key = part == Part::plan ? plan_key : decider_key;
  const json::Value text = file_.metadata().get(key);
  if (!text.found()) {
    if (part == Part::decider && file_.metadata().get(plan_key).found()) return true;
    if (file_.metadata().get("forwardpass").found()) {
      return fault.set(Kind::version, "metadata: frozen by a version that wrote no %s; freeze the model again",
                       plan_key);
    }
    return fault.set(Kind::not_frozen, "metadata: expected %s, as `forwardpass freeze` writes it, found none",
                     plan_key);
  }
  key_ = key;
  if (!plan_text_.allocate(text.text_bytes())) return fault.no_memory();
  text.copy_text(plan_text_.data());
  json::Fault wrong = {};
  const json::Verdict verdict = json::check(plan_text_.data(), plan_text_.size(), wrong);
  if (verdict == json::Verdict::out_of_memory) return fault.no_memory();
  if (verdict == json::Verdict::invalid) {
    return fault.set(Kind::malformed, "%s: %s, at byte %zu", key_, wrong.reason, wrong.at);
  }
  // Only the content of an object or an array may be walked.
  if (plan_text_[0] != '{') return fault.set(Kind::malformed, "%s: expected an object", key_);
  description_ = json::Value(plan_text_.data());

  uint64_t version;
  if (!description_.get("version").whole(version)) {
    return fault.set(Kind::malformed, "%s: expected a version", key_);
  }
  if (version < uint64_t(oldest_plan) || version > uint64_t(plan_version)) {
    const char* const remedy = version > uint64_t(plan_version)
                                   ? "it was frozen for a later forwardpass: update this library"
                                   : "freeze the model again";
    return fault.set(Kind::version, "%s: expected version " FP_PLAN_VERSIONS ", found %llu; %s", key_,
                     (unsigned long long)version, remedy);
  }
  const json::Value precision = description_.get("precision");
  const bool f64 = precision.equals("f64");
  if (!f64 && !precision.equals("f32")) return fault.set(Kind::malformed, "%s: expected a precision, f32 or f64", key_);
  return read_words(f64 ? Precision::f64 : Precision::f32, fault) && read_parameters(f64, fault);
}

// The words also contain the precision, which the engine uses, but parameters were read in the precision of the text.
bool FrozenFile::read_words(Precision precision, FileFault& fault) {
  const json::Value name = description_.get("words");
  if (!name.is(json::Kind::string)) {
    return fault.set(Kind::malformed, "%s: expected words, the name of a tensor", key_);
  }
  const StoredTensor* const tensor = file_.find(name);
  if (tensor == nullptr) return fault.set(Kind::malformed, "%s: tensor %s not found", key_, Quoted(name).text);
  if (!tensor->is("I32") || tensor->rank != 1) {
    return fault.set(Kind::malformed, "tensor %s: expected I32 of one axis, found %s of %zu", Quoted(name).text,
                     tensor->dtype, tensor->rank);
  }
  word_count_ = tensor->count;
  const char* const data = file_.data_of(*tensor);
  if (is_aligned(data, sizeof(int32_t))) {
    words_ = reinterpret_cast<const int32_t*>(data);
  } else {
    if (!copied_words_.allocate(word_count_)) return fault.no_memory();
    if (word_count_ > 0) std::memcpy(copied_words_.data(), data, word_count_ * sizeof(int32_t));
    words_ = copied_words_.data();
  }
  constexpr size_t precision_word = 1;
  if (word_count_ <= precision_word || words_[precision_word] != int32_t(precision)) {
    return fault.set(Kind::malformed, "tensor %s: its words are of another precision than %s says", Quoted(name).text,
                     key_);
  }
  return true;
}

bool FrozenFile::read_source(const json::Value& entry, size_t index, bool f64, Source& source, FileFault& fault) const {
  const json::Value name = entry.get("tensor"), scale = entry.get("scale"), layout = entry.get("layout");
  if (!name.is(json::Kind::string) || (scale.found() && !scale.is(json::Kind::string))) {
    return fault.set(Kind::malformed, "%s: parameters[%zu]: expected the name of a tensor", key_, index);
  }
  source = {};
  source.tensor = file_.find(name);
  if (source.tensor == nullptr) {
    return fault.set(Kind::malformed, "%s: parameters[%zu]: tensor %s not found", key_, index, Quoted(name).text);
  }
  const StoredTensor& tensor = *source.tensor;
  const size_t wanted_bytes = f64 ? sizeof(double) : sizeof(float);
  if (tensor.is(f64 ? "F64" : "F32")) {
    if (scale.found()) return fault.set(Kind::malformed, "%s: parameters[%zu]: a scale is only for I8", key_, index);
    source.copied = !is_aligned(file_.data_of(tensor), wanted_bytes);
    return true;
  }
  source.copied = true;
  if (!f64 && tensor.is("BF16") && !scale.found()) return true;
  if (f64 || !tensor.is("I8") || !scale.found()) {
    return fault.set(Kind::malformed, "tensor %s: expected %s, found %s%s", Quoted(name).text,
                     f64 ? "F64" : "F32, BF16, or I8 with a scale", tensor.dtype, scale.found() ? " with a scale" : "");
  }
  source.in_out = layout.equals("in-out");
  if (!source.in_out && !layout.equals("out-in")) {
    return fault.set(Kind::malformed, "%s: parameters[%zu]: expected a layout, in-out or out-in", key_, index);
  }
  source.scale = file_.find(scale);
  size_t axes[2] = {}, rank = 0;
  for (json::Walk walk(tensor.shape); walk.next() && rank < 2;) {
    uint64_t axis = 0;
    walk.value.whole(axis);
    axes[rank++] = size_t(axis);
  }
  if (source.scale == nullptr || !source.scale->is("F32") || tensor.rank != 2 ||
      source.scale->count != axes[source.in_out ? 1 : 0]) {
    return fault.set(Kind::malformed, "tensor %s: expected an F32 element for each output column of %s",
                     Quoted(scale).text, Quoted(name).text);
  }
  return true;
}

bool FrozenFile::read_parameters(bool f64, FileFault& fault) {
  const json::Value list = description_.get("parameters");
  if (!list.is(json::Kind::array)) return fault.set(Kind::malformed, "%s: expected a list of parameters", key_);
  Array<Source> sources;
  if (!sources.allocate(json::count_of(list)) || !parameters_.allocate(sources.size())) return fault.no_memory();
  const size_t element_bytes = f64 ? sizeof(double) : sizeof(float);
  // A tensor that many parameters name would be copied for each; a shared tensor should be one parameter.
  const size_t most_bytes = file_.data_bytes() * 8;
  size_t bytes = 0, index = 0;
  for (json::Walk walk(list); walk.next(); index++) {
    Source& source = sources[index];
    if (!read_source(walk.value, index, f64, source, fault)) return false;
    if (!source.copied) continue;
    bytes += padded(source.tensor->count * element_bytes);
    if (bytes > most_bytes) {
      return fault.set(Kind::malformed, "%s: parameters[%zu]: the same tensors again and again", key_, index);
    }
  }
  if (!copies_.allocate(bytes)) return fault.no_memory();
  char* to = copies_.data();
  for (index = 0; index < sources.size(); index++) {
    const Source& source = sources[index];
    parameters_[index] = {file_.data_of(*source.tensor), source.tensor->count};
    if (!source.copied || source.tensor->count == 0) continue;
    copy(source, to);
    parameters_[index].data = to;
    to += padded(source.tensor->count * element_bytes);
  }
  return true;
}

void FrozenFile::copy(const Source& source, char* to) const {
  const StoredTensor& tensor = *source.tensor;
  const char* const from = file_.data_of(tensor);
  if (tensor.is("BF16")) {
    for (size_t i = 0; i < tensor.count; i++) {
      uint16_t half;
      std::memcpy(&half, from + i * sizeof half, sizeof half);
      const uint32_t word = uint32_t(half) << 16;
      std::memcpy(to + i * sizeof word, &word, sizeof word);
    }
  } else if (tensor.is("I8")) {
    const char* const scales = file_.data_of(*source.scale);
    const size_t columns = source.scale->count, inner = tensor.count / columns;
    for (size_t i = 0; i < tensor.count; i++) {
      float scale;
      std::memcpy(&scale, scales + (source.in_out ? i % columns : i / inner) * sizeof scale, sizeof scale);
      const float weight = float(int8_t(from[i])) * scale;
      std::memcpy(to + i * sizeof weight, &weight, sizeof weight);
    }
  } else {
    std::memcpy(to, from, tensor.count * tensor.element_bytes);
  }
}

}  // namespace fp
