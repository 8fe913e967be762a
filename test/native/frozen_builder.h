// Writes frozen files as `forwardpass freeze` does, and broken ones.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "plan.h"
#include "random.h"

namespace test {

// A string of JSON.
inline std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// Length, header and data.
inline std::string container(const std::string& header, const std::string& data) {
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; i++) bytes[i] = char(uint64_t(header.size()) >> (8 * i));
  return bytes + header + data;
}

struct FrozenBuilder {
  std::string tensors, data, plan;

  template <typename T>
  FrozenBuilder& tensor(const char* name, const char* dtype, const std::string& shape, const std::vector<T>& values) {
    const size_t begin = data.size();
    data.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
    tensors += "," + quoted(name) + ":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" +
               std::to_string(begin) + "," + std::to_string(data.size()) + "]}";
    return *this;
  }
  std::string header() const {
    return "{\"__metadata__\":{\"format\":\"pt\",\"forwardpass\":\"{}\",\"forwardpass.plan\":" + quoted(plan) + "}" +
           tensors + "}";
  }
  std::string bytes() const { return container(header(), data); }
};

// x [4] → dense → y [3], and ids [1] → embedding → e [2].
struct SmallNet {
  std::vector<int32_t> words = {
      fp::plan_version,
      0,
      4,
      2,
      2,
      2,  // header
      4,
      1,
      3,
      2,  // widths
      0,
      1,  // inputs
      2,
      3,  // outputs
      1,
      12,
      2,
      0,
      1,
      4,
      3,
      0,
      0,
      1,
      -1,
      0,  // dense
      12,
      8,
      3,
      1,
      2,
      5,
      2,
      0,  // embedding
  };
  std::vector<float> weights, bias, table;
  std::string parameters = R"([{"tensor":"w"},{"tensor":"b"},{"tensor":"t"}])";
  std::string inputs = R"([{"name":"x","shape":[2,2],"dtype":"f32","integers":false},)"
                       R"({"name":"id","shape":[1],"dtype":"i64","integers":true}])";
  std::string outputs = R"([{"name":"y","shape":[3],"dtype":"f32"},{"name":"e","shape":[2],"dtype":"bf16"}])";

  explicit SmallNet(uint64_t seed = 7) {
    Random random(seed);
    weights = random.uniforms<float>(12);
    bias = random.uniforms<float>(3);
    table = random.uniforms<float>(10);
  }
  std::string plan() const {
    return R"({"version":)" + std::to_string(fp::plan_version) + R"(,"precision":"f32","words":"words","parameters":)" +
           parameters + R"(,"inputs":)" + inputs + R"(,"outputs":)" + outputs +
           R"(,"classes":["no",1.5,"\u00e9\ud83d\ude00"],"featureNames":["a","b","c","d"],"parameterCount":25,)"
           R"("later":{"unknown":[null,true,[]]}})";
  }
  FrozenBuilder frozen() const {
    FrozenBuilder builder;
    builder.tensor("words", "I32", "[" + std::to_string(words.size()) + "]", words)
        .tensor("w", "F32", "[4,3]", weights)
        .tensor("b", "F32", "[3]", bias)
        .tensor("t", "F32", "[5,2]", table);
    builder.plan = plan();
    return builder;
  }
};

}  // namespace test
