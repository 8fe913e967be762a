#include "texts.h"

#include <atomic>
#include <cstring>

#include "../text/scanner.h"
#include "environment.h"
#include "faults.h"

namespace fp::binding {
namespace {

using text::Scanner;

// Each thread reads this many bytes of texts at a time. A longer text is read by itself.
constexpr size_t block_bytes = 1 << 16, most_texts = 1024;

struct Text {
  uint8_t* bytes;
  size_t length;
  size_t worker, pairs, count;
  Scanner::Status status;
};

struct Pair {
  double weight;
  int32_t id;
};

// The rows of a thread, in order.
struct Worker {
  text::Scratch scratch;
  Array<Pair> pairs;
  size_t count = 0;

  [[nodiscard]] bool append(const text::Row& row) {
    const size_t end = count + row.count;
    if (end > pairs.size()) {
      Array<Pair> more;
      if (!more.allocate(2 * end)) return false;
      for (size_t i = 0; i < count; i++) more[i] = pairs[i];
      pairs = static_cast<Array<Pair>&&>(more);
    }
    for (size_t i = 0; i < row.count; i++) pairs[count + i] = {row.weights[i], row.ids[i]};
    count = end;
    return true;
  }
};

struct Texts {
  Scanner scanner;
  Pool* pool = nullptr;  // held; null for one thread
  Array<Worker> workers;
  Array<uint8_t> bytes, long_text;
  Array<Text> texts;
  size_t count = 0;
  std::atomic<size_t> next{0};

  ~Texts() {
    if (pool != nullptr) pool->release();
    for (Worker& worker : workers) worker.~Worker();
  }

  bool create(Environment* environment, size_t threads) {
    if (threads > 1) pool = environment->hold_pool();
    if (!workers.allocate(pool == nullptr ? 1 : threads) || !texts.allocate(most_texts)) return false;
    for (Worker& worker : workers) new (&worker) Worker();
    for (Worker& worker : workers) {
      if (!scanner.prepare(worker.scratch)) return false;
    }
    return bytes.allocate(block_bytes * workers.size() + room_of(block_bytes));
  }

  static size_t room_of(size_t length) { return (1 + length + text::behind + 63) / 64 * 64; }

  void work(size_t worker) {
    Worker& own = workers[worker];
    for (size_t i = next++; i < count; i = next++) {
      Text& text = texts[i];
      text.worker = worker;
      text.pairs = own.count;
      text.status = scanner.read(text.bytes, text.length, own.scratch);
      if (text.status != Scanner::Status::ok) continue;
      const text::Row& row = own.scratch.rows[own.scratch.rows.size() - 1];
      text.count = row.count;
      if (!own.append(row)) text.status = Scanner::Status::no_memory;
    }
  }

  // Frees the memory for a long text.
  void forget_long() {
    if (long_text.size() == 0) return;
    long_text = {};
    workers[0].scratch.edges = {};
    workers[0].scratch.copy = {};
  }

