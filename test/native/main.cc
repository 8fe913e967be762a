// Runs the tests whose titles contain the argument, or all: forwardpass_native_tests [--stride=1] [part of a title]
#include <cstdarg>
#include <cstdlib>
#include <cstring>

#include "test.h"

namespace test {

unsigned stride = 1009;

namespace {

constexpr int printed_failures = 10;
Case* first = nullptr;
Case** end = &first;
int failures = 0;

}  // namespace

Case::Case(const char* title_, void (*run_)()) : title(title_), run(run_) {
  *end = this;
  end = &next;
}

void fail(const char* file, int line, const char* format, ...) {
  if (++failures > printed_failures) return;
  std::printf("  %s:%d: ", file, line);
  va_list arguments;
  va_start(arguments, format);
  std::vprintf(format, arguments);
  va_end(arguments);
  std::printf("\n");
}

}  // namespace test

int main(int count, char** arguments) {
  const char* part = "";
  for (int i = 1; i < count; i++) {
    if (std::strncmp(arguments[i], "--stride=", 9) == 0) {
      test::stride = unsigned(std::strtoul(arguments[i] + 9, nullptr, 10));
    } else {
      part = arguments[i];
    }
  }
  int passed = 0, failed = 0;
  for (test::Case* c = test::first; c; c = c->next) {
    if (!std::strstr(c->title, part)) continue;
    test::failures = 0;
    c->run();
    (test::failures ? failed : passed)++;
    std::printf("%s %s\n", test::failures ? "FAILED" : "ok", c->title);
    std::fflush(stdout);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed > 0 || passed == 0;
}
