// A small test harness: TEST registers, CHECK records, main.cc runs.
#pragma once

#include <cstdio>

namespace test {

struct Case {
  Case(const char* title, void (*run)());
  const char* title;
  void (*run)();
  Case* next = nullptr;
};

// Failures of the running test; only the first few are printed.
void fail(const char* file, int line, const char* format, ...);

// For the command line: every how many-th of the 2^32 floats the sweeps take.
extern unsigned stride;

}  // namespace test

#define FP_JOIN_(a, b) a##b
#define FP_JOIN(a, b) FP_JOIN_(a, b)

#define TEST(title)                                                            \
  static void FP_JOIN(test_, __LINE__)();                                      \
  static test::Case FP_JOIN(case_, __LINE__)(title, FP_JOIN(test_, __LINE__)); \
  static void FP_JOIN(test_, __LINE__)()

#define CHECK(condition)                                                \
  do {                                                                  \
    if (!(condition)) test::fail(__FILE__, __LINE__, "%s", #condition); \
  } while (false)

// The same, with a message in printf's manner.
#define CHECK_THAT(condition, ...)                                 \
  do {                                                             \
    if (!(condition)) test::fail(__FILE__, __LINE__, __VA_ARGS__); \
  } while (false)
