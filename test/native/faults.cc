// In the addon's test build (FORWARDPASS_FAULTS) the environment says what fails, since nothing else of this is seen
// from JavaScript: FORWARDPASS_FAIL_AT, anew whenever it changes; FORWARDPASS_FAILED then says that it did.
#include "faults.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

namespace faults {
namespace {

std::atomic<long> left{0};
std::atomic<bool> has_failed{false};

}  // namespace

void fail_at(long at) {
  has_failed = false;
  left = at;
}
bool failed() { return has_failed; }

}  // namespace faults

#ifdef FORWARDPASS_WRAPS

#include <pthread.h>

namespace {

#ifdef FORWARDPASS_FAULTS
void ask_environment() {
  static char last[32] = "";
  const char* const wanted = std::getenv("FORWARDPASS_FAIL_AT");
  if (wanted == nullptr || std::strncmp(wanted, last, sizeof last - 1) == 0) return;
  std::strncpy(last, wanted, sizeof last - 1);
  faults::fail_at(std::atol(wanted));
}
std::atomic<long long> told{0};

void tell_environment() { setenv("FORWARDPASS_FAILED", std::getenv("FORWARDPASS_FAIL_AT"), 1); }
#else
void ask_environment() {}
void tell_environment() {}
#endif

}  // namespace

bool faults::is_due() {
  ask_environment();
  if (left <= 0 || left.fetch_sub(1) != 1) return false;
  has_failed = true;
  tell_environment();
  return true;
}

#ifdef FORWARDPASS_FAULTS
void faults::tell_collector(long long bytes) { setenv("FORWARDPASS_TOLD", std::to_string(told += bytes).c_str(), 1); }
#endif

// Names that the linker gives.
extern "C" {

void* __real_malloc(size_t bytes);
void* __real_calloc(size_t count, size_t bytes);
int __real_posix_memalign(void** to, size_t alignment, size_t bytes);
int __real_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* context);

void* __wrap_malloc(size_t bytes) { return faults::is_due() ? nullptr : __real_malloc(bytes); }
void* __wrap_calloc(size_t count, size_t bytes) { return faults::is_due() ? nullptr : __real_calloc(count, bytes); }
int __wrap_posix_memalign(void** to, size_t alignment, size_t bytes) {
  return faults::is_due() ? ENOMEM : __real_posix_memalign(to, alignment, bytes);
}
int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* context) {
  return faults::is_due() ? EAGAIN : __real_pthread_create(thread, attributes, run, context);
}
}

#endif
