// Hints to the system about the memory in which it keeps files. They decide how long a write takes, never what is
// written, so nothing is said of a hint that it does not take.

#if defined(__linux__)
#include <fcntl.h>
#endif

#include "exports.h"
#include "values.h"

namespace libtorch_node {
namespace {

// startWriteback(descriptor, from, bytes): the disk begins on what was written there, so that fsync finds little left.
napi_value StartWriteback(Arguments& arguments) {
#if defined(__linux__)
  const auto descriptor = static_cast<int>(ReadId(arguments.env, arguments[0], "descriptor"));
  const int64_t from = ReadInt(arguments.env, arguments[1], "from");
  const int64_t bytes = ReadInt(arguments.env, arguments[2], "bytes");
  (void)sync_file_range(descriptor, from, bytes, SYNC_FILE_RANGE_WRITE);
#endif
  return Undefined(arguments.env);
}

// dropFromMemory(descriptor): the file is only needed on the disk. What is not there yet, or mapped, stays in memory.
napi_value DropFromMemory(Arguments& arguments) {
#if defined(__linux__)
  const auto descriptor = static_cast<int>(ReadId(arguments.env, arguments[0], "descriptor"));
  (void)posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
#endif
  return Undefined(arguments.env);
}

}  // namespace

void RegisterFileCache(Exports& exports) {
  exports.Add<StartWriteback>("startWriteback");
  exports.Add<DropFromMemory>("dropFromMemory");
}

}  // namespace libtorch_node
