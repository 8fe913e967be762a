// Text that is valid JSON can be walked, and every string of it read, without leaving it.
#include "json.h"

#include <string>

#include "exact.h"

using fp::json::Kind;
using fp::json::Value;

static size_t walk(const Value& value) {
  size_t count = size_t(value.end() - value.begin());
  if (value.is(Kind::string)) {
    std::string text(value.text_bytes(), '\0');
    value.copy_text(&text[0]);
    count += size_t(value.equals(text.c_str())) + size_t(value.compare(value) == 0);
  }
  uint64_t whole = 0;
  if (value.is(Kind::number)) count += size_t(value.whole(whole));
  for (fp::json::Walk part(value); part.next();) {
    if (part.key.found()) count += walk(part.key) + size_t(value.get("a").found());
    count += walk(part.value);
  }
  return count;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Exact text(data, size);
  fp::json::Fault fault = {};
  if (fp::json::check(text.data(), text.size(), fault) != fp::json::Verdict::valid) return 0;
  const Value value(text.data());
  if (value.is(Kind::object) || value.is(Kind::array)) walk(value);
  return 0;
}
