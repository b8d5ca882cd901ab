#include <stdarg.h>
#include <tiffio.h>

#include "codec_common.h"

/// The file in memory that libtiff reads.
struct memory_file {
  const uint8_t *bytes;
  size_t count;
  size_t at;
};

static tmsize_t read_bytes(thandle_t handle, void *to, tmsize_t wanted) {
  struct memory_file *f = (struct memory_file *)handle;
  size_t left = f->at < f->count ? f->count - f->at : 0;
  size_t n = wanted < 0 ? 0 : (size_t)wanted < left ? (size_t)wanted : left;
  memcpy(to, f->bytes + f->at, n);
  f->at += n;
  return (tmsize_t)n;
}

static tmsize_t write_nothing(thandle_t handle, void *from, tmsize_t count) {
  (void)handle, (void)from, (void)count;
  return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int whence) {
  struct memory_file *f = (struct memory_file *)handle;
  toff_t base = whence == SEEK_CUR ? f->at : whence == SEEK_END ? f->count : 0;
  f->at = offset > f->count || base + offset > f->count ? f->count : (size_t)(base + offset);
  return f->at;
}

static int close_nothing(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t file_size(thandle_t handle) { return ((struct memory_file *)handle)->count; }

static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
  (void)tiff, (void)module;
  struct codec_picture *out = user;
  if (!out->message[0]) vsnprintf(out->message, sizeof out->message, format, arguments);
  return 1;
}

static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
  (void)tiff, (void)user, (void)module, (void)format, (void)arguments;
  return 1;
}

int codec_decode_tiff(const uint8_t *bytes, size_t count, size_t limit, struct codec_picture *out) {
  memset(out, 0, sizeof *out);
  void *library = dlopen("libtiff.so.6", RTLD_NOW | RTLD_LOCAL);
  if (!library) return codec_fail(out, CODEC_NO_LIBRARY, "libtiff is not installed");
  int missing = 0;
  CODEC_FUNCTION(library, TIFFOpenOptionsAlloc);
  CODEC_FUNCTION(library, TIFFOpenOptionsFree);
  CODEC_FUNCTION(library, TIFFOpenOptionsSetMaxSingleMemAlloc);
  CODEC_FUNCTION(library, TIFFOpenOptionsSetErrorHandlerExtR);
  CODEC_FUNCTION(library, TIFFOpenOptionsSetWarningHandlerExtR);
  CODEC_FUNCTION(library, TIFFClientOpenExt);
  CODEC_FUNCTION(library, TIFFGetField);
  CODEC_FUNCTION(library, TIFFReadRGBAImageOriented);
  CODEC_FUNCTION(library, TIFFClose);
  if (missing) return codec_fail(out, CODEC_NO_LIBRARY, "libtiff is older than 4.5");
  TIFFOpenOptions *options = p_TIFFOpenOptionsAlloc();
  if (!options) return codec_fail(out, CODEC_TOO_LARGE, "out of memory");
  p_TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)(limit < (1u << 20) ? 1u << 20 : limit));
  p_TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, out);
  p_TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, out);
  struct memory_file file = {bytes, count, 0};
  // "m": no mapping, the bytes are in memory already.
  TIFF *tiff = p_TIFFClientOpenExt("picture", "rm", &file, read_bytes, write_nothing, seek, close_nothing, file_size,
                                   NULL, NULL, options);
  p_TIFFOpenOptionsFree(options);
  if (!tiff) return CODEC_DAMAGED;
  uint32_t width = 0, height = 0;
  uint16_t photometric = 0;
  p_TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  p_TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  p_TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
  int status = CODEC_DAMAGED;
  if (!codec_fits(out, width, height, limit)) {
    status = CODEC_TOO_LARGE;
  } else {
    size_t n = (size_t)width * height;
    uint32_t *raster = malloc(n * 4);
    out->channels = photometric <= PHOTOMETRIC_MINISBLACK ? 1 : 3;
    out->pixels = malloc(n * (size_t)out->channels);
    if (raster && out->pixels && p_TIFFReadRGBAImageOriented(tiff, width, height, raster, ORIENTATION_TOPLEFT, 1)) {
      for (size_t i = 0; i < n; ++i) {
        uint32_t v = raster[i];
        if (out->channels == 1) {
          out->pixels[i] = (uint8_t)TIFFGetR(v);
        } else {
          out->pixels[3 * i] = (uint8_t)TIFFGetR(v);
          out->pixels[3 * i + 1] = (uint8_t)TIFFGetG(v);
          out->pixels[3 * i + 2] = (uint8_t)TIFFGetB(v);
        }
      }
      status = CODEC_OK;
    } else {
      codec_free(out);
    }
    free(raster);
  }
  p_TIFFClose(tiff);
  return status;
}
