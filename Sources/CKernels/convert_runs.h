// Number formats, on runs. Loads and stores go through memcpy: nothing is aligned.
#include "kernels.h"
#include "simd.h"

AI float half_to_float1(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 1023, bits;
  if (exponent == 31) {
    bits = sign | 0x7f800000 | fraction << 13 | (fraction ? 0x400000 : 0);
  } else if (exponent == 0) {
    float f = (float)fraction * 0x1p-24f;
    memcpy(&bits, &f, 4);
    bits |= sign;
  } else {
    bits = sign | (exponent + 112) << 23 | fraction << 13;
  }
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

AI uint16_t float_to_half1(float f) {
  uint32_t bits;
  memcpy(&bits, &f, 4);
  uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
  uint32_t a = bits & 0x7fffffff;
  if (a > 0x7f800000) return (uint16_t)(sign | 0x7e00 | (a >> 13 & 0x1ff));
  if (a >= 0x47800000) return (uint16_t)(sign | 0x7c00);
  if (a < 0x38800000) {
    // Subnormal halves are multiples of 2^-24: adding 1/2 puts that at the last place of a float.
    float m;
    memcpy(&m, &a, 4);
    m += 0.5f;
    memcpy(&a, &m, 4);
    return (uint16_t)(sign | (uint16_t)(a - 0x3f000000));
  }
  a += 0xfff + (a >> 13 & 1);
  return (uint16_t)(sign | (uint16_t)((a - 0x38000000) >> 13));
}

static void half_to_float(ptrdiff_t count, const char *from, char *to) {
  ptrdiff_t i = 0;
#if defined(__F16C__) || MC_VL > 4
  typedef long long i128 __attribute__((vector_size(16), aligned(1), may_alias));
  typedef short h8 __attribute__((vector_size(16)));
  typedef float f8 __attribute__((vector_size(32), aligned(1), may_alias));
  for (; i + 8 <= count; i += 8)
    *(f8 *)(to + 4 * i) = (f8)__builtin_ia32_vcvtph2ps256((h8)*(const i128 *)(from + 2 * i));
#endif
  for (; i < count; i++) {
    uint16_t h;
    memcpy(&h, from + 2 * i, 2);
    float f = half_to_float1(h);
    memcpy(to + 4 * i, &f, 4);
  }
}

static void float_to_half(ptrdiff_t count, const char *from, char *to) {
  ptrdiff_t i = 0;
#if defined(__F16C__) || MC_VL > 4
  typedef float f8 __attribute__((vector_size(32)));
  typedef float f8_any __attribute__((vector_size(32), aligned(1), may_alias));
  typedef short h8_any __attribute__((vector_size(16), aligned(1), may_alias));
  for (; i + 8 <= count; i += 8)
    *(h8_any *)(to + 2 * i) = (h8_any)__builtin_ia32_vcvtps2ph256((f8)*(const f8_any *)(from + 4 * i), 0);
#endif
  for (; i < count; i++) {
    float f;
    memcpy(&f, from + 4 * i, 4);
    uint16_t h = float_to_half1(f);
    memcpy(to + 2 * i, &h, 2);
  }
}

static void bfloat16_to_float(ptrdiff_t count, const char *from, char *to) {
  for (ptrdiff_t i = 0; i < count; i++) {
    uint16_t h;
    memcpy(&h, from + 2 * i, 2);
    uint32_t bits = (uint32_t)h << 16;
    memcpy(to + 4 * i, &bits, 4);
  }
}

static void float_to_bfloat16(ptrdiff_t count, const char *from, char *to) {
  for (ptrdiff_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, from + 4 * i, 4);
    uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16, quiet = bits >> 16 | 0x40;
    uint16_t h = (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded);
    memcpy(to + 2 * i, &h, 2);
  }
}

#define SWAP(BITS) \
  static void swap##BITS(ptrdiff_t count, const char *from, char *to) { \
    for (ptrdiff_t i = 0; i < count; i++) { \
      uint##BITS##_t x; \
      memcpy(&x, from + i * (BITS / 8), BITS / 8); \
      x = __builtin_bswap##BITS(x); \
      memcpy(to + i * (BITS / 8), &x, BITS / 8); \
    } \
  }
SWAP(16)
SWAP(32)
SWAP(64)
