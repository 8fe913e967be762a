// A lock that needs no constructor, no destructor and no C++ runtime library.
#pragma once

#ifdef _WIN32
#ifndef NOMINMAX
#define NOMINMAX
#endif
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>
#else
#include <pthread.h>
#endif

namespace fp {

struct Mutex {
#ifdef _WIN32
  SRWLOCK system = SRWLOCK_INIT;
  void lock() { AcquireSRWLockExclusive(&system); }
  void unlock() { ReleaseSRWLockExclusive(&system); }
#else
  pthread_mutex_t system = PTHREAD_MUTEX_INITIALIZER;
  void lock() { pthread_mutex_lock(&system); }
  void unlock() { pthread_mutex_unlock(&system); }
#endif
};

// Holds a mutex during its lifetime.
class Locked {
 public:
  explicit Locked(Mutex& mutex) : mutex_(mutex) { mutex_.lock(); }
  ~Locked() { mutex_.unlock(); }
  Locked(const Locked&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace fp
