// Texts of ASCII: rows as they are counted by hand, and no byte read or written outside a text's own.
#include <map>
#include <string>
#include <vector>

#include "test.h"
#include "text/scanner.h"

namespace {

using fp::text::Scanner;
using fp::text::Unit;

struct Options {
  Unit unit;
  int32_t least, most;
  std::vector<std::string> stop_words, terms;
};

// A program of one step that counts, in lower case, words of two letters and more.
Scanner::Made create(Scanner& scanner, const Options& options) {
  std::vector<int32_t> words = {
      1,           2, 3, 4, 1, 0, 16, int32_t(options.unit), int32_t(options.terms.size()), 0, 0, 0, 2, options.least,
      options.most};
  std::string bytes;
  for (const auto& list : {options.stop_words, options.terms}) {
    words.push_back(int32_t(list.size()));
    for (const std::string& term : list) {
      words.push_back(int32_t(term.size()));
      bytes += term;
    }
  }
  // Just as long as it has to be.
  const std::vector<uint8_t> exactly(bytes.begin(), bytes.end());
  return scanner.create(words.data(), words.size(), exactly.data(), exactly.size(), nullptr, 0);
}

std::map<std::string, double> read(const Options& options, const std::string& text) {
  Scanner scanner;
  fp::text::Scratch scratch;
  std::map<std::string, double> found;
  const bool made = create(scanner, options) == Scanner::Made::ok && scanner.prepare(scratch);
  CHECK(made);
  if (!made) return found;
  std::vector<uint8_t> room(1 + text.size() + fp::text::behind);
  for (size_t i = 0; i < text.size(); i++) room[i + 1] = uint8_t(text[i]);
  CHECK(scanner.read(room.data() + 1, text.size(), scratch) == Scanner::Status::ok);
  const fp::text::Row& row = scratch.rows[0];
  for (size_t i = 0; i < row.count; i++) {
    CHECK(i == 0 || row.ids[i] > row.ids[i - 1]);
    found[options.terms[size_t(row.ids[i])]] = row.weights[i];
  }
  return found;
}

using Counts = std::map<std::string, double>;

TEST("texts: words, with others left out, and several together") {
  const Options words = {Unit::word, 1, 2, {"the"}, {"ab", "cd", "ab cd", "the", "a", "abcdefghijklmnop", "cd ab"}};
  CHECK(read(words, "") == Counts());
  CHECK(read(words, "a, The") == Counts());
  CHECK(read(words, "AB the cd. ab") == (Counts{{"ab", 2}, {"cd", 1}, {"ab cd", 1}, {"cd ab", 1}}));
  CHECK(read(words, "abcdefghijklmnop abcdefghijklmnoq") == (Counts{{"abcdefghijklmnop", 1}}));
}

TEST("texts: characters, of all of it and within words") {
  CHECK(read({Unit::character, 2, 3, {}, {"a ", " b", "a b", "\nc"}}, "A \n b\nc") ==
        (Counts{{"a ", 1}, {" b", 1}, {"a b", 1}, {"\nc", 1}}));
  CHECK(read({Unit::within_words, 3, 4, {}, {" a ", " ab", "ab ", " ab "}}, "a ab") ==
        (Counts{{" a ", 1}, {" ab", 1}, {"ab ", 1}, {" ab ", 1}}));
}

TEST("texts: of any length up to what is looked at together") {
  for (size_t length = 0; length < 200; length++) {
    const std::string text(length, 'x');
    const std::string twice = text + " " + text;
    for (const Unit unit : {Unit::word, Unit::character, Unit::within_words}) {
      Options options = {unit, 1, 3, {"yy"}, {"xx", "x"}};
      if (length > 2) options.terms.push_back(text);
      read(options, text);
      const double count = length < 3 ? 0 : unit == Unit::word ? 2 : 0;
      if (length > 3) CHECK(read(options, twice)[text] == count);
    }
  }
}

TEST("texts: terms that are too much alike for one who knows the factors of the hash are refused") {
  constexpr size_t count = 100;
  const fp::text::Seeds seeds = {0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f};
  const auto create = [&](fp::text::Terms& terms, const std::vector<std::string>& words) {
    std::vector<uint8_t> bytes;
    std::vector<int32_t> lengths;
    for (const std::string& word : words) {
      bytes.insert(bytes.end(), word.begin(), word.end());
      lengths.push_back(int32_t(word.size()));
    }
    return terms.create(bytes.data(), lengths.data(), words.size(), seeds);
  };
  std::vector<std::string> usual, alike;
  for (int i = 0; usual.size() < count; i++) usual.push_back("word" + std::to_string(i * 7919));
  fp::text::Terms terms, crowded;
  CHECK(create(terms, usual) == fp::text::Terms::Made::ok);
  for (int i = 0; alike.size() < count; i++) {
    std::string word = "term" + std::to_string(i);
    word.resize(64);
    const auto* const bytes = reinterpret_cast<const uint8_t*>(word.data());
    const size_t length = word.find('\0');
    if (terms.seek(bytes, length).slot == 5) alike.push_back(word.substr(0, length));
  }
  CHECK(create(crowded, alike) == fp::text::Terms::Made::refused);
}

TEST("texts: descriptions that end too early are refused") {
  const Options options = {Unit::word, 1, 1, {}, {"ab", "cd"}};
  std::vector<int32_t> words = {1, 2, 3, 4, 1, 0, 16, 0, 2, 0, 0, 0, 2, 1, 1, 0, 2, 2, 2};
  const std::vector<uint8_t> bytes = {'a', 'b', 'c', 'd'};
  for (size_t count = 0; count <= words.size(); count++) {
    Scanner scanner;
    const std::vector<int32_t> some(words.begin(), words.begin() + long(count));
    const auto made = scanner.create(some.data(), count, bytes.data(), bytes.size(), nullptr, 0);
    CHECK((made == Scanner::Made::ok) == (count == words.size()));
  }
  Scanner scanner;
  CHECK(scanner.create(words.data(), words.size(), bytes.data(), 3, nullptr, 0) == Scanner::Made::refused);
}

}  // namespace
