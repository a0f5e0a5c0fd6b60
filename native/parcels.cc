#include "parcels.h"

#include <ATen/ops/clone.h>
#include <c10/core/TensorImpl.h>

#include <cstdint>
#include <mutex>
#include <random>
#include <unordered_map>
#include <utility>
#include <vector>

#include "exports.h"
#include "shared_memory.h"
#include "values.h"

namespace libtorch_node {
namespace {

// The only table that environments share. A token is random, so that a stale or a made-up one finds nothing; it is good
// for one taking, so that a tensor has one receiver.
//
// Parcels that one environment exchanges with another are of one group. The environment that opened it answers for
// them: it knows when the other one has ended and which of its letters have arrived, and drops what no letter speaks
// of.
class Parcels {
 public:
  uint64_t OpenGroup(const Environment* owner) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const uint64_t group = NewToken(groups_);
    groups_.emplace(group, owner);
    return group;
  }

  // To a group that is closed nothing can be sent: nobody would take it.
  uint64_t Send(uint64_t group, at::Tensor tensor) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const uint64_t token = NewToken(parcels_);
    const auto found = groups_.find(group);
    if (found != groups_.end()) parcels_.emplace(token, Parcel{found->second, group, std::move(tensor)});
    return token;
  }

  // Out of its group: from here on it waits for `receiver` to take it.
  bool Claim(const Environment* receiver, uint64_t token) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = parcels_.find(token);
    if (found == parcels_.end()) return false;
    found->second.keeper = receiver;
    found->second.group = 0;
    return true;
  }

  // Undefined where there is none.
  at::Tensor Take(uint64_t token) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = parcels_.find(token);
    if (found == parcels_.end()) return {};
    at::Tensor tensor = std::move(found->second.tensor);
    parcels_.erase(found);
    return tensor;
  }

  void CloseGroup(uint64_t group) {
    // Freed after the lock: a storage's deleter may be anybody's code.
    std::vector<at::Tensor> dropped;
    const std::lock_guard<std::mutex> lock(mutex_);
    groups_.erase(group);
    DropWhere([group](const Parcel& parcel) { return parcel.group == group; }, dropped);
  }

  void DropOf(const Environment* keeper) {
    std::vector<at::Tensor> dropped;
    const std::lock_guard<std::mutex> lock(mutex_);
    std::erase_if(groups_, [keeper](const auto& each) { return each.second == keeper; });
    DropWhere([keeper](const Parcel& parcel) { return parcel.keeper == keeper; }, dropped);
  }

 private:
  struct Parcel {
    // With whose end it goes.
    const Environment* keeper;
    uint64_t group;
    at::Tensor tensor;
  };

  template <typename Table>
  uint64_t NewToken(const Table& table) {
    for (;;) {
      // 53 bits, exact as a JavaScript number.
      const uint64_t token = random_() >> 11;
      if (token != 0 && !table.contains(token)) return token;
    }
  }

  template <typename Predicate>
  void DropWhere(Predicate predicate, std::vector<at::Tensor>& dropped) {
    std::erase_if(parcels_, [&](auto& each) {
      if (!predicate(each.second)) return false;
      dropped.push_back(std::move(each.second.tensor));
      return true;
    });
  }

  std::mutex mutex_;
  std::mt19937_64 random_{(uint64_t{std::random_device{}()} << 32) | std::random_device{}()};
  std::unordered_map<uint64_t, Parcel> parcels_;
  std::unordered_map<uint64_t, const Environment*> groups_;
};

Parcels& AllParcels() {
  // Never deleted: environments may end after the static objects.
  static auto* const parcels = new Parcels;
  return *parcels;
}

// Another tensor on the same memory. What is said of one, such as its shape or that it requires a gradient, is the
// other environment's own business.
at::Tensor OnSameMemory(const at::Tensor& tensor) {
  if (tensor.requires_grad() && !tensor.is_leaf()) {
    ThrowValue(
        "a tensor that requires a gradient and is not a leaf cannot be sent, since autograd does not cross the borders "
        "of "
        "threads' environments: send tensor.detach(), if the values are all that is wanted");
  }
  // V8 frees such memory with the environment that made it.
  if (IsOnJavaScriptMemory(tensor)) {
    at::Tensor copy = at::clone(tensor.detach());
    return copy.set_requires_grad(tensor.requires_grad());
  }
  const c10::VariableVersion version =
      tensor.is_inference() ? c10::VariableVersion(c10::VariableVersion::DISABLED) : c10::VariableVersion(0);
  at::Tensor same(tensor.unsafeGetTensorImpl()->shallow_copy_and_detach(version, true));
  if (tensor.requires_grad()) same.set_requires_grad(true);
  return same;
}

uint64_t ReadToken(const Arguments& arguments, size_t index = 0) {
  return static_cast<uint64_t>(ReadInt(arguments.env, arguments[index], "token"));
}

napi_value OpenParcelGroup(Arguments& arguments) {
  return MakeDouble(arguments.env, static_cast<double>(AllParcels().OpenGroup(arguments.environment)));
}

napi_value CloseParcelGroup(Arguments& arguments) {
  AllParcels().CloseGroup(ReadToken(arguments));
  return Undefined(arguments.env);
}

// sendTensor(tensor, group): the token by which another environment takes it.
napi_value SendTensor(Arguments& arguments) {
  const at::Tensor tensor = ReadTensor(arguments, arguments[0], "self");
  const uint64_t token = AllParcels().Send(ReadToken(arguments, 1), OnSameMemory(tensor));
  return MakeDouble(arguments.env, static_cast<double>(token));
}

// claimTensor(token): false where it is not there any more.
napi_value ClaimTensor(Arguments& arguments) {
  return MakeBool(arguments.env, AllParcels().Claim(arguments.environment, ReadToken(arguments)));
}

// takeTensor(token)
napi_value TakeTensor(Arguments& arguments) {
  at::Tensor tensor = AllParcels().Take(ReadToken(arguments));
  if (!tensor.defined()) ThrowDisposed("the tensor was taken already, or given up");
  return MakeTensor(arguments, std::move(tensor));
}

// dropTensor(token): false where it is not there any more.
napi_value DropTensor(Arguments& arguments) {
  return MakeBool(arguments.env, AllParcels().Take(ReadToken(arguments)).defined());
}

}  // namespace

void DropParcelsOf(const Environment* keeper) { AllParcels().DropOf(keeper); }

void RegisterParcels(Exports& exports) {
  exports.Add<OpenParcelGroup>("openParcelGroup");
  exports.Add<CloseParcelGroup>("closeParcelGroup");
  exports.Add<SendTensor>("sendTensor");
  exports.Add<ClaimTensor>("claimTensor");
  exports.Add<TakeTensor>("takeTensor");
  exports.Add<DropTensor>("dropTensor");
}

}  // namespace libtorch_node
