#include "pool.h"

#include <cstdlib>
#include <new>

#ifndef _WIN32
#include <sched.h>
#include <time.h>
#endif

namespace fp {
namespace {

#ifdef _WIN32

double microseconds() {
  LARGE_INTEGER ticks, frequency;
  QueryPerformanceCounter(&ticks);
  QueryPerformanceFrequency(&frequency);
  return double(ticks.QuadPart) * 1e6 / double(frequency.QuadPart);
}
void let_others_run() { SwitchToThread(); }

#else

double microseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return double(now.tv_sec) * 1e6 + double(now.tv_nsec) / 1e3;
}
void let_others_run() { sched_yield(); }

#endif

// Waits until the condition is true, but no longer than it takes to wake a sleeping thread. Yields to others that need
// the processor.
template <class F>
void look_out_for(F is_so) {
  constexpr double most = 50;
  for (const double start = microseconds(); !is_so() && microseconds() - start < most;) let_others_run();
}

}  // namespace

#ifdef _WIN32

void Pool::wait(Condition& condition) { SleepConditionVariableSRW(&condition, &mutex_.system, INFINITE, 0); }
void Pool::wake_all(Condition& condition) { WakeAllConditionVariable(&condition); }

DWORD WINAPI Pool::thread_main(void* pool) {
  static_cast<Pool*>(pool)->work();
  return 0;
}

#else

void Pool::wait(Condition& condition) { pthread_cond_wait(&condition, &mutex_.system); }
void Pool::wake_all(Condition& condition) { pthread_cond_broadcast(&condition); }

void* Pool::thread_main(void* pool) {
  static_cast<Pool*>(pool)->work();
  return nullptr;
}

#endif

Pool* Pool::create() {
  void* const block = std::malloc(sizeof(Pool));  // not `new`: see arena.h
  return block == nullptr ? nullptr : new (block) Pool();
}

// Called with the mutex held. If a thread cannot be started, the pool does without it.
void Pool::start_threads(size_t count) {
  if (count > most_threads) count = most_threads;
  while (thread_count_ < count) {
#ifdef _WIN32
    threads_[thread_count_] = CreateThread(nullptr, 0, thread_main, this, 0, nullptr);
    if (threads_[thread_count_] == nullptr) return;
#else
    if (pthread_create(&threads_[thread_count_], nullptr, thread_main, this) != 0) return;
#endif
    thread_count_++;
  }
}

void Pool::release() {
  if (holders_.fetch_sub(1) != 1) return;
  mutex_.lock();
  ending_ = true;
  rounds_++;
  wake_all(work_);
  mutex_.unlock();
  for (size_t i = 0; i < thread_count_; i++) {
#ifdef _WIN32
    WaitForSingleObject(threads_[i], INFINITE);
    CloseHandle(threads_[i]);
#else
    pthread_join(threads_[i], nullptr);
#endif
  }
  this->~Pool();
  std::free(this);
}

void Pool::work() {
  mutex_.lock();
  while (!ending_) {
    if (next_worker_ == end_worker_) {
      sleeping_++;
      wait(work_);
      sleeping_--;
      continue;
    }
    const size_t worker = next_worker_++;
    active_++;
    mutex_.unlock();
    task_(context_, worker);
    mutex_.lock();
    if (--active_ == 0) wake_all(done_);
    const size_t round = rounds_;
    mutex_.unlock();
    look_out_for([&] { return rounds_ != round; });
    mutex_.lock();
  }
  mutex_.unlock();
}

void Pool::run(size_t workers, Task task, void* context) {
  mutex_.lock();
  const bool helped = !busy_ && workers > 1;
  if (helped) {
    busy_ = true;
    start_threads(workers - 1);
    task_ = task;
    context_ = context;
    next_worker_ = 1;
    end_worker_ = workers;
    rounds_++;
    if (sleeping_ > 0) wake_all(work_);
  }
  mutex_.unlock();

  task(context, 0);

  if (!helped) return;
  mutex_.lock();
  next_worker_ = end_worker_;  // nothing is left for late threads
  if (active_ > 0) {
    mutex_.unlock();
    look_out_for([&] { return active_ == 0; });
    mutex_.lock();
  }
  while (active_ > 0) wait(done_);
  busy_ = false;
  mutex_.unlock();
}

}  // namespace fp
