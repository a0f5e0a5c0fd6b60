#include "bernoulli.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/bernoulli_native.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include "simd.h"

namespace libtorch_node {
namespace {

// -- the generator ----------------------------------------------------------------------------------------------------
// MT19937 (Matsumoto and Nishimura, 1998) makes its words 624 at a time. What it makes of them here is the same as in
// ATen/core/MT19937RNGEngine.h; only the loops are over whole blocks, so that they are vectorised.

constexpr int kWords = at::MERSENNE_STATE_N;
constexpr int kShift = at::MERSENNE_STATE_M;
constexpr int kFar = kWords - kShift;
using Words = std::array<uint32_t, kWords>;

inline uint32_t Twist(uint32_t upper, uint32_t lower) {
  const uint32_t mixed = (upper & 0x80000000U) | (lower & 0x7fffffffU);
  return (mixed >> 1) ^ (-(lower & 1U) & 0x9908b0dfU);
}

inline void NextState(uint32_t* state) {
  Words old;
  std::copy_n(state, kWords, old.begin());
  LIBTORCH_NODE_SIMD
  for (int i = 0; i < kFar; ++i) state[i] = old[i + kShift] ^ Twist(old[i], old[i + 1]);
  // The rest needs new words, from kFar before: in two parts, so that no vector meets its own results.
  LIBTORCH_NODE_SIMD
  for (int i = kFar; i < 2 * kFar; ++i) state[i] = state[i - kFar] ^ Twist(old[i], old[i + 1]);
  LIBTORCH_NODE_SIMD
  for (int i = 2 * kFar; i < kWords - 1; ++i) state[i] = state[i - kFar] ^ Twist(old[i], old[i + 1]);
  state[kWords - 1] = state[kShift - 1] ^ Twist(old[kWords - 1], state[0]);
}

inline void Temper(const uint32_t* state, uint32_t* words) {
  LIBTORCH_NODE_SIMD
  for (int i = 0; i < kWords; ++i) {
    uint32_t y = state[i];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680U;
    y ^= (y << 15) & 0xefc60000U;
    words[i] = y ^ (y >> 18);
  }
}

// -- the numbers ------------------------------------------------------------------------------------------------------

// A draw is true if 53 random bits, as a fraction of one, are below p: 21 bits of the first word and the whole second.
struct Threshold {
  explicit Threshold(double p) {
    // Scaling by a power of two is exact, and an integer is below a number exactly if it is below the next integer up.
    const auto whole = static_cast<uint64_t>(std::ceil(std::ldexp(p, 53)));
    high = static_cast<uint32_t>(whole >> 32);
    low = static_cast<uint32_t>(whole);
  }
  uint32_t high;
  uint32_t low;
};

inline float IsBelow(Threshold threshold, uint32_t first, uint32_t second) {
  const uint32_t high = first & 0x1fffffU;
  const bool below = (high < threshold.high) | ((high == threshold.high) & (second < threshold.low));
  return below ? 1.0F : 0.0F;
}

inline void Draw(Threshold threshold, const uint32_t* words, int count, float* output) {
  LIBTORCH_NODE_SIMD
  for (int i = 0; i < count; ++i) output[i] = IsBelow(threshold, words[2 * i], words[2 * i + 1]);
}

// Fills `output`, and leaves the engine where drawing one by one would have left it.
inline void Fill(at::mt19937_data_pod& engine, Threshold threshold, int64_t count, float* output) {
  Words words;
  Temper(engine.state_.data(), words.data());
  // The engine counts before it takes a word, so that a fresh and an exhausted one both say 1.
  int available = engine.left_ - 1;
  auto next = static_cast<int>(engine.next_);
  const auto refill = [&] {
    NextState(engine.state_.data());
    Temper(engine.state_.data(), words.data());
    available = kWords;
    next = 0;
  };
  const auto take = [&](int taken) {
    available -= taken;
    next += taken;
  };
  while (count > 0) {
    if (available == 0) refill();
    const int draws = static_cast<int>(std::min<int64_t>(count, available / 2));
    Draw(threshold, words.data() + next, draws, output);
    take(2 * draws);
    count -= draws;
    output += draws;
    if (count > 0 && available == 1) {
      const uint32_t first = words[next];
      refill();
      *output++ = IsBelow(threshold, first, words[next]);
      take(1);
      --count;
    }
  }
  engine.left_ = available + 1;
  engine.next_ = static_cast<uint32_t>(next);
}

// One way to run the loops; the same bits either way, since all is integers.
using FillFunction = decltype(&Fill);

#ifdef LIBTORCH_NODE_AVX2
LIBTORCH_NODE_AVX2 void FillAvx2(at::mt19937_data_pod& engine, Threshold threshold, int64_t count, float* output) {
  Fill(engine, threshold, count, output);
}

FillFunction ChosenFill() { return HasAvx2() ? FillAvx2 : Fill; }
#else
FillFunction ChosenFill() { return Fill; }
#endif

// -- the kernel -------------------------------------------------------------------------------------------------------

// Below, a block's words cost more than they save.
constexpr int64_t kWorthwhile = 128;

void DrawInto(const at::Tensor& self, double p, at::CPUGeneratorImpl& generator) {
  static const FillFunction fill = ChosenFill();
  const std::lock_guard<std::mutex> lock(generator.mutex_);
  at::mt19937 engine = generator.engine();
  at::mt19937_data_pod data = engine.data();
  fill(data, Threshold(p), self.numel(), self.mutable_data_ptr<float>());
  engine.set_data(data);
  generator.set_engine(engine);
}

// bernoulli_(Tensor(a!) self, float p=0.5, *, Generator? generator=None) -> Tensor(a!)
// NOLINTNEXTLINE(performance-unnecessary-value-param): the schema's signature
at::Tensor& Bernoulli(at::Tensor& self, double p, std::optional<at::Generator> generator) {
  const at::Generator& chosen =
      generator.has_value() && generator->defined() ? *generator : at::detail::getDefaultCPUGenerator();
  // In memory order, which is libtorch's as well. Everything else, errors included, is libtorch's own business.
  const bool ours = self.scalar_type() == at::kFloat && self.numel() >= kWorthwhile &&
                    self.is_non_overlapping_and_dense() && p >= 0 && p <= 1 && chosen.device().is_cpu();
  if (!ours) return at::native::bernoulli_(self, p, std::move(generator));
  DrawInto(self, p, *chosen.get<at::CPUGeneratorImpl>());
  return self;
}

// -- the comparison with libtorch's
// -------------------------------------------------------------------------------------

bool SameState(at::CPUGeneratorImpl& a, at::CPUGeneratorImpl& b) {
  const at::mt19937_data_pod first = a.engine().data();
  const at::mt19937_data_pod second = b.engine().data();
  return first.left_ == second.left_ && first.next_ == second.next_ && first.state_ == second.state_;
}

bool AgreesWithLibrary() {
  // Less than a block, blocks with a remainder, and an odd number of words before each.
  constexpr std::array<int64_t, 4> kCounts = {1, 311, 312, 1500};
  constexpr std::array<double, 6> kProbabilities = {0, 1e-9, 0.1, 0.5, 0.8, 1};
  const at::NoGradGuard no_grad;
  at::Generator library = at::detail::createCPUGenerator(5);
  at::Generator own = at::detail::createCPUGenerator(5);
  auto& library_engine = *library.get<at::CPUGeneratorImpl>();
  auto& own_engine = *own.get<at::CPUGeneratorImpl>();
  for (const double p : kProbabilities) {
    for (const int64_t count : kCounts) {
      at::Tensor theirs = at::empty({count}, at::kFloat);
      const at::Tensor ours = at::empty({count}, at::kFloat);
      at::native::bernoulli_(theirs, p, library);
      DrawInto(ours, p, own_engine);
      const bool same = std::memcmp(theirs.const_data_ptr(), ours.const_data_ptr(), ours.nbytes()) == 0;
      if (!same || !SameState(library_engine, own_engine)) return false;
      if (library_engine.random() != own_engine.random()) return false;
    }
  }
  return true;
}

// libtorch says once that a kernel was replaced; the user did not ask for that and need not know.
class Silence final : public c10::WarningHandler {
 public:
  void process(const c10::Warning& /*warning*/) override {}
};

bool Install() {
  const char* choice = std::getenv("LIBTORCH_NODE_BERNOULLI");
  if (choice != nullptr && std::strcmp(choice, "library") == 0) return false;
  if (!AgreesWithLibrary()) return false;
  Silence silence;
  const c10::WarningUtils::WarningHandlerGuard guard(&silence);
  // Never deleted: that would take the kernel back while tensors may still be used.
  static auto* const library =
      new torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__);
  library->impl("bernoulli_.float", TORCH_FN(Bernoulli));
  return true;
}

}  // namespace

bool InstallBernoulli() {
  static const bool installed = Install();
  return installed;
}

}  // namespace libtorch_node
