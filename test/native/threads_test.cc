// Runs on several threads: the same bits as on one, and the same error.
#include <atomic>
#include <cstring>
#include <vector>

#include "engine.h"
#include "kernels/registry.h"
#include "random.h"
#include "test.h"

namespace {

// x [256] → 256 → 256, both dense: heavy enough that a few dozen rows are shared out.
struct DensePair {
  std::vector<float> weights, bias;
  std::vector<int32_t> words = {fp::plan_version,
                                0,
                                3,
                                1,
                                1,
                                2,
                                256,
                                256,
                                256,
                                0,
                                2,
                                1,
                                12,
                                1,
                                0,
                                1,
                                256,
                                256,
                                0,
                                0,
                                1,
                                -1,
                                0,
                                1,
                                12,
                                2,
                                1,
                                1,
                                256,
                                256,
                                1,
                                0,
                                -1,
                                -1,
                                0};

  explicit DensePair(test::Random& random)
      : weights(random.uniforms<float>(256 * 256)), bias(random.uniforms<float>(256)) {}
  bool create(fp::Engine& engine) const {
    const fp::Parameter parameters[] = {{weights.data(), weights.size()}, {bias.data(), bias.size()}};
    const fp::Plan plan = {words.data(), words.size(), parameters, 2};
    fp::PlanError error = {};
    return engine.create(plan, *fp::best_instruction_set(), error) == fp::Engine::Status::ok;
  }
};

struct Runner {
  const fp::Engine& engine;
  size_t threads;
  fp::Array<char> table, values;

  Runner(const fp::Engine& engine_, size_t threads_) : engine(engine_), threads(threads_) {
    CHECK(table.allocate(engine.table_bytes(threads)) && values.allocate(engine.values_bytes(threads)));
    engine.prepare(table.data(), values.data(), threads);
  }
  fp::Outcome run(const std::vector<float>& x, std::vector<float>& y, size_t rows, fp::RunError& error,
                  fp::Pool* pool) {
    const fp::Input in = {x.data(), fp::Element::f32};
    const fp::Output out = {y.data(), fp::Element::f32};
    return engine.run(table.data(), &in, &out, rows, error, threads, pool);
  }
};

TEST("a run on several threads gives the bits of a run on one") {
  test::Random random(5);
  const DensePair net(random);
  fp::Engine engine;
  CHECK(net.create(engine));
  fp::Pool* const pool = fp::Pool::create();
  for (size_t rows : {0, 1, 33, 128, 257, 1000}) {
    const std::vector<float> x = random.uniforms<float>(rows * 256);
    std::vector<float> one(rows * 256, -1), several(rows * 256, -2);
    fp::RunError error;
    CHECK(Runner(engine, 1).run(x, one, rows, error, nullptr) == fp::Outcome::ok);
    for (size_t threads : {2, 3, 8}) {
      CHECK(Runner(engine, threads).run(x, several, rows, error, pool) == fp::Outcome::ok);
      CHECK_THAT(rows == 0 || std::memcmp(one.data(), several.data(), one.size() * 4) == 0, "%zu rows on %zu threads",
                 rows, threads);
    }
  }
  pool->release();
}

TEST("the columns of a wide layer may be shared out among threads") {
  // x [4099] → 4111 and back to 5: enough to share out at one row.
  test::Random random(6);
  const std::vector<float> up = random.uniforms<float>(4099 * 4111), down = random.uniforms<float>(4111 * 5);
  const std::vector<int32_t> words = {fp::plan_version,
                                      0,
                                      3,
                                      1,
                                      1,
                                      2,
                                      4099,
                                      4111,
                                      5,
                                      0,
                                      2,
                                      1,
                                      12,
                                      1,
                                      0,
                                      1,
                                      4099,
                                      4111,
                                      0,
                                      0,
                                      -1,
                                      -1,
                                      0,
                                      1,
                                      12,
                                      2,
                                      1,
                                      1,
                                      4111,
                                      5,
                                      1,
                                      1,
                                      -1,
                                      -1,
                                      0};
  const fp::Parameter parameters[] = {{up.data(), up.size()}, {down.data(), down.size()}};
  fp::Engine engine;
  fp::PlanError refused = {};
  CHECK(engine.create({words.data(), words.size(), parameters, 2}, *fp::best_instruction_set(), refused) ==
        fp::Engine::Status::ok);
  fp::Pool* const pool = fp::Pool::create();
  for (size_t rows : {1, 2, 3, 17}) {
    const std::vector<float> x = random.uniforms<float>(rows * 4099);
    std::vector<float> one(rows * 5, -1), several(rows * 5, -2);
    fp::RunError error;
    CHECK(Runner(engine, 1).run(x, one, rows, error, nullptr) == fp::Outcome::ok);
    for (size_t threads : {2, 5}) {
      CHECK(Runner(engine, threads).run(x, several, rows, error, pool) == fp::Outcome::ok);
      CHECK_THAT(std::memcmp(one.data(), several.data(), one.size() * 4) == 0, "%zu rows on %zu threads", rows,
                 threads);
    }
  }
  pool->release();
}

TEST("a pool helps one caller and lets the others run by themselves") {
  fp::Pool* const pool = fp::Pool::create();
  struct Count {
    std::atomic<int> calls{0}, nested{0};
    fp::Pool* pool;
  } count;
  count.pool = pool;
  for (int i = 0; i < 500; i++) {
    pool->run(
        4,
        [](void* context, size_t worker) {
          Count& c = *static_cast<Count*>(context);
          c.calls++;
          if (worker > 0) return;
          c.pool->run(
              4, [](void* inner, size_t) { static_cast<Count*>(inner)->nested++; }, &c);
        },
        &count);
  }
  CHECK(count.calls >= 500 && count.calls <= 2000);
  CHECK(count.nested == 500);
  pool->release();
}

TEST("of several bad ids on several threads the first is reported") {
  // ids [1] → table [3, 4096] → dense to 1, so that a row is heavy.
  const std::vector<float> table(3 * 4096, 1.0f), weights(4096 * 1024, 0.5f);
  const std::vector<int32_t> words = {fp::plan_version,
                                      0,
                                      3,
                                      1,
                                      1,
                                      2,
                                      1,
                                      4096,
                                      1024,
                                      0,
                                      2,
                                      12,
                                      8,
                                      1,
                                      0,
                                      0,
                                      3,
                                      4096,
                                      0,
                                      1,
                                      12,
                                      2,
                                      1,
                                      1,
                                      4096,
                                      1024,
                                      0,
                                      1,
                                      -1,
                                      -1,
                                      0};
  const fp::Parameter parameters[] = {{table.data(), table.size()}, {weights.data(), weights.size()}};
  fp::Engine engine;
  fp::PlanError refused = {};
  CHECK(engine.create({words.data(), words.size(), parameters, 2}, *fp::best_instruction_set(), refused) ==
        fp::Engine::Status::ok);
  fp::Pool* const pool = fp::Pool::create();
  Runner runner(engine, 4);
  for (size_t bad : {0, 5, 13, 39}) {
    std::vector<float> x(40, 1.0f), y(40 * 1024);
    for (size_t row = bad; row < 40; row++) x[row] = float(row + 100);
    fp::RunError error = {};
    CHECK(runner.run(x, y, 40, error, pool) == fp::Outcome::bad_id);
    CHECK_THAT(error.row == bad && error.value == double(bad + 100), "row %zu instead of %zu", error.row, bad);
  }
  pool->release();
}

}  // namespace
