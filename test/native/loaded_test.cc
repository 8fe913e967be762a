// Models that threads share: found by their names for as long as somebody holds them, and whole.
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "kernels/registry.h"
#include "loaded.h"
#include "test.h"

namespace {

// y = 3·x.
fp::Loaded* make_model() {
  static const float weight = 3;
  // Two values of one element, the second of which the dense instruction makes of the first.
  static const int32_t words[] = {fp::plan_version, 0, 2, 1, 1, 1, 1, 1, 0, 1, 1, 12, 1, 0, 1, 1, 1, 0, 0, -1, -1, 0};
  const fp::Parameter parameter = {&weight, 1};
  fp::PlanError error = {};
  fp::Loaded* const loaded = fp::Loaded::create();
  CHECK_THAT(loaded->engine.create({words, sizeof words / sizeof *words, &parameter, 1}, *fp::best_instruction_set(),
                                   error) == fp::Engine::Status::ok,
             "%s", error.reason);
  return loaded;
}

bool works(const fp::Loaded& loaded) {
  const std::vector<float> x = {2};
  std::vector<float> y = {0};
  std::vector<char> table(loaded.engine.table_bytes(1) + 64), values(loaded.engine.values_bytes(1) + 64);
  const auto aligned = [](std::vector<char>& room) { return room.data() + (64 - size_t(room.data()) % 64) % 64; };
  loaded.engine.prepare(aligned(table), aligned(values), 1);
  const fp::Input input = {x.data(), fp::Element::f32};
  const fp::Output output = {y.data(), fp::Element::f32};
  fp::RunError error;
  return loaded.engine.run(aligned(table), &input, &output, 1, error) == fp::Outcome::ok && y[0] == 6;
}

fp::Token token(const char* letters, int number = 0) {
  fp::Token made;
  std::snprintf(made.text, sizeof made.text, "%s-%d", letters, number);
  return made;
}

fp::Array<char> text(const char* characters) {
  fp::Array<char> made;
  CHECK(made.allocate(std::strlen(characters)));
  if (made.size() > 0) std::memcpy(made.data(), characters, made.size());
  return made;
}

bool says(const fp::Loaded& loaded, const char* characters) {
  const fp::Array<char>& found = loaded.description();
  return found.size() == std::strlen(characters) &&
         (found.size() == 0 || std::memcmp(found.data(), characters, found.size()) == 0);
}

TEST("a shared model is found by its names for as long as somebody holds it") {
  fp::Loaded *const one = make_model(), *const other = make_model(), *const third = make_model();
  fp::Token addon = token("first"), name = token("one"), unused = token("second"), again = token("again");
  one->share(addon, name, text("description"));
  CHECK(name == token("one"));
  one->share(unused, again, text("another"));
  CHECK_THAT(unused == addon && again == name && says(*one, "description"), "what was shared has another name now");
  fp::Token other_name = token("other"), third_name = token("third");
  other->share(addon, other_name, text(""));
  third->share(addon, third_name, text(""));

  fp::Loaded* found = nullptr;
  CHECK(fp::Loaded::find(token("another addon"), name, found) == fp::Loaded::Found::foreign);
  CHECK(fp::Loaded::find(addon, token("nobody"), found) == fp::Loaded::Found::gone);
  CHECK(fp::Loaded::find(addon, name, found) == fp::Loaded::Found::yes && found == one);
  CHECK_THAT(!fp::Loaded::release(one), "a model ended that has another holder");
  CHECK(fp::Loaded::find(addon, name, found) == fp::Loaded::Found::yes && works(*found));
  CHECK(!fp::Loaded::release(found));
  CHECK(fp::Loaded::release(found));
  CHECK(fp::Loaded::find(addon, name, found) == fp::Loaded::Found::gone);

  // From the middle of the list, its end and its beginning.
  fp::Loaded* const fourth = make_model();
  fp::Token fourth_name = token("fourth");
  fourth->share(addon, fourth_name, text(""));
  CHECK(fp::Loaded::release(third));
  CHECK(fp::Loaded::find(addon, other_name, found) == fp::Loaded::Found::yes && !fp::Loaded::release(found));
  CHECK(fp::Loaded::release(other));
  CHECK(fp::Loaded::find(addon, fourth_name, found) == fp::Loaded::Found::yes && !fp::Loaded::release(found));
  CHECK(fp::Loaded::release(fourth));
  CHECK(fp::Loaded::find(addon, fourth_name, found) == fp::Loaded::Found::gone);
  CHECK(!fp::Loaded::release(nullptr));
}

TEST("threads that share, attach, run and let go at once find a model whole or none") {
  constexpr int threads = 4, rounds = 300, names = 3;
  std::atomic<int> attached{0}, ended{0}, made{0}, wrong{0};
  fp::Token addon = token("first");
  const auto work = [&](int thread) {
    for (int round = 0; round < rounds; round++) {
      fp::Loaded* const own = make_model();
      made++;
      // Those of one number have the same name, one after the other and at once.
      fp::Token named_addon = addon, name = token("shared", (thread + round) % names);
      own->share(named_addon, name, text("description"));
      for (int at = 0; at < names; at++) {
        fp::Loaded* found;
        if (fp::Loaded::find(named_addon, token("shared", at), found) != fp::Loaded::Found::yes) continue;
        attached++;
        if (!works(*found) || !says(*found, "description")) wrong++;
        if (fp::Loaded::release(found)) ended++;
      }
      if (fp::Loaded::release(own)) ended++;
    }
  };
  std::vector<std::thread> running;
  for (int i = 0; i < threads; i++) running.emplace_back(work, i);
  for (std::thread& thread : running) thread.join();
  CHECK(wrong == 0);
  CHECK_THAT(made == ended, "%d models made, %d ended", made.load(), ended.load());
  CHECK(attached >= threads * rounds / 2);
}

}  // namespace
