#include "loaded.h"

#include "mutex.h"

namespace fp {

// The only state that all threads of a process share here. It does not hold models: each model removes itself from the
// list when it ends. No part of it needs a constructor or a destructor.
struct SharedModels {
  Mutex mutex;
  bool named = false;
  Token addon;  // of this process and this copy of the addon, from the first share() on
  Loaded* first = nullptr;
};

namespace {
SharedModels shared_models;
}  // namespace

bool Loaded::release(Loaded* loaded) {
  if (loaded == nullptr || loaded->holders_.fetch_sub(1) != 1) return false;
  loaded->unlist();
  destroy(loaded);
  return true;
}

void Loaded::share(Token& addon, Token& model, Array<char>&& description) {
  const Locked locked(shared_models.mutex);
  if (!shared_models.named) {
    shared_models.addon = addon;
    shared_models.named = true;
  }
  if (!listed_) {
    name_ = model;
    description_ = static_cast<Array<char>&&>(description);
    next_ = shared_models.first;
    if (next_ != nullptr) next_->previous_ = this;
    shared_models.first = this;
    listed_ = true;
  }
  addon = shared_models.addon;
  model = name_;
}

Loaded::Found Loaded::find(const Token& addon, const Token& model, Loaded*& loaded) {
  const Locked locked(shared_models.mutex);
  if (!shared_models.named || !(shared_models.addon == addon)) return Found::foreign;
  for (Loaded* at = shared_models.first; at != nullptr; at = at->next_) {
    if (!(at->name_ == model)) continue;
    if (!at->retain_unless_ended()) break;
    loaded = at;
    return Found::yes;
  }
  return Found::gone;
}

// The last holder may already have released it, and be waiting for the mutex to remove the model from the list.
bool Loaded::retain_unless_ended() {
  int holders = holders_.load();
  while (holders > 0) {
    if (holders_.compare_exchange_weak(holders, holders + 1)) return true;
  }
  return false;
}

void Loaded::unlist() {
  const Locked locked(shared_models.mutex);
  if (!listed_) return;
  (previous_ != nullptr ? previous_->next_ : shared_models.first) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

}  // namespace fp
