// The checksum of zip files, as fast as memory: Node's own takes as long for a checkpoint as writing it does.

#include <array>
#include <cstddef>
#include <cstdint>

#include "exports.h"
#include "values.h"

#if defined(__GNUC__) && defined(__x86_64__)
#define LIBTORCH_NODE_CLMUL
#include <immintrin.h>
#endif

namespace libtorch_node {
namespace {

// Polynomials over GF(2), modulo that of CRC-32. The highest bit is the coefficient of x^0.
constexpr uint32_t kPolynomial = 0xedb88320;

constexpr uint32_t TimesX(uint32_t a) { return (a >> 1) ^ ((a & 1) != 0 ? kPolynomial : 0); }

constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < table.size(); byte++) {
    uint32_t remainder = byte;
    for (int bit = 0; bit < 8; bit++) remainder = TimesX(remainder);
    table[byte] = remainder;
  }
  return table;
}

uint32_t SumBytes(const uint8_t* data, size_t size, uint32_t crc) {
  static constexpr std::array<uint32_t, 256> kTable = MakeTable();
  for (size_t i = 0; i < size; i++) crc = (crc >> 8) ^ kTable[(crc ^ data[i]) & 0xff];
  return crc;
}

#ifdef LIBTORCH_NODE_CLMUL

// x^exponent, as a factor of a carry-less product of two such reversed numbers, which comes out one bit too low.
constexpr int64_t Power(int exponent) {
  uint32_t power = uint32_t{1} << 31;
  for (int i = 0; i < exponent; i++) power = TimesX(power);
  return static_cast<int64_t>(power) << 1;
}

constexpr size_t kBlock = 16;
constexpr size_t kStride = 4 * kBlock;

// 16 bytes as they stand `bits` before others, to be added to those. The halves lie 64 bits apart, and each product's
// 64 + 32 bits reach 32 beyond its half.
template <int bits>
[[gnu::target("pclmul")]] inline __m128i Advance(__m128i block) {
  const __m128i factors = _mm_set_epi64x(Power(bits - 32), Power(bits + 32));
  return _mm_xor_si128(_mm_clmulepi64_si128(block, factors, 0x00), _mm_clmulepi64_si128(block, factors, 0x11));
}

inline __m128i Load(const uint8_t* data) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(data)); }

// Four blocks side by side, since a product takes longer than the next may begin. What they fold into has the remainder
// of all that was folded, and the table goes on from it.
[[gnu::target("pclmul")]] uint32_t SumFolded(const uint8_t* data, size_t size, uint32_t crc) {
  if (size < kStride) return SumBytes(data, size, crc);
  __m128i a = _mm_xor_si128(Load(data), _mm_cvtsi32_si128(static_cast<int>(crc)));
  __m128i b = Load(data + kBlock);
  __m128i c = Load(data + 2 * kBlock);
  __m128i d = Load(data + 3 * kBlock);
  size_t at = kStride;
  for (; at + kStride <= size; at += kStride) {
    a = _mm_xor_si128(Advance<8 * kStride>(a), Load(data + at));
    b = _mm_xor_si128(Advance<8 * kStride>(b), Load(data + at + kBlock));
    c = _mm_xor_si128(Advance<8 * kStride>(c), Load(data + at + 2 * kBlock));
    d = _mm_xor_si128(Advance<8 * kStride>(d), Load(data + at + 3 * kBlock));
  }
  __m128i sum = a;
  for (const __m128i& next : {b, c, d}) sum = _mm_xor_si128(Advance<8 * kBlock>(sum), next);
  std::array<uint8_t, kBlock> rest{};
  _mm_storeu_si128(reinterpret_cast<__m128i*>(rest.data()), sum);
  return SumBytes(data + at, size - at, SumBytes(rest.data(), rest.size(), 0));
}

#endif

// crc32(bytes, seed), or undefined on a processor without the instruction, where Node's own is faster than a table.
napi_value Crc32(Arguments& arguments) {
#ifdef LIBTORCH_NODE_CLMUL
  const Bytes bytes = ReadBytes(arguments.env, arguments[0], "bytes");
  const auto seed = static_cast<uint32_t>(ReadInt(arguments.env, arguments[1], "seed"));
  if (__builtin_cpu_supports("pclmul") != 0) return MakeInt(arguments.env, ~SumFolded(bytes.data, bytes.size, ~seed));
#endif
  return Undefined(arguments.env);
}

}  // namespace

void RegisterCrc32(Exports& exports) { exports.Add<Crc32>("crc32"); }

}  // namespace libtorch_node
