#include "scanner.h"

#include <cmath>
#include <cstring>
#include <initializer_list>
#include <new>

namespace fp::text {
namespace {

// Takes parts of an array in order; a part beyond its end is missing.
template <class T>
struct Parts {
  const T* from;
  size_t left;

  const T* take(size_t count) {
    if (from == nullptr || count > left) {
      from = nullptr;
      return nullptr;
    }
    left -= count;
    return (from += count) - count;
  }
};

struct Description {
  Parts<int32_t> words;
  Parts<double> numbers;
  Parts<uint8_t> bytes;

  bool good() const { return words.from != nullptr && numbers.from != nullptr && bytes.from != nullptr; }

  uint32_t word() {
    const int32_t* const found = words.take(1);
    return found == nullptr ? 0 : uint32_t(*found);
  }

  // A word with the number of terms, then their lengths and their bytes.
  Terms::Made terms(Terms& terms, Seeds seeds) {
    const size_t count = word();
    const int32_t* const lengths = words.take(count);
    size_t total = 0;
    for (size_t i = 0; lengths != nullptr && i < count; i++) total += uint32_t(lengths[i]);
    const uint8_t* const own = bytes.take(total);
    if (!good()) return Terms::Made::refused;
    return count == 0 ? Terms::Made::ok : terms.create(own, lengths, count, seeds);
  }
};

double norm_of(Norm norm, bool single, size_t count, const double* weights) {
  double total = 0;
  for (size_t i = 0; i < count; i++) {
    const double weight = weights[i], size = std::fabs(weight), square = weight * weight;
    if (norm == Norm::l2) {
      total += single ? double(float(square)) : square;
    } else if (norm == Norm::l1) {
      total += size;
    } else if (size > total || size != size) {
      total = size;
    }
  }
  const double length = norm == Norm::l2 ? std::sqrt(total) : total;
  return length == 0 || length != length ? 1 : length;
}

// False if it is not computed here.
bool mapped(const Step& step, double weight, double& to) {
  switch (Map(step.kind)) {
    case Map::sublinear: {
      // Logarithms come from JavaScript.
      if (!(weight >= 0 && weight < step.number_count)) return false;
      const size_t place = size_t(weight);
      to = step.numbers[place];
      return double(place) == weight;
    }
    case Map::abs:
      to = std::fabs(weight);
      break;
    case Map::sign:
      to = weight > 0 ? 1 : weight < 0 ? -1 : weight;
      break;
    case Map::sqrt:
      to = std::sqrt(weight);
      break;
    case Map::square:
      to = weight * weight;
      break;
    case Map::float32:
      to = double(float(weight));
      break;
    case Map::keep_zeros:
      to = weight == 0 ? 5e-324 : weight;
      break;
  }
  return true;
}

}  // namespace

Scratch::~Scratch() {
  for (Row& row : rows) row.~Row();
  for (Tally& tally : tallies) tally.~Tally();
}

Scanner::~Scanner() {
  for (Step& step : steps_) step.~Step();
}

Scanner::Made Scanner::create(const int32_t* words, size_t word_count, const uint8_t* bytes, size_t byte_count,
                              const double* numbers, size_t number_count) {
  // One more, so that the arrays are not empty.
  if (!words_.allocate(word_count + 1) || !numbers_.allocate(number_count + 1)) return Made::no_memory;
  for (size_t i = 0; i < word_count; i++) words_[i] = words[i];
  for (size_t i = 0; i < number_count; i++) numbers_[i] = numbers[i];
  static const uint8_t none = 0;
  Description from = {
      {words_.data(), word_count}, {numbers_.data(), number_count}, {byte_count > 0 ? bytes : &none, byte_count}};
  Seeds seeds = {};
  const int32_t* const random = from.words.take(4);
  if (random != nullptr) std::memcpy(&seeds, random, sizeof seeds);
  seeds.first |= 1;
  seeds.second |= 1;
  const size_t count = from.word();
  if (count == 0 || count > word_count) return Made::refused;
  if (!steps_.allocate(count)) return Made::no_memory;
  for (Step& step : steps_) new (&step) Step();
  for (size_t at = 0; at < count; at++) {
    Step& step = steps_[at];
    step.op = Op(from.word());
    const uint32_t flags = from.word();
    step.binary = (flags & 1) != 0;
    step.single = (flags & 2) != 0;
    step.is_signed = (flags & 4) != 0;
    step.divides = (flags & 8) != 0;
    step.analysis.lowercase = (flags & 16) != 0;
    step.kind = int32_t(from.word());
    step.width = from.word();
    step.of_count = from.word();
    step.of = from.words.take(step.of_count);
    step.number_count = from.word();
    step.numbers = from.numbers.take(step.number_count);
    step.places = from.words.take(from.word());
    if (!from.good() || (step.of_count == 0) != step.reads()) return Made::refused;
    for (size_t i = 0; i < step.of_count; i++) {
      if (uint32_t(step.of[i]) >= at) return Made::refused;
    }
    if (!step.reads()) continue;
    readers_++;
    Analysis& analysis = step.analysis;
    analysis.unit = Unit(step.kind);
    analysis.run = from.word();
    analysis.least = from.word();
    analysis.most = from.word();
    for (Terms* const terms : {&analysis.stop_words, &step.terms}) {
      const Made made = from.terms(*terms, seeds);
      if (made != Made::ok) return made;
    }
  }
  return from.good() ? Made::ok : Made::refused;
}

bool Scanner::prepare(Scratch& scratch) const {
  const size_t count = steps_.size();
  if (!scratch.rows.allocate(count) || !scratch.tallies.allocate(count)) return false;
  for (size_t i = 0; i < count; i++) {
    new (&scratch.rows[i]) Row();
    Tally& tally = *new (&scratch.tallies[i]) Tally();
    if (steps_[i].reads() && !tally.create(steps_[i].width)) return false;
  }
  return true;
}

Scanner::Status Scanner::read(uint8_t* text, size_t length, Scratch& scratch) const {
  const size_t room = 1 + length + behind;
  Array<uint8_t>& copy = scratch.copy;
  if (readers_ > 1 && copy.size() < room && !copy.allocate(2 * room)) return Status::no_memory;
  for (size_t at = 0; at < steps_.size(); at++) {
    const Step& step = steps_[at];
    Row& row = scratch.rows[at];
    Status status;
    if (step.reads()) {
      if (readers_ > 1) std::memcpy(copy.data() + 1, text, room - 1);
      status = count(step, readers_ > 1 ? copy.data() + 1 : text, length, scratch.tallies[at], row, scratch);
    } else {
      status = weigh(step, row, scratch);
    }
    if (status != Status::ok) return status;
    for (size_t i = 0; step.single && i < row.count; i++) row.own_weights[i] = double(float(row.own_weights[i]));
  }
  return Status::ok;
}

Scanner::Status Scanner::count(const Step& step, uint8_t* text, size_t length, Tally& tally, Row& row,
                               Scratch& scratch) const {
  Counting counting;
  if (step.op == Op::count) counting.known = &step.terms;
  counting.tally = &tally;
  counting.size = step.width;
  counting.is_signed = step.is_signed;
  const auto status = step.analysis.count(text, length, scratch.edges, counting);
  if (!tally.into(row, step.binary) || status == Analysis::Status::no_memory) return Status::no_memory;
  return status == Analysis::Status::ok ? Status::ok : Status::unread;
}

Scanner::Status Scanner::weigh(const Step& step, Row& row, Scratch& scratch) const {
  const Row& of = scratch.rows[size_t(step.of[0])];
  size_t pairs = 0;
  for (size_t i = 0; i < step.of_count; i++) pairs += scratch.rows[size_t(step.of[i])].count;
  const bool changes_ids = step.op == Op::above || step.op == Op::select || step.op == Op::join;
  row.ids = of.ids;
  if (!row.take(pairs, changes_ids)) return Status::no_memory;
  double* const to = row.own_weights.data();
  if (step.op == Op::join) {
    size_t first = 0, written = 0;
    for (size_t part = 0; part < step.of_count; part++) {
      const Row& from = scratch.rows[size_t(step.of[part])];
      for (size_t i = 0; i < from.count; i++, written++) {
        row.own_ids[written] = int32_t(first) + from.ids[i];
        to[written] = from.weights[i];
      }
      first += steps_[size_t(step.of[part])].width;
    }
    return Status::ok;
  }
  const double size = step.op == Op::norm ? norm_of(Norm(step.kind), step.single, of.count, of.weights) : 1;
  const double* const factors = step.numbers;
  const bool one = step.number_count == 1;
  size_t written = 0;
  for (size_t i = 0; i < of.count; i++) {
    const double weight = of.weights[i];
    const int32_t id = of.ids[i];
    switch (step.op) {
      case Op::map:
        if (!mapped(step, weight, to[i])) return Status::unread;
        break;
      case Op::scale: {
        const double factor = factors[one ? 0 : id];
        to[i] = step.divides ? weight / factor : weight * factor;
        break;
      }
      case Op::norm:
        to[i] = weight / size;
        break;
      default: {
        const bool selects = step.op == Op::select;
        const int32_t place = selects ? step.places[id] : id;
        if (selects ? place < 0 : !(weight > factors[0])) break;
        row.own_ids[written] = place;
        to[written++] = selects ? weight : 1;
      }
    }
  }
  if (changes_ids) row.count = written;
  return Status::ok;
}

}  // namespace fp::text
