#include "thread.h"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include "allocator.h"
#include "autocast.h"
#include "own_generator.h"
#include "values.h"

namespace libtorch_node {
namespace {

bool HasCuda() {
  static const bool available = at::globalContext().hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0;
  return available;
}

// What at::ThreadLocalState leaves out: the number of threads of an op, on which the last bits of sums depend, the
// current device, the thread's own generator, and what autocast casts to.
struct ThreadSettings {
  int num_threads = at::get_num_threads();
  c10::DeviceIndex device = HasCuda() ? at::accelerator::getDeviceIndex() : c10::DeviceIndex{0};
  at::Generator generator = OwnGenerator();
  AutocastSettings autocast;

  void Apply() const {
    if (at::get_num_threads() != num_threads) at::set_num_threads(num_threads);
    if (HasCuda()) at::accelerator::setDeviceIndex(device);
    if (generator != OwnGenerator()) SetOwnGenerator(generator);
    autocast.Apply();
  }
};

}  // namespace

ComputeThread::ComputeThread(Environment& environment) : environment_(environment) {
  napi_env env = environment.env;
  Check(env, napi_create_threadsafe_function(
                 env, nullptr, nullptr, MakeString(env, "libtorch-node compute thread"), 0, 1, nullptr, nullptr, this,
                 [](napi_env running, napi_value, void* context, void*) {
                   // Null while the environment ends.
                   if (running != nullptr) static_cast<ComputeThread*>(context)->HandBack();
                 },
                 &to_javascript_));
  napi_unref_threadsafe_function(env, to_javascript_);
  thread_ = std::thread([this] { Run(); });
  // Hooks run last-added first: the thread has ended before the function above is torn down.
  napi_add_env_cleanup_hook(
      env, [](void* self) { static_cast<ComputeThread*>(self)->Stop(); }, this);
}

ComputeThread::~ComputeThread() = default;

void ComputeThread::Stop() {
  std::deque<Job> dropped;
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    dropped.swap(queue_);
  }
  changed_.notify_all();
  // The job that runs is waited for: libtorch must not be unloaded beneath it.
  if (thread_.joinable()) thread_.join();
}

void ComputeThread::Enqueue(const std::shared_ptr<Region>& region, std::string name, std::function<void()> work) {
  Job job;
  job.region = region;
  region->casts |= at::autocast::is_autocast_enabled(at::kCPU) || at::autocast::is_autocast_enabled(at::kCUDA);
  job.run = [state = at::ThreadLocalState(), settings = ThreadSettings(), name = std::move(name),
             work = std::move(work), region = region.get()] {
    const at::ThreadLocalStateGuard guard(state);
    try {
      settings.Apply();
      work();
    } catch (...) {
      region->failed = true;
      region->failure = CurrentFailure();
      region->failure.message += "\n  in " + name + ", queued by computeAsync()";
    }
  };
  {
    const std::scoped_lock lock(mutex_);
    queue_.push_back(std::move(job));
  }
  changed_.notify_all();
}

void ComputeThread::Finish(std::shared_ptr<Region> region) {
  region->shapes.clear();
  // Node must not end while somebody waits for the result.
  if (unfinished_.empty()) napi_ref_threadsafe_function(environment_.env, to_javascript_);
  unfinished_[region->id] = region;
  {
    const std::scoped_lock lock(mutex_);
    queue_.push_back({std::move(region), nullptr});
  }
  changed_.notify_all();
}

void ComputeThread::Cancel(uint32_t region_id) {
  const auto found = unfinished_.find(region_id);
  if (found != unfinished_.end()) found->second->cancelled = true;
}

void ComputeThread::Wait(const Region& region) {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock,
                  [this] { return stopping_ || (queue_.empty() && !busy_) || reclaiming_ == Reclaiming::kAsked; });
    if (reclaiming_ != Reclaiming::kAsked) break;
    lock.unlock();
    ServeReclaim();
  }
  if (region.failed) throw CodedError(region.failure.code.c_str(), region.failure.message);
}

void ComputeThread::Remember(Region& region, const at::Tensor& shape, bool known,
                             const std::shared_ptr<Pending>& pending) {
  const void* key = shape.unsafeGetTensorImpl();
  if (!known) unknown_.insert(key);
  remembered_[key] = {shape, pending};
  region.remembered.push_back(key);
}

std::shared_ptr<Pending> ComputeThread::FindPending(const at::Tensor& shape) const {
  const auto found = remembered_.find(shape.unsafeGetTensorImpl());
  return found == remembered_.end() ? nullptr : found->second.second.lock();
}

void ComputeThread::Run() {
  SetReclaimer([](void* self) { return static_cast<ComputeThread*>(self)->ReclaimElsewhere(); }, this);
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      job = std::move(queue_.front());
      queue_.pop_front();
      busy_ = true;
    }
    RunJob(job);
    // What the job held goes before those who wait go on.
    job = {};
    {
      const std::scoped_lock lock(mutex_);
      busy_ = false;
    }
    changed_.notify_all();
  }
}

void ComputeThread::RunJob(Job& job) {
  if (job.run) {
    if (!job.region->failed && !job.region->cancelled) job.run();
    return;
  }
  // Parameters that were cast are kept so for a forward pass, and will have changed by the next one.
  if (job.region->casts) at::autocast::clear_cache();
  {
    const std::scoped_lock lock(mutex_);
    finished_.push_back(std::move(job.region));
  }
  napi_call_threadsafe_function(to_javascript_, nullptr, napi_tsfn_nonblocking);
}

bool ComputeThread::ReclaimElsewhere() {
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return false;
    reclaiming_ = Reclaiming::kAsked;
  }
  napi_call_threadsafe_function(to_javascript_, nullptr, napi_tsfn_nonblocking);
  std::unique_lock lock(mutex_);
  // The environment's thread waits for this one in Stop() only, which says so first.
  changed_.wait(lock, [this] { return stopping_ || reclaiming_ != Reclaiming::kAsked; });
  return std::exchange(reclaiming_, Reclaiming::kIdle) == Reclaiming::kDone;
}

void ComputeThread::HandBack() {
  ServeReclaim();
  std::vector<std::shared_ptr<Region>> finished;
  {
    const std::scoped_lock lock(mutex_);
    finished.swap(finished_);
  }
  for (const auto& region : finished) Settle(*region);
}

void ComputeThread::ServeReclaim() {
  {
    const std::scoped_lock lock(mutex_);
    if (reclaiming_ != Reclaiming::kAsked) return;
  }
  const bool done = environment_.Reclaim();
  {
    const std::scoped_lock lock(mutex_);
    reclaiming_ = done ? Reclaiming::kDone : Reclaiming::kRefused;
  }
  changed_.notify_all();
}

void ComputeThread::Settle(Region& region) {
  napi_env env = environment_.env;
  for (const Handle handle : region.results) environment_.tensors.Settle(handle);
  for (const void* key : region.remembered) {
    remembered_.erase(key);
    unknown_.erase(key);
  }
  if (region.changes_gradients) --environment_.gradient_regions;
  unfinished_.erase(region.id);
  if (unfinished_.empty()) napi_unref_threadsafe_function(env, to_javascript_);
  napi_value outcome = Undefined(env);
  if (!region.failed && !region.cancelled) {
    napi_resolve_deferred(env, region.promise, outcome);
    return;
  }
  if (!region.failed) region.failure = {"TORCH_ASYNC", "computeAsync() was aborted"};
  napi_create_error(env, MakeString(env, region.failure.code), MakeString(env, region.failure.message), &outcome);
  napi_reject_deferred(env, region.promise, outcome);
}

}  // namespace libtorch_node
