#define _GNU_SOURCE
// Debian keeps the header in a folder of its version.
#if __has_include(<openjpeg.h>)
#include <openjpeg.h>
#elif __has_include(<openjpeg-2.6/openjpeg.h>)
#include <openjpeg-2.6/openjpeg.h>
#elif __has_include(<openjpeg-2.5/openjpeg.h>)
#include <openjpeg-2.5/openjpeg.h>
#elif __has_include(<openjpeg-2.4/openjpeg.h>)
#include <openjpeg-2.4/openjpeg.h>
#else
#include <openjpeg-2.3/openjpeg.h>
#endif

#include "codec_common.h"

struct memory_stream {
  const uint8_t *bytes;
  size_t count;
  size_t at;
};

static OPJ_SIZE_T read_bytes(void *to, OPJ_SIZE_T wanted, void *user) {
  struct memory_stream *s = user;
  size_t left = s->count - s->at;
  if (left == 0) return (OPJ_SIZE_T)-1;
  size_t n = wanted < left ? wanted : left;
  memcpy(to, s->bytes + s->at, n);
  s->at += n;
  return n;
}

static OPJ_OFF_T skip(OPJ_OFF_T by, void *user) {
  struct memory_stream *s = user;
  if (by < 0) return -1;
  size_t left = s->count - s->at;
  size_t n = (uint64_t)by < left ? (size_t)by : left;
  s->at += n;
  return (OPJ_OFF_T)n;
}

static OPJ_BOOL seek(OPJ_OFF_T to, void *user) {
  struct memory_stream *s = user;
  if (to < 0 || (uint64_t)to > s->count) return OPJ_FALSE;
  s->at = (size_t)to;
  return OPJ_TRUE;
}

static void on_error(const char *text, void *user) {
  struct codec_picture *out = user;
  if (!out->message[0]) snprintf(out->message, sizeof out->message, "%.*s", (int)strcspn(text, "\n"), text);
}

