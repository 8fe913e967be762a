// The JSON reader: what it refuses and at which byte, and that what it accepts reads back.
#include "json.h"

#include <cstring>
#include <string>
#include <vector>

#include "random.h"
#include "test.h"

using fp::json::Fault;
using fp::json::Kind;
using fp::json::Value;
using fp::json::Verdict;
using fp::json::Walk;

namespace {

// A copy of just the bytes, so that a sanitizer sees a read past their end.
Verdict check(const std::string& text, Fault& fault) {
  const std::vector<char> exact(text.begin(), text.end());
  return fp::json::check(exact.data(), exact.size(), fault);
}

void refused(const std::string& text, const char* reason, size_t at) {
  Fault fault = {"", 0};
  CHECK_THAT(check(text, fault) == Verdict::invalid, "accepted: %s", text.c_str());
  CHECK_THAT(std::strcmp(fault.reason, reason) == 0, "%s: %s", text.c_str(), fault.reason);
  CHECK_THAT(fault.at == at, "%s: at %zu", text.c_str(), fault.at);
}

void accepted(const std::string& text) {
  Fault fault = {"", 0};
  CHECK_THAT(check(text, fault) == Verdict::valid, "%s: %s at %zu", text.c_str(), fault.reason, fault.at);
}

std::string text_of(const Value& string) {
  std::string text(string.text_bytes(), '\0');
  string.copy_text(&text[0]);
  return text;
}

TEST("JSON accepts every kind of value") {
  for (const char* text :
       {"{}", "[]", "0", "-0.5e+10", "1E9", "true", "false", "null", "\"\"", " [1 , 2]\n",
        "{\"a\":{\"b\":[{},[],\"x\"]},\"c\":0}", "\"\\u00e9\\ud83d\\ude00\\/\\b\"", "\"\xc3\xa9\""}) {
    accepted(text);
  }
}

TEST("JSON refuses what is not a value") {
  refused("", "the text ends where a value is expected", 0);
  refused("  ", "the text ends where a value is expected", 2);
  refused("nul", "expected a value", 3);
  refused("'a'", "expected a value", 0);
  refused("[1,]", "expected a value", 3);
  refused("[1 2]", "expected ',' or ']'", 3);
  refused("{\"a\" 1}", "expected ':'", 5);
  refused("{\"a\":1,}", "expected a key", 7);
  refused("{a:1}", "expected a key", 1);
  refused("{\"a\":1]", "expected ',' or '}'", 6);
  refused("{} {}", "text follows the value", 3);
  refused("[1", "expected ',' or ']'", 2);
}

TEST("JSON refuses numbers of other languages") {
  refused("01", "text follows the value", 1);
  refused("+1", "expected a value", 0);
  refused("1.", "expected a digit", 2);
  refused(".5", "expected a value", 0);
  refused("-", "expected a digit", 1);
  refused("1e", "expected a digit", 2);
  refused("NaN", "expected a value", 0);
}

TEST("JSON refuses bad strings") {
  refused("\"a", "a string does not end", 2);
  refused("\"\\", "a string does not end", 1);
  refused("\"\\x\"", "an unknown escape", 1);
  refused("\"\\u12g4\"", "an unknown escape", 1);
  refused("\"\\u12", "an unknown escape", 1);
  refused("\"a\nb\"", "a control character in a string", 2);
  refused("\"\\ud800\"", "half of a surrogate pair", 1);
  refused("\"\\udc00\"", "half of a surrogate pair", 1);
  refused("\"\\ud800\\u0041\"", "half of a surrogate pair", 1);
}

TEST("JSON refuses what is not UTF-8") {
  for (const char* bytes : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                            "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82"}) {
    refused(std::string("\"") + bytes + "\"", "not UTF-8", 1);
  }
  refused("\xef\xbb\xbf{}", "expected a value", 0);
}

TEST("JSON refuses a key twice in one object, however it is written") {
  refused("{\"a\":1,\"b\":2,\"a\":3}", "an object has a key twice", 13);
  refused("{\"a\":1,\"\\u0061\":2}", "an object has a key twice", 7);
  refused("[{\"x\":{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}}]", "an object has a key twice", 24);
  accepted("{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]}}");
}

TEST("JSON refuses values too deep within each other, and does not recurse") {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  accepted(nested(fp::json::most_depth));
  refused(nested(fp::json::most_depth + 1), "values lie within each other too deeply", fp::json::most_depth);
  refused(std::string(10000000, '['), "values lie within each other too deeply", fp::json::most_depth);
}

TEST("JSON values read back") {
  const char text[] =
      "{\"s\":\"a\\n\\u00e9\\ud83d\\ude00\\u0000\",\"n\":[0,9007199254740991,9007199254740992,-1,1.5,1e2],"
      "\"t\": true ,\"f\":false,\"z\":null,\"o\":{\"k\":\"v\"}}";
  accepted(text);
  const Value value(text);
  CHECK(value.is(Kind::object) && fp::json::count_of(value) == 6);
  CHECK(text_of(value.get("s")) == std::string("a\n\xc3\xa9\xf0\x9f\x98\x80\0", 9));
  CHECK(!value.get("s").equals("a\n\xc3\xa9\xf0\x9f\x98\x80"));
  uint64_t whole = 0;
  std::string wholes;
  for (Walk walk(value.get("n")); walk.next();) wholes += walk.value.whole(whole) ? std::to_string(whole) + " " : "no ";
  CHECK_THAT(wholes == "0 9007199254740991 no no no no ", "%s", wholes.c_str());
  CHECK(value.get("t").is(Kind::boolean) && value.get("t").truth() && !value.get("f").truth());
  CHECK(value.get("z").is(Kind::null));
  CHECK(value.get("o").get("k").equals("v") && !value.get("o").get("k").equals("vv"));
  CHECK(!value.get("x").found() && !value.get("t").get("x").found());
}

TEST("JSON cut at every byte, and changed at random, is refused or read within its bytes") {
  const std::string text = "{\"a\":[1,-2.5e3,{\"b\\u00e9\":\"\xf0\x9f\x98\x80\"},true,null],\"c\":{\"d\":[]}}";
  Fault fault;
  for (size_t size = 0; size < text.size(); size++) CHECK(check(text.substr(0, size), fault) == Verdict::invalid);
  test::Random random(11);
  for (int round = 0; round < 20000; round++) {
    std::string changed = text;
    for (int i = random.below(3); i >= 0; i--) changed[size_t(random.below(int(text.size())))] = char(random.next());
    const std::vector<char> exact(changed.begin(), changed.end());
    if (fp::json::check(exact.data(), exact.size(), fault) != Verdict::valid || exact[0] != '{') continue;
    for (Walk walk(Value(exact.data())); walk.next();) CHECK(text_of(walk.key).size() <= text.size());
  }
}

}  // namespace
