// Threads that help with runs. They are started on first use, and sleep while there is nothing to do. Waking a thread
// takes longer than many runs, so after its work a thread waits actively for more for about that time.
#pragma once

#include <atomic>
#include <cstddef>

#include "mutex.h"

namespace fp {

// Counted: each holder calls release() once; the last one ends the threads.
class Pool {
 public:
  static constexpr size_t most_threads = 256;

  using Task = void (*)(void* context, size_t worker);

  // Null if there is not enough memory.
  static Pool* create();
  void retain() { holders_.fetch_add(1); }
  void release();

  // Calls task(context, worker) for worker 0 on the calling thread and, at the same time, for others below `workers`
  // on as many threads as are available, which may be none. Returns when all calls have returned. Tasks divide the work
  // among themselves. While one thread is in run(), run() of another thread gets no help.
  void run(size_t workers, Task task, void* context);

 private:
  Pool() = default;
  ~Pool() = default;

  void start_threads(size_t count);
  void work();
#ifdef _WIN32
  static DWORD WINAPI thread_main(void* pool);
#else
  static void* thread_main(void* pool);
#endif

#ifdef _WIN32
  using Condition = CONDITION_VARIABLE;
  using Thread = HANDLE;
  Condition work_ = CONDITION_VARIABLE_INIT, done_ = CONDITION_VARIABLE_INIT;
#else
  using Condition = pthread_cond_t;
  using Thread = pthread_t;
  Condition work_ = PTHREAD_COND_INITIALIZER, done_ = PTHREAD_COND_INITIALIZER;
#endif
  Mutex mutex_;
  void wait(Condition& condition);
  void wake_all(Condition& condition);

  std::atomic<int> holders_{1};
  std::atomic<size_t> rounds_{0};  // counts new work, and the end; changed under the mutex
  std::atomic<size_t> active_{0};  // calls in progress on threads of the pool; changed under the mutex
  // Guarded by the mutex:
  Thread threads_[most_threads];
  size_t thread_count_ = 0;
  Task task_ = nullptr;
  void* context_ = nullptr;
  size_t next_worker_ = 0, end_worker_ = 0;  // calls not yet taken up
  size_t sleeping_ = 0;                      // threads that have to be woken
  bool busy_ = false;
  bool ending_ = false;
};

}  // namespace fp
