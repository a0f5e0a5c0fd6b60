// The compute thread of an environment: jobs run on it one after the other, while JavaScript goes on.
//
// One thread of its own and not libuv's pool: OpenMP keeps a team of threads for each calling thread, and the pool's
// would have four. The thread touches no Node-API; it hands what is done back to the environment's thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "environment.h"
#include "errors.h"
#include "napi_headers.h"

namespace libtorch_node {

// What one computeAsync() queued, and its end.
struct Region {
  // -- the environment's thread ---------------------------------------------------------------------------------------
  uint32_t id = 0;
  napi_deferred promise = nullptr;
  std::vector<Handle> results;
  std::vector<const void*> remembered;
  // It queued what changes gradients.
  bool changes_gradients = false;
  // It queued something under autocast. Set before the end is queued.
  bool casts = false;
  // Tensors without data that stand for arguments, by what they stand for; the pair keeps that alive.
  std::unordered_map<const void*, std::pair<at::Tensor, at::Tensor>> shapes;

  // -- both -----------------------------------------------------------------------------------------------------------
  std::atomic<bool> cancelled{false};

  // -- the compute thread, until the region is finished
  // -----------------------------------------------------------------
  bool failed = false;
  Failure failure;
};

class ComputeThread {
 public:
  explicit ComputeThread(Environment& environment);
  ~ComputeThread();
  ComputeThread(const ComputeThread&) = delete;
  ComputeThread& operator=(const ComputeThread&) = delete;

  // Queues a job, to run as this thread would run it now: grad mode, inference mode, autocast, device, thread count.
  // It is passed over where an earlier one of its region failed, or the region was cancelled.
  void Enqueue(const std::shared_ptr<Region>& region, std::string name, std::function<void()> work);
  // Nothing more comes: settles the region's promise when all before is done.
  void Finish(std::shared_ptr<Region> region);
  void Cancel(uint32_t region_id);
  // Drops what is queued and waits for the job that runs. Nothing can be queued any more.
  void Stop();
  bool stopped() const { return !thread_.joinable(); }

  // Waits until all that was queued is done; throws what the region failed with.
  void Wait(const Region& region);

  // What a tensor without data stands for, until its region is finished; null for any other tensor.
  void Remember(Region& region, const at::Tensor& shape, bool known, const std::shared_ptr<Pending>& pending);
  std::shared_ptr<Pending> FindPending(const at::Tensor& shape) const;
  bool Remembers(const at::Tensor& shape) const { return remembered_.contains(shape.unsafeGetTensorImpl()); }
  // False for what stands for a tensor of which nothing is known before it is computed.
  bool KnowsShape(const at::Tensor& shape) const { return !unknown_.contains(shape.unsafeGetTensorImpl()); }

 private:
  struct Job {
    std::shared_ptr<Region> region;
    std::function<void()> run;  // none: the region's end
  };

  void Run();
  void RunJob(Job& job);
  // On the compute thread: has the environment's thread collect its garbage, and waits for it.
  bool ReclaimElsewhere();
  // On the environment's thread.
  void HandBack();
  void ServeReclaim();
  void Settle(Region& region);

  Environment& environment_;
  napi_threadsafe_function to_javascript_ = nullptr;
  std::unordered_map<uint32_t, std::shared_ptr<Region>> unfinished_;
  // Weak: a value is freed as soon as no slot and no queued job needs it. The pair keeps the key in use.
  std::unordered_map<const void*, std::pair<at::Tensor, std::weak_ptr<Pending>>> remembered_;
  std::unordered_set<const void*> unknown_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> queue_;
  std::vector<std::shared_ptr<Region>> finished_;
  bool stopping_ = false;
  bool busy_ = false;
  enum class Reclaiming : uint8_t { kIdle, kAsked, kDone, kRefused };
  Reclaiming reclaiming_ = Reclaiming::kIdle;

  std::thread thread_;
};

}  // namespace libtorch_node
