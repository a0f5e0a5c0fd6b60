#include "allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace libtorch_node {
namespace {

// libtorch asks for aligned memory, and glibc serves aligned requests past its thread cache: for a tensor of a few
// elements that costs more than its kernel. So blocks up to kMaxBytes are kept per thread and size class. Larger ones
// pass through: their cost is page faults, which the malloc settings below save.
//
// Alignment is libtorch's own, 64 bytes, on which the vector kernels' split into head, body and tail depends: another
// alignment could give other bits.
constexpr size_t kAlignment = 64;
constexpr size_t kMaxBytes = 4096;
constexpr size_t kClasses = kMaxBytes / kAlignment;
// What one thread may hold of each class: 8 MiB in all.
constexpr size_t kHeldBytesPerClass = size_t{128} << 10;

constexpr uint32_t MaxHeld(size_t size_class) {
  return static_cast<uint32_t>(kHeldBytesPerClass / ((size_class + 1) * kAlignment));
}

// A block's class must be known when it is freed by its address alone, as c10::Allocator::raw_deallocate does.
// The header takes one alignment unit, so that what follows stays aligned.
struct alignas(kAlignment) Header {
  size_t size_class;
  Header* next;
};
static_assert(sizeof(Header) == kAlignment);

// Trivially destructible, because tensors in static storage are freed after thread-local objects are gone.
struct FreeLists {
  std::array<Header*, kClasses> head;
  std::array<uint32_t, kClasses> count;
  bool closed;
};
thread_local FreeLists free_lists{};

// Gives the blocks back when a thread ends.
struct Drain {
  ~Drain() {
    free_lists.closed = true;
    for (Header*& head : free_lists.head) {
      while (head != nullptr) std::free(std::exchange(head, head->next));
    }
  }
};

void* NewBlock(size_t bytes, size_t size_class) {
  void* memory = nullptr;
  if (posix_memalign(&memory, kAlignment, bytes + sizeof(Header)) != 0) return nullptr;
  return new (memory) Header{size_class, nullptr} + 1;
}

void FreeBlock(void* data) {
  if (data == nullptr) return;
  Header* header = static_cast<Header*>(data) - 1;
  const size_t size_class = header->size_class;
  FreeLists& lists = free_lists;
  if (size_class >= kClasses || lists.closed || lists.count[size_class] >= MaxHeld(size_class)) {
    std::free(header);
    return;
  }
  header->next = lists.head[size_class];
  lists.head[size_class] = header;
  ++lists.count[size_class];
}

class SmallBlockAllocator final : public c10::Allocator {
 public:
  explicit SmallBlockAllocator(c10::Allocator* large) : large_(large) {}

  c10::DataPtr allocate(size_t bytes) override {
    if (bytes == 0 || bytes > kMaxBytes) return large_->allocate(bytes);
    static thread_local Drain drain;
    (void)drain;
    const size_t size_class = (bytes - 1) / kAlignment;
    FreeLists& lists = free_lists;
    void* data = nullptr;
    if (Header* header = lists.head[size_class]; header != nullptr) {
      lists.head[size_class] = header->next;
      --lists.count[size_class];
      data = header + 1;
    } else {
      data = NewBlock((size_class + 1) * kAlignment, size_class);
      if (data == nullptr) return large_->allocate(bytes);
    }
    return {data, data, &FreeBlock, c10::Device(c10::DeviceType::CPU)};
  }

  // Null: a block's deleter depends on its size, so raw_allocate and raw_deallocate are not offered.
  c10::DeleterFnPtr raw_deleter() const override { return nullptr; }

  void copy_data(void* destination, const void* source, size_t count) const override {
    std::memcpy(destination, source, count);
  }

 private:
  c10::Allocator* large_;
};

// Freed blocks stay in the heap instead of going back to the system after every step: half the page faults of a
// training step. 32 MiB is the largest threshold that glibc takes.
void TuneMalloc() {
#if defined(__GLIBC__)
  constexpr int kMmapThreshold = 32 << 20;
  constexpr int kTrimThreshold = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kMmapThreshold);
  mallopt(M_TRIM_THRESHOLD, kTrimThreshold);
#endif
}

}  // namespace

void InstallAllocator() {
  static const bool installed = [] {
    const char* choice = std::getenv("LIBTORCH_NODE_ALLOCATOR");
    if (choice != nullptr && std::strcmp(choice, "system") == 0) return false;
    TuneMalloc();
    // Never deleted: tensors outlive every static object's turn.
    c10::SetCPUAllocator(new SmallBlockAllocator(c10::GetCPUAllocator()), 1);
    return true;
  }();
  (void)installed;
}

}  // namespace libtorch_node
