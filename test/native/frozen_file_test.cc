// Frozen files that lie: one test for each thing that may be wrong with a header, then every cut and many changes.
#include "frozen_file.h"

#include <cstring>
#include <string>
#include <vector>

#include "frozen_builder.h"
#include "test.h"

using fp::FileFault;
using Broken = FileFault::Kind;
using test::container;
using test::FrozenBuilder;
using test::SmallNet;

namespace {

bool open(const std::string& bytes, FileFault& fault) {
  const std::vector<char> exact(bytes.begin(), bytes.end());
  fp::FrozenFile file;
  return file.open(exact.data(), exact.size(), fault);
}

void refused(const std::string& bytes, Broken kind, const char* part) {
  FileFault fault = {};
  CHECK_THAT(!open(bytes, fault), "accepted, where it should be refused: %s", part);
  CHECK_THAT(fault.kind == kind, "kind %d: %s", int(fault.kind), fault.text);
  CHECK_THAT(std::strstr(fault.text, part) != nullptr, "expected ... %s ..., found: %s", part, fault.text);
}

void accepted(const std::string& bytes) {
  FileFault fault = {};
  CHECK_THAT(open(bytes, fault), "%s", fault.text);
}

// The header of a good file with one part replaced.
void refused_header(const std::string& from, const std::string& to, Broken kind, const char* part) {
  const FrozenBuilder good = SmallNet().frozen();
  std::string header = good.header();
  const size_t at = header.find(from);
  CHECK_THAT(at != std::string::npos, "the header has no %s", from.c_str());
  if (at == std::string::npos) return;
  refused(container(header.replace(at, from.size(), to), good.data), kind, part);
}

void refused_plan(const std::string& from, const std::string& to, Broken kind, const char* part) {
  FrozenBuilder builder = SmallNet().frozen();
  const size_t at = builder.plan.find(from);
  CHECK_THAT(at != std::string::npos, "the plan has no %s", from.c_str());
  if (at == std::string::npos) return;
  builder.plan.replace(at, from.size(), to);
  refused(builder.bytes(), kind, part);
}

TEST("a frozen file opens, and hands out its words and parameters") {
  const SmallNet net;
  const std::string bytes = net.frozen().bytes();
  for (size_t shift = 0; shift < 8; shift++) {  // aligned or not
    std::vector<char> moved(bytes.size() + shift);
    std::memcpy(moved.data() + shift, bytes.data(), bytes.size());
    fp::FrozenFile file;
    FileFault fault = {};
    CHECK_THAT(file.open(moved.data() + shift, bytes.size(), fault), "%s", fault.text);
    const fp::Plan plan = file.plan();
    CHECK(plan.word_count == net.words.size() && plan.parameter_count == 3);
    CHECK(std::memcmp(plan.words, net.words.data(), net.words.size() * sizeof(int32_t)) == 0);
    const std::vector<float>* const wanted[] = {&net.weights, &net.bias, &net.table};
    for (size_t i = 0; i < 3; i++) {
      CHECK(plan.parameters[i].count == wanted[i]->size());
      CHECK(std::memcmp(plan.parameters[i].data, wanted[i]->data(), wanted[i]->size() * sizeof(float)) == 0);
      CHECK(uintptr_t(plan.parameters[i].data) % sizeof(float) == 0);
    }
  }
}

TEST("bf16 is widened exactly, and int8 multiplied by the scale of its column") {
  SmallNet net;
  net.parameters = R"([{"tensor":"q","scale":"s","layout":"in-out"},{"tensor":"h"},)"
                   R"({"tensor":"q","scale":"s4","layout":"out-in"}])";
  FrozenBuilder builder;
  builder.tensor("words", "I32", "[" + std::to_string(net.words.size()) + "]", net.words);
  const std::vector<int8_t> q = {1, -2, 127, -127, 0, 3, -128, 5, 7, 11, 13, -17};
  const std::vector<float> s = {0.1f, 3.3333f, 1e-3f}, s4 = {0.7f, 2, 0, 1e30f};
  const std::vector<uint16_t> h = {0x3f80, 0xff80, 0x0001};  // 1, −∞, a subnormal
  builder.tensor("q", "I8", "[4,3]", q).tensor("h", "BF16", "[3]", h).tensor("s", "F32", "[3]", s);
  builder.tensor("s4", "F32", "[4]", s4);
  builder.plan = net.plan();
  const std::string bytes = builder.bytes();
  fp::FrozenFile file;
  FileFault fault = {};
  CHECK_THAT(file.open(bytes.data(), bytes.size(), fault), "%s", fault.text);
  const fp::Parameter* const p = file.plan().parameters;
  for (size_t i = 0; i < 12; i++) {
    const float in_out = float(q[i]) * s[i % 3], out_in = float(q[i]) * s4[i / 3];
    CHECK(std::memcmp(static_cast<const float*>(p[0].data) + i, &in_out, sizeof(float)) == 0);
    CHECK(std::memcmp(static_cast<const float*>(p[2].data) + i, &out_in, sizeof(float)) == 0);
  }
  const uint32_t widened[] = {0x3f800000, 0xff800000, 0x00010000};
  CHECK(std::memcmp(p[1].data, widened, sizeof widened) == 0);
}

TEST("a file shorter than a header's length is truncated") { refused("1234567", Broken::truncated, "7 bytes in all"); }
TEST("a header longer than the file is truncated") {
  std::string bytes = SmallNet().frozen().bytes();
  bytes[2] = 1;
  refused(bytes, Broken::truncated, "follow in the file");
}
TEST("a header longer than the format allows is refused") {
  std::string bytes = SmallNet().frozen().bytes();
  bytes[5] = 1;
  refused(bytes, Broken::malformed, "more than the 100000000 that the format allows");
}
TEST("a header of no bytes is refused") { refused(container("", ""), Broken::malformed, "'{'"); }
TEST("a header that begins with a space is refused") { refused(container(" {}", ""), Broken::malformed, "'{'"); }
TEST("a header that is not JSON is refused") { refused(container("{", ""), Broken::malformed, "expected a key"); }
TEST("a header that is not UTF-8 is refused") { refused(container("{\"\xff\":0}", ""), Broken::malformed, "UTF-8"); }
TEST("a header with a tensor twice is refused") {
  refused_header("\"b\":{", "\"w\":{", Broken::malformed, "a key twice");
}
TEST("metadata that are not an object are refused") {
  refused(container("{\"__metadata__\":[]}", ""), Broken::malformed, "__metadata__: expected an object");
}
TEST("metadata that are not strings are refused") {
  refused_header("\"pt\"", "1", Broken::malformed, "found something else for \"format\"");
}
TEST("a tensor that is not an object is refused") {
  refused(container("{\"w\":1}", ""), Broken::malformed, "tensor \"w\": expected an object");
}
TEST("a tensor without a dtype is refused") {
  refused(container("{\"w\":{}}", ""), Broken::malformed, "expected a dtype");
}
TEST("a tensor of an unknown dtype is refused") {
  refused_header("\"F32\"", "\"F8_E4M3\"", Broken::unsupported, "F8_E4M3");
}
TEST("a shape that is not a list is refused") { refused_header("[4,3]", "{}", Broken::malformed, "expected a shape"); }
TEST("a shape of fractions is refused") { refused_header("[4,3]", "[4.5]", Broken::malformed, "expected a shape"); }
TEST("a negative axis is refused") { refused_header("[4,3]", "[-4,3]", Broken::malformed, "expected a shape"); }
TEST("a shape whose product overflows is refused") {
  refused_header("[4,3]", "[4294967296,4294967296,4]", Broken::malformed, "more elements than can be");
  refused_header("[4,3]", "[9007199254740991]", Broken::malformed, "more elements than can be");
}
TEST("data_offsets that are missing, not two or backwards are refused") {
  refused_header("\"data_offsets\":[136,", "\"offsets\":[136,", Broken::malformed, "expected data_offsets");
  refused_header("[136,184]", "[136]", Broken::malformed, "expected data_offsets");
  refused_header("[136,184]", "[136,184,185]", Broken::malformed, "expected data_offsets");
  refused_header("[136,184]", "[184,136]", Broken::malformed, "expected data_offsets");
}
TEST("data_offsets of another size than the shape's are refused") {
  refused_header("[4,3]", "[4,4]", Broken::malformed, "16 elements of F32 take 64 bytes, but its data_offsets hold 48");
}
TEST("a gap between tensors is refused") {
  refused_header("[136,184]", "[140,188]", Broken::malformed, "begins at byte 140");
}
TEST("tensors that overlap are refused") {
  refused_header("[184,196]", "[180,192]", Broken::malformed, "begins at byte 180");
}
TEST("a tensor that ends past the file is truncated") {
  const FrozenBuilder good = SmallNet().frozen();
  refused(container(good.header(), good.data.substr(0, good.data.size() - 1)), Broken::truncated, "but the file holds");
}
TEST("bytes after the last tensor are refused") {
  refused(SmallNet().frozen().bytes() + "x", Broken::malformed, "1 bytes follow the last tensor");
}

TEST("a safetensors file that nobody froze is told from one that an earlier version did") {
  refused(container("{}", ""), Broken::not_frozen, "as `forwardpass freeze` writes it");
  refused(container("{\"__metadata__\":{\"forwardpass\":\"{}\"}}", ""), Broken::version, "freeze the model again");
}
TEST("a file's decider is another plan, and may be absent") {
  const FrozenBuilder good = SmallNet().frozen();
  FileFault fault = {};
  fp::FrozenFile plan, absent, decider;
  const std::string bytes = good.bytes();
  CHECK_THAT(plan.open(bytes.data(), bytes.size(), fault) && plan.found(), "%s", fault.text);
  CHECK_THAT(absent.open(bytes.data(), bytes.size(), fault, fp::FrozenFile::Part::decider), "%s", fault.text);
  CHECK(!absent.found());
  std::string header = good.header();
  const std::string key = "forwardpass.plan";
  const std::string other = container(header.replace(header.find(key), key.size(), "forwardpass.decider"), good.data);
  CHECK_THAT(decider.open(other.data(), other.size(), fault, fp::FrozenFile::Part::decider), "%s", fault.text);
  CHECK(decider.found());
  FrozenBuilder broken = good;
  broken.plan = "1";
  header = broken.header();
  const std::string wrong = container(header.replace(header.find(key), key.size(), "forwardpass.decider"), good.data);
  fp::FrozenFile refused;
  CHECK(!refused.open(wrong.data(), wrong.size(), fault, fp::FrozenFile::Part::decider));
  CHECK_THAT(std::strstr(fault.text, "forwardpass.decider: expected an object") != nullptr, "%s", fault.text);
}
TEST("a plan that is not JSON, or no object, is refused") {
  refused_plan("{\"version\"", "\"version\"", Broken::malformed, "forwardpass.plan: text follows the value, at byte 9");
  FrozenBuilder builder = SmallNet().frozen();
  for (const char* plan : {"1", "[]", "\"\"", "true"}) {
    builder.plan = plan;
    refused(builder.bytes(), Broken::malformed, "forwardpass.plan: expected an object");
  }
  builder.plan = "";
  refused(builder.bytes(), Broken::malformed, "forwardpass.plan: the text ends");
}
TEST("a plan of another version is refused") {
  const std::string written = "\"version\":" + std::to_string(fp::plan_version);
  const std::string later = std::to_string(fp::plan_version + 1), older = std::to_string(fp::oldest_plan - 1);
  const std::string expected = "expected version " FP_PLAN_VERSIONS ", found ";
  refused_plan(written.c_str(), ("\"version\":" + later).c_str(), Broken::version,
               (expected + later + "; it was frozen for a later forwardpass").c_str());
  refused_plan(written.c_str(), ("\"version\":" + older).c_str(), Broken::version,
               (expected + older + "; freeze the model again").c_str());
  refused_plan(written.c_str(), "\"version\":\"3\"", Broken::malformed, "expected a version");
}
TEST("a precision that is unknown, or not the words', is refused") {
  refused_plan("\"f32\"", "\"f16\"", Broken::malformed, "expected a precision");
  refused_plan("\"f32\"", "\"f64\"", Broken::malformed, "of another precision");
}
TEST("words that are not a tensor, or of another type or shape, are refused") {
  refused_plan("\"words\":\"words\"", "\"words\":1", Broken::malformed, "expected words");
  refused_plan("\"words\":\"words\"", "\"words\":\"none\"", Broken::malformed, "tensor \"none\" not found");
  refused_plan("\"words\":\"words\"", "\"words\":\"w\"", Broken::malformed, "expected I32 of one axis, found F32 of 2");
}
TEST("parameters that are not a list, no tensor or of another type are refused") {
  refused_plan("[{\"tensor\":\"w\"}", "[1", Broken::malformed, "parameters[0]: expected the name");
  refused_plan("{\"tensor\":\"b\"}", "{\"tensor\":\"none\"}", Broken::malformed, "parameters[1]: tensor");
  refused_plan("{\"tensor\":\"b\"}", "{\"tensor\":\"words\"}", Broken::malformed, "found I32");
  refused_plan("{\"tensor\":\"b\"}", "{\"tensor\":\"b\",\"scale\":\"b\"}", Broken::malformed, "a scale is only for I8");
  SmallNet net;
  net.parameters = "{}";
  refused(net.frozen().bytes(), Broken::malformed, "expected a list of parameters");
}
TEST("an int8 parameter without a scale, a layout or a scale for each column is refused") {
  const auto with = [](const char* parameter, const char* part) {
    SmallNet net;
    net.parameters = std::string("[") + parameter + "]";
    FrozenBuilder builder = net.frozen();
    builder.tensor("q", "I8", "[4,3]", std::vector<int8_t>(12)).tensor("r", "I8", "[4]", std::vector<int8_t>(4));
    refused(builder.bytes(), Broken::malformed, part);
  };
  with(R"({"tensor":"q"})", "expected F32, BF16, or I8 with a scale, found I8");
  with(R"({"tensor":"q","scale":"b"})", "expected a layout");
  with(R"({"tensor":"q","scale":"b","layout":"sideways"})", "expected a layout");
  with(R"({"tensor":"q","scale":"b","layout":"out-in"})", "an F32 element for each output column");
  with(R"({"tensor":"q","scale":"none","layout":"in-out"})", "an F32 element for each output column");
  with(R"({"tensor":"q","scale":"words","layout":"in-out"})", "an F32 element for each output column");
  with(R"({"tensor":"r","scale":"b","layout":"in-out"})", "an F32 element for each output column");
}
TEST("a file that would grow without bound is refused") {
  SmallNet net;
  net.parameters = "[{\"tensor\":\"h\"}";
  for (int i = 0; i < 100; i++) net.parameters += ",{\"tensor\":\"h\"}";
  net.parameters += "]";
  FrozenBuilder builder = net.frozen();
  builder.tensor("h", "BF16", "[1000]", std::vector<uint16_t>(1000));
  refused(builder.bytes(), Broken::malformed, "the same tensors again and again");
}
TEST("unusual names of tensors are found") {
  FrozenBuilder builder = SmallNet().frozen();
  builder.tensor("a\"\\\x7f\xc3\xa9", "F32", "[0]", std::vector<float>());
  builder.tensor("", "F32", "[]", std::vector<float>(1));
  accepted(builder.bytes());
}

TEST("a frozen file cut at every byte is refused") {
  const std::string bytes = SmallNet().frozen().bytes();
  FileFault fault = {};
  for (size_t size = 0; size < bytes.size(); size++) {
    CHECK_THAT(!open(bytes.substr(0, size), fault), "accepted when cut at %zu", size);
    CHECK(fault.text[0] != 0);
  }
}

}  // namespace
