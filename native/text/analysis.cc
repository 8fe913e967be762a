#include "analysis.h"

#include <cstring>

namespace fp::text {
namespace {

// One bit for each of 64 characters: whether it is part of a word.
uint64_t letters_of(const uint8_t* text) {
  uint64_t letters = 0;
  for (int i = 0; i < 64; i += 8) letters |= bits_of(of_word(load64(text + i))) << i;
  return letters;
}

void lower(uint8_t* text, size_t length) {
  for (size_t at = 0; at < length; at += 8) {
    const uint64_t bytes = lower_case(load64(text + at));
    std::memcpy(text + at, &bytes, sizeof bytes);
  }
}

// Writes the text with a single space for each run of spaces; returns its length.
size_t collapse(uint8_t* text, size_t length) {
  size_t written = 0;
  for (size_t at = 0; at < length;) {
    size_t end = at;
    while (end < length && is_space(text[end])) end++;
    text[written++] = end - at < 2 ? text[at] : ' ';
    at = end - at < 2 ? at + 1 : end;
  }
  return written;
}

// Reads a text after the first byte and writes its words, with a space before each and after the last. Notes the
// position of each space.
size_t surround(uint8_t* bytes, size_t length, uint32_t* edges) {
  const size_t end = length + 1;
  size_t written = 0, words = 0;
  bytes[written++] = ' ';
  for (size_t at = 1; at < end;) {
    if (is_space(bytes[at])) {
      at++;
      continue;
    }
    edges[words++] = uint32_t(written - 1);
    while (at < end && !is_space(bytes[at])) bytes[written++] = bytes[at++];
    bytes[written++] = ' ';
  }
  edges[words] = uint32_t(written - 1);
  return words;
}

// Terms of `count` consecutive units: words between edges, or characters. False if too much is hashed. Several terms
// are looked up at a time, so that their cache lines are fetched in the meantime.
bool count_terms(const uint8_t* text, const uint32_t* edges, size_t units, size_t count, Counting& counting) {
  constexpr size_t together = 32;
  Terms::Sought sought[together];
  const size_t terms = units + 1 - count;
  for (size_t first = 0; first < terms; first += together) {
    const size_t some = terms - first < together ? terms - first : together;
    for (size_t i = 0; i < some; i++) {
      const size_t at = first + i;
      const size_t start = edges == nullptr ? at : edges[2 * at];
      const size_t length = edges == nullptr ? count : edges[2 * (at + count) - 1] - start;
      if (counting.known != nullptr) {
        sought[i] = counting.known->seek(text + start, length);
        continue;
      }
      if (length > counting.left) return false;
      counting.left -= length;
      counting.add_hash(text + start, length);
    }
    if (counting.known == nullptr) continue;
    for (size_t i = 0; i < some; i++) {
      const int32_t id = counting.known->find(sought[i]);
      if (id >= 0) counting.tally->add(uint32_t(id), 1);
    }
  }
  return true;
}

}  // namespace

Analysis::Status Analysis::count(uint8_t* text, size_t length, Array<uint32_t>& edges, Counting& counting) const {
  if (lowercase) lower(text, length);
  if (!have_edges(text, length, edges)) return Status::no_memory;
  if (unit == Unit::within_words) {
    const size_t words = surround(text - 1, length, edges.data());
    for (size_t word = 0; word < words; word++) {
      const size_t size = edges[word + 1] + 1 - edges[word];
      for (size_t units = least; units <= (most > least ? most : least); units++) {
        // A word that is shorter than a term counts as one term, once.
        const bool whole = units >= size;
        if (!count_terms(text - 1 + edges[word], nullptr, size, whole ? size : units, counting)) return Status::spent;
        if (whole) break;
      }
    }
    return Status::ok;
  }
  const bool words = unit == Unit::word;
  const size_t all = words ? split(text, length, edges.data()) : collapse(text, length);
  for (size_t units = least; units <= most && units <= all; units++) {
    if (!count_terms(text, words ? edges.data() : nullptr, all, units, counting)) return Status::spent;
  }
  return Status::ok;
}

// Allocates as many edges as there may be at most; for a long text, counts them.
bool Analysis::have_edges(const uint8_t* text, size_t length, Array<uint32_t>& edges) const {
  constexpr size_t long_text = 1 << 20, few = 1024;
  if (unit == Unit::character || edges.size() >= length + 3) return true;
  size_t needed = unit == Unit::word && length > long_text ? 0 : length;
  if (needed == 0) {
    uint64_t before = 0;
    for (size_t at = 0; at <= length; at += 64) {
      const uint64_t letters = letters_of(text + at);
      for (uint64_t bits = letters ^ (letters << 1 | before); bits != 0; bits &= bits - 1) needed++;
      before = letters >> 63;
    }
  }
  return edges.size() >= needed + 3 || edges.allocate(needed + few);
}

// Notes where each word begins and ends, and writes terms of several words with single spaces; returns the number of
// words.
size_t Analysis::split(uint8_t* text, size_t length, uint32_t* edges) const {
  uint64_t before = 0;
  size_t found = 0;
  // The positions where a letter is next to a character that is not a letter; there are no letters after the text.
  for (size_t at = 0; at <= length; at += 64) {
    const uint64_t letters = letters_of(text + at);
    for (uint64_t bits = letters ^ (letters << 1 | before); bits != 0; bits &= bits - 1) {
      edges[found++] = uint32_t(at) + lowest_bit(bits);
    }
    before = letters >> 63;
  }
  size_t words = 0;
  for (size_t i = 0; i < found; i += 2) {
    const uint32_t start = edges[i], end = edges[i + 1];
    edges[2 * words] = start;
    edges[2 * words + 1] = end;
    if (end - start >= run) words++;
  }
  if (!stop_words.empty()) words = without(text, edges, words);
  if (most == 1) return words;
  uint32_t written = 0;
  for (size_t i = 0; i < words; i++) {
    const uint32_t start = edges[2 * i], size = edges[2 * i + 1] - start;
    std::memmove(text + written, text + start, size);
    edges[2 * i] = written;
    edges[2 * i + 1] = written += size;
    text[written++] = ' ';
  }
  return words;
}

size_t Analysis::without(const uint8_t* text, uint32_t* edges, size_t words) const {
  size_t left = 0;
  for (size_t i = 0; i < words; i++) {
    const uint32_t start = edges[2 * i], end = edges[2 * i + 1];
    if (stop_words.has(text + start, end - start)) continue;
    edges[2 * left] = start;
    edges[2 * left++ + 1] = end;
  }
  return left;
}

}  // namespace fp::text