  void read() {
    next = 0;
    for (Worker& worker : workers) worker.count = 0;
    if (pool == nullptr || count == 1) return work(0);
    pool->run(
        workers.size(), [](void* self, size_t worker) { static_cast<Texts*>(self)->work(worker); }, this);
  }
};

// Whether all bytes are ASCII.
bool is_ascii(const uint8_t* bytes, size_t count) {
  uint64_t all = 0;
  for (size_t at = 0; at < count; at += 8) all |= text::load64(bytes + at);
  return (all & text::highest_bits) == 0;
}

// Fetches the bytes of texts from `at` on, up to the first value that is not ASCII or not a string. False if there is
// not enough memory for a text.
bool fetch(napi_env env, Texts& texts, napi_value list, uint32_t at, uint32_t end) {
  texts.count = 0;
  const size_t most = block_bytes * texts.workers.size();
  for (size_t used = 0; at < end && texts.count < most_texts && used < most; at++) {
    napi_value value;
    size_t length = 0, written = 0;
    if (napi_get_element(env, list, at, &value) != napi_ok ||
        napi_get_value_string_utf16(env, value, nullptr, 0, &length) != napi_ok) {
      break;
    }
    const bool is_long = length > block_bytes;
    if (is_long) {
      if (texts.count > 0) break;
      if (!texts.long_text.allocate(Texts::room_of(length))) return false;
      used = most;
    }
    uint8_t* const bytes = is_long ? &texts.long_text[1] : &texts.bytes[used + 1];
    // There is room for one byte more than there are characters; it is written if a character takes several bytes.
    if (napi_get_value_string_utf8(env, value, reinterpret_cast<char*>(bytes), length + 2, &written) != napi_ok ||
        written != length) {
      break;
    }
    std::memset(bytes + length, 0, text::behind);
    if (!is_ascii(bytes, length)) break;
    texts.texts[texts.count++] = {bytes, length, 0, 0, 0, Scanner::Status::ok};
    used += Texts::room_of(length);
  }
  return true;
}

bool take(napi_env env, napi_value value, napi_typedarray_type& type, void*& data, size_t& length) {
  return napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) == napi_ok;
}

napi_value number(napi_env env, double value) {
  napi_value result;
  if (napi_create_double(env, value, &result) == napi_ok) return result;
  return fail(env, "MEMORY", "no memory for a number");
}

napi_value scan(napi_env env, napi_callback_info info) {
  napi_value arguments[6];
  size_t given = 6, room = 0, weight_count, offset_count;
  void *self, *ids, *weights, *offsets;
  double at, row;
  uint32_t end;
  napi_typedarray_type id_type, weight_type, offset_type;
  if (napi_get_cb_info(env, info, &given, arguments, nullptr, &self) != napi_ok ||
      napi_get_array_length(env, arguments[0], &end) != napi_ok ||
      napi_get_value_double(env, arguments[1], &at) != napi_ok || !take(env, arguments[2], id_type, ids, room) ||
      !take(env, arguments[3], weight_type, weights, weight_count) ||
      !take(env, arguments[4], offset_type, offsets, offset_count) ||
      napi_get_value_double(env, arguments[5], &row) != napi_ok || id_type != napi_int32_array ||
      offset_type != napi_int32_array || weight_count < room) {
    return fail(env, "PLAN", "scan() takes texts, a place, three arrays and a row");
  }
  Texts& texts = *static_cast<Texts*>(self);
  constexpr char no_memory[] = "no memory to read texts";
  const bool fetched = fetch(env, texts, arguments[0], uint32_t(at), end);
  if (fetched) texts.read();
  texts.forget_long();
  if (!fetched) return fail(env, "MEMORY", no_memory);

  int32_t* const to = static_cast<int32_t*>(offsets) + size_t(row);
  size_t pairs = 0, done = 0;
  for (; done < texts.count && texts.texts[done].status == Scanner::Status::ok; done++) {
    pairs += texts.texts[done].count;
  }
  if (done < texts.count && texts.texts[done].status == Scanner::Status::no_memory) {
    return fail(env, "MEMORY", no_memory);
  }
  size_t count = size_t(*to);
  if (pairs > room - count) return number(env, -double(pairs));
  if (size_t(row) + done >= offset_count) return fail(env, "PLAN", "there are fewer rows than texts");
  for (size_t i = 0; i < done; i++) {
    const Text& text = texts.texts[i];
    const Pair* const from = texts.workers[text.worker].pairs.data() + text.pairs;
    for (size_t k = 0; k < text.count; k++, count++) {
      static_cast<int32_t*>(ids)[count] = from[k].id;
      if (weight_type == napi_float64_array) {
        static_cast<double*>(weights)[count] = from[k].weight;
      } else {
        static_cast<float*>(weights)[count] = float(from[k].weight);
      }
    }
    to[i + 1] = int32_t(count);
  }
  return number(env, at + double(done));
}

void finalize(napi_env, void* data, void*) { destroy(static_cast<Texts*>(data)); }

}  // namespace

napi_value create_scanner(napi_env env, napi_callback_info info) {
  constexpr char no_memory[] = "no memory for what reads texts";
  napi_value arguments[4], function;
  size_t given = 4, word_count, byte_count, number_count;
  void *words, *bytes, *numbers;
  napi_typedarray_type types[3];
  double threads;
  if (napi_get_cb_info(env, info, &given, arguments, nullptr, nullptr) != napi_ok ||
      !take(env, arguments[0], types[0], words, word_count) || !take(env, arguments[1], types[1], bytes, byte_count) ||
      !take(env, arguments[2], types[2], numbers, number_count) ||
      napi_get_value_double(env, arguments[3], &threads) != napi_ok || types[0] != napi_int32_array ||
      types[1] != napi_uint8_array || types[2] != napi_float64_array) {
    return fail(env, "MEMORY", no_memory);
  }
  Environment* const environment = Environment::of(env);
  Texts* const texts = environment == nullptr ? nullptr : make<Texts>();
  if (texts == nullptr) return fail(env, "MEMORY", no_memory);
  Scanner::Made made =
      texts->scanner.create(static_cast<const int32_t*>(words), word_count, static_cast<const uint8_t*>(bytes),
                            byte_count, static_cast<const double*>(numbers), number_count);
  const size_t most = size_t(threads > double(Pool::most_threads) ? Pool::most_threads : threads > 1 ? threads : 1);
  if (made == Scanner::Made::ok && !texts->create(environment, most)) made = Scanner::Made::no_memory;
  if (made != Scanner::Made::ok) {
    destroy(texts);
    return made == Scanner::Made::refused ? nullptr : fail(env, "MEMORY", no_memory);
  }
  if (napi_create_function(env, "scan", NAPI_AUTO_LENGTH, scan, texts, &function) != napi_ok ||
      napi_add_finalizer(env, function, texts, finalize, nullptr, nullptr) != napi_ok) {
    destroy(texts);
    return fail(env, "MEMORY", no_memory);
  }
  return function;
}

}  // namespace fp::binding