static uint32_t big32(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/// Checks what the SIZ marker claims, because the library allocates for every tile when it reads the header.
static int check_sizes(const uint8_t *bytes, size_t count, size_t limit, struct codec_picture *out) {
  static const uint8_t start[4] = {0xff, 0x4f, 0xff, 0x51};
  const uint8_t *p = memmem(bytes, count, start, sizeof start);
  if (!p || (size_t)(bytes + count - p) < 44) return codec_fail(out, CODEC_DAMAGED, "there is no codestream");
  uint64_t x = big32(p + 8), y = big32(p + 12), x0 = big32(p + 16), y0 = big32(p + 20);
  uint64_t tx = big32(p + 24), ty = big32(p + 28), tx0 = big32(p + 32), ty0 = big32(p + 36);
  unsigned components = (unsigned)p[40] << 8 | p[41];
  if (x <= x0 || y <= y0 || tx == 0 || ty == 0 || tx0 > x0 || ty0 > y0 || components == 0)
    return codec_fail(out, CODEC_DAMAGED, "sizes contradict each other");
  if (components > 4) return codec_fail(out, CODEC_UNSUPPORTED, "more than four components");
  // Each tile has at least a header of 12 bytes and a marker of 2.
  uint64_t tiles = ((x - tx0 + tx - 1) / tx) * ((y - ty0 + ty - 1) / ty);
  if (tiles > count / 14 + 1) return codec_fail(out, CODEC_DAMAGED, "there are more tiles than the file has bytes for");
  if (!codec_fits(out, x - x0, y - y0, limit)) return codec_fail(out, CODEC_TOO_LARGE, "too large");
  return CODEC_OK;
}

/// A component's sample at a picture's place, as 8 bits.
static int sample(const opj_image_comp_t *c, int x, int y) {
  uint32_t cx = (uint32_t)x / c->dx, cy = (uint32_t)y / c->dy;
  if (cx >= c->w) cx = c->w - 1;
  if (cy >= c->h) cy = c->h - 1;
  int64_t v = c->data[(size_t)cy * c->w + cx];
  if (c->sgnd) v += (int64_t)1 << (c->prec - 1);
  v = c->prec > 8 ? v >> (c->prec - 8) : c->prec < 8 ? v * 255 / (((int64_t)1 << c->prec) - 1) : v;
  return v < 0 ? 0 : v > 255 ? 255 : (int)v;
}

static uint8_t clamped(double v) { return v <= 0 ? 0 : v >= 255 ? 255 : (uint8_t)(v + 0.5); }

static int copy_pixels(const opj_image_t *image, struct codec_picture *out) {
  uint32_t n = image->numcomps;
  for (uint32_t k = 0; k < n; ++k) {
    const opj_image_comp_t *c = &image->comps[k];
    if (!c->data || c->w == 0 || c->h == 0 || c->dx == 0 || c->dy == 0 || c->prec == 0 || c->prec > 31)
      return codec_fail(out, CODEC_DAMAGED, "a component has no samples");
  }
  out->channels = n >= 3 ? 3 : 1;
  size_t width = (size_t)out->width, height = (size_t)out->height;
  out->pixels = malloc(width * height * (size_t)out->channels);
  if (!out->pixels) return codec_fail(out, CODEC_TOO_LARGE, "out of memory");
  int isYCC = n >= 3 && (image->color_space == OPJ_CLRSPC_SYCC || image->comps[1].dx != image->comps[0].dx);
  uint8_t *p = out->pixels;
  for (int y = 0; y < out->height; ++y) {
    for (int x = 0; x < out->width; ++x) {
      if (out->channels == 1) {
        *p++ = (uint8_t)sample(&image->comps[0], x, y);
        continue;
      }
      int a = sample(&image->comps[0], x, y), b = sample(&image->comps[1], x, y), c = sample(&image->comps[2], x, y);
      if (isYCC) {
        double cb = b - 128, cr = c - 128;
        *p++ = clamped(a + 1.402 * cr);
        *p++ = clamped(a - 0.344136 * cb - 0.714136 * cr);
        *p++ = clamped(a + 1.772 * cb);
      } else {
        *p++ = (uint8_t)a, *p++ = (uint8_t)b, *p++ = (uint8_t)c;
      }
    }
  }
  return CODEC_OK;
}

int codec_decode_jpeg2000(const uint8_t *bytes, size_t count, size_t limit, struct codec_picture *out) {
  memset(out, 0, sizeof *out);
  int status = check_sizes(bytes, count, limit, out);
  if (status != CODEC_OK) return status;
  void *library = dlopen("libopenjp2.so.7", RTLD_NOW | RTLD_LOCAL);
  if (!library) return codec_fail(out, CODEC_NO_LIBRARY, "libopenjp2 is not installed");
  int missing = 0;
  CODEC_FUNCTION(library, opj_create_decompress);
  CODEC_FUNCTION(library, opj_set_default_decoder_parameters);
  CODEC_FUNCTION(library, opj_setup_decoder);
  CODEC_FUNCTION(library, opj_set_error_handler);
  CODEC_FUNCTION(library, opj_stream_create);
  CODEC_FUNCTION(library, opj_stream_set_user_data);
  CODEC_FUNCTION(library, opj_stream_set_user_data_length);
  CODEC_FUNCTION(library, opj_stream_set_read_function);
  CODEC_FUNCTION(library, opj_stream_set_skip_function);
  CODEC_FUNCTION(library, opj_stream_set_seek_function);
  CODEC_FUNCTION(library, opj_read_header);
  CODEC_FUNCTION(library, opj_decode);
  CODEC_FUNCTION(library, opj_image_destroy);
  CODEC_FUNCTION(library, opj_stream_destroy);
  CODEC_FUNCTION(library, opj_destroy_codec);
  if (missing) return codec_fail(out, CODEC_NO_LIBRARY, "libopenjp2 lacks a function");
  struct memory_stream memory = {bytes, count, 0};
  opj_codec_t *codec = p_opj_create_decompress(bytes[0] == 0xff ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
  opj_stream_t *stream = p_opj_stream_create(1 << 16, OPJ_TRUE);
  opj_image_t *image = NULL;
  status = CODEC_DAMAGED;
  if (codec && stream) {
    opj_dparameters_t parameters;
    p_opj_set_default_decoder_parameters(&parameters);
    p_opj_set_error_handler(codec, on_error, out);
    p_opj_stream_set_user_data(stream, &memory, NULL);
    p_opj_stream_set_user_data_length(stream, count);
    p_opj_stream_set_read_function(stream, read_bytes);
    p_opj_stream_set_skip_function(stream, skip);
    p_opj_stream_set_seek_function(stream, seek);
    if (p_opj_setup_decoder(codec, &parameters) && p_opj_read_header(stream, codec, &image) && image) {
      uint64_t width = image->x1 > image->x0 ? image->x1 - image->x0 : 0;
      uint64_t height = image->y1 > image->y0 ? image->y1 - image->y0 : 0;
      if (image->numcomps == 0 || image->numcomps > 4 || !codec_fits(out, width, height, limit))
        status = CODEC_TOO_LARGE;
      else if (p_opj_decode(codec, stream, image))
        status = copy_pixels(image, out);
    }
  }
  if (image) p_opj_image_destroy(image);
  if (stream) p_opj_stream_destroy(stream);
  if (codec) p_opj_destroy_codec(codec);
  if (status != CODEC_OK) codec_free(out);
  return status;
}
