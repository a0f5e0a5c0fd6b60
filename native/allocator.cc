#include "allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <c10/util/Exception.h>
#include <c10/util/StringUtil.h>

#if defined(__GLIBC__)
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace libtorch_node {
namespace {

// libtorch asks for aligned memory, and glibc serves aligned requests past its thread cache: for a tensor of a few
// elements that costs more than its kernel. So blocks up to kMaxBytes are kept per thread and size class.
//
// Of larger ones the last few are kept, for whoever wants one of exactly that size next, as every turn of a loop does:
// the block is in the processor's cache still, and the heap stays as it is. Without that, the small blocks that outlive
// a turn split the gap that the large ones left, and each turn takes a new piece of the heap: 20,000 turns of a loop
// over megabytes grew it to 4 GB.
//
// Alignment is libtorch's own, 64 bytes, on which the vector kernels' split into head, body and tail depends: another
// alignment could give other bits.
constexpr size_t kAlignment = 64;
constexpr size_t kMaxBytes = 4096;
constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kClasses = kMaxBytes / kAlignment;
// What one thread may hold of each class: 8 MiB in all.
constexpr size_t kHeldBytesPerClass = size_t{128} << 10;

// AddressSanitizer sees that a block is used after it was freed only where it gets the block back.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kKeepsBlocks = false;
#else
constexpr bool kKeepsBlocks = true;
#endif

constexpr uint32_t MaxHeld(size_t size_class) {
  return static_cast<uint32_t>(kHeldBytesPerClass / ((size_class + 1) * kAlignment));
}

// The larger blocks that one thread may keep: so many, of so many bytes in all, which is what a sweep frees at once.
constexpr size_t kMaxRecent = 48;
constexpr size_t kRecentBytes = size_t{16} << 20;

// Every block has a header with its class, for it must be known when the block is freed by its address alone: oneDNN
// does that through c10::Allocator::raw_deallocate. It takes one alignment unit, so that what follows stays aligned.
struct alignas(kAlignment) Header {
  size_t size_class;
  size_t bytes;
  Header* next;
};
static_assert(sizeof(Header) == kAlignment);

// Trivially destructible, because tensors in static storage are freed after thread-local objects are gone.
struct FreeLists {
  std::array<Header*, kClasses> head;
  std::array<uint32_t, kClasses> count;
  // Larger blocks, the last one freed at the end.
  std::array<Header*, kMaxRecent> recent;
  size_t recent_count;
  size_t recent_bytes;
  // Between the thread's first allocation and its end.
  bool open;
};
thread_local FreeLists free_lists{};

// Asks for huge pages in the part of the heap that was grown since the last call: matrix products over hundreds of
// megabytes spend several percent of their time on page table walks otherwise. Only a wish; the system may ignore it.
void PreferHugePages([[maybe_unused]] void* memory, [[maybe_unused]] size_t bytes) {
#if defined(__GLIBC__)
  static std::atomic<char*> advised_end{nullptr};
  const auto misaligned = [](char* address) { return reinterpret_cast<uintptr_t>(address) % kHugePage; };
  char* const block = static_cast<char*>(memory);
  char* const heap_end = static_cast<char*>(sbrk(0));
  char* advised = advised_end.load(std::memory_order_relaxed);
  // A block above the heap's end is a mapping of its own or belongs to another thread's heap.
  if (block + bytes <= advised || block + bytes > heap_end) return;
  char* const from = std::max(advised, block);
  char* const start = from + (kHugePage - misaligned(from)) % kHugePage;
  char* const end = heap_end - misaligned(heap_end);
  if (start >= end || !advised_end.compare_exchange_strong(advised, end)) return;
  madvise(start, static_cast<size_t>(end - start), MADV_HUGEPAGE);
#endif
}

std::atomic<bool> counting{false};
std::atomic<int64_t> current_bytes{0};
std::atomic<int64_t> peak_bytes{0};

void CountBytes(int64_t bytes) {
  const int64_t now = current_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  int64_t peak = peak_bytes.load(std::memory_order_relaxed);
  while (now > peak && !peak_bytes.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

void DeleteBlock(Header* header) {
  CountBytes(-static_cast<int64_t>(header->bytes));
  c10::free_cpu(header);
}

// Blocks that are kept are nobody's: they count as free.
Header* RemoveRecent(FreeLists& lists, size_t index) {
  Header** const place = lists.recent.begin() + index;
  Header* const header = *place;
  std::copy(place + 1, lists.recent.begin() + lists.recent_count, place);
  --lists.recent_count;
  lists.recent_bytes -= header->bytes;
  return header;
}

bool KeepRecent(FreeLists& lists, Header* header) {
  if (!lists.open || header->bytes > kRecentBytes) return false;
  while (lists.recent_count == kMaxRecent || lists.recent_bytes + header->bytes > kRecentBytes) {
    c10::free_cpu(RemoveRecent(lists, 0));
  }
  lists.recent[lists.recent_count++] = header;
  lists.recent_bytes += header->bytes;
  CountBytes(-static_cast<int64_t>(header->bytes));
  return true;
}

// Null where none has this size.
Header* TakeRecent(FreeLists& lists, size_t bytes) {
  for (size_t i = lists.recent_count; i-- > 0;) {
    if (lists.recent[i]->bytes != bytes) continue;
    CountBytes(static_cast<int64_t>(bytes));
    return RemoveRecent(lists, i);
  }
  return nullptr;
}

void DropFreeLists(FreeLists& lists) {
  while (lists.recent_count > 0) c10::free_cpu(RemoveRecent(lists, lists.recent_count - 1));
  for (Header*& head : lists.head) {
    while (head != nullptr) DeleteBlock(std::exchange(head, head->next));
  }
  lists.count.fill(0);
}

struct ThreadReclaimer {
  Reclaimer reclaim;
  void* context;
};
thread_local ThreadReclaimer thread_reclaimer{};

// True where memory was given back, so that the allocation may be tried once more.
bool ReclaimMemory() {
  const auto [reclaim, context] = thread_reclaimer;
  if (reclaim == nullptr || !reclaim(context)) return false;
  DropFreeLists(free_lists);
#if defined(__GLIBC__)
  // What the heap keeps for reuse (see TuneMalloc) may be what a mapping lacks.
  malloc_trim(0);
#endif
  return true;
}

void* AllocateOrReclaim(size_t bytes) {
  try {
    return c10::alloc_cpu(bytes);
  } catch (const c10::Error&) {
    // Tried again outside of the handler, where JavaScript may run.
  }
  if (ReclaimMemory()) {
    try {
      return c10::alloc_cpu(bytes);
    } catch (const c10::Error&) {
    }
  }
  C10_THROW_ERROR(OutOfMemoryError,
                  c10::str("CPU out of memory: tried to allocate ", bytes - sizeof(Header), " bytes"));
}

void* NewBlock(size_t bytes, size_t size_class) {
  void* memory = AllocateOrReclaim(bytes + sizeof(Header));
  CountBytes(static_cast<int64_t>(bytes));
  if (bytes >= kHugePage) PreferHugePages(memory, bytes);
  return new (memory) Header{size_class, bytes, nullptr} + 1;
}

// Gives the blocks back when a thread ends.
struct Drain {
  Drain() { free_lists.open = true; }
  ~Drain() {
    free_lists.open = false;
    DropFreeLists(free_lists);
  }
  Drain(const Drain&) = delete;
  Drain& operator=(const Drain&) = delete;
};

void FreeBlock(void* data) {
  if (data == nullptr) return;
  Header* header = static_cast<Header*>(data) - 1;
  if constexpr (!kKeepsBlocks) return DeleteBlock(header);
  const size_t size_class = header->size_class;
  FreeLists& lists = free_lists;
  const bool is_small = size_class < kClasses;
  if (!is_small && KeepRecent(lists, header)) return;
  if (!is_small || !lists.open || lists.count[size_class] >= MaxHeld(size_class)) {
    DeleteBlock(header);
    return;
  }
  header->next = lists.head[size_class];
  lists.head[size_class] = header;
  ++lists.count[size_class];
}

void* TakeBlock(size_t bytes) {
  const size_t size_class = (bytes - 1) / kAlignment;
  static thread_local Drain drain;
  (void)drain;
  FreeLists& lists = free_lists;
  if (size_class >= kClasses) {
    Header* const recent = TakeRecent(lists, bytes);
    return recent != nullptr ? recent + 1 : NewBlock(bytes, size_class);
  }
  Header* header = lists.head[size_class];
  if (header == nullptr) return NewBlock((size_class + 1) * kAlignment, size_class);
  lists.head[size_class] = header->next;
  --lists.count[size_class];
  return header + 1;
}

class CachingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* data = bytes == 0 ? nullptr : TakeBlock(bytes);
    return {data, data, &FreeBlock, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &FreeBlock; }

  void copy_data(void* destination, const void* source, size_t count) const override {
    std::memcpy(destination, source, count);
  }
};

// Freed blocks stay in the heap instead of going back to the system after every step: half the page faults of a
// training step. 32 MiB is the largest threshold that glibc takes.
void TuneMalloc() {
#if defined(__GLIBC__)
  constexpr int kMmapThreshold = 32 << 20;
  constexpr int kTrimThreshold = 1 << 30;
  constexpr int kGrowth = 64 << 20;
  mallopt(M_TOP_PAD, kGrowth);
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
    c10::SetCPUAllocator(new CachingAllocator, 1);
    counting = true;
    return true;
  }();
  (void)installed;
}

void SetReclaimer(Reclaimer reclaimer, void* context) { thread_reclaimer = {reclaimer, context}; }

AllocatedBytes CpuBytes() {
  return {counting.load(), current_bytes.load(std::memory_order_relaxed), peak_bytes.load(std::memory_order_relaxed)};
}

void ResetCpuPeak() { peak_bytes.store(current_bytes.load(std::memory_order_relaxed), std::memory_order_relaxed); }

}  // namespace libtorch_node
