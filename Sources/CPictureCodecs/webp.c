#include <webp/decode.h>

#include "codec_common.h"

void codec_free(struct codec_picture *picture) {
  free(picture->pixels);
  picture->pixels = NULL;
}

int codec_decode_webp(const uint8_t *bytes, size_t count, size_t limit, struct codec_picture *out) {
  memset(out, 0, sizeof *out);
  void *library = dlopen("libwebp.so.7", RTLD_NOW | RTLD_LOCAL);
  if (!library) return codec_fail(out, CODEC_NO_LIBRARY, "libwebp is not installed");
  int missing = 0;
  CODEC_FUNCTION(library, WebPGetFeaturesInternal);
  CODEC_FUNCTION(library, WebPDecodeRGBInto);
  if (missing) return codec_fail(out, CODEC_NO_LIBRARY, "libwebp lacks a function");
  WebPBitstreamFeatures features;
  if (p_WebPGetFeaturesInternal(bytes, count, &features, WEBP_DECODER_ABI_VERSION) != VP8_STATUS_OK)
    return codec_fail(out, CODEC_DAMAGED, "the header cannot be read");
  if (features.has_animation) return codec_fail(out, CODEC_UNSUPPORTED, "animations are not supported");
  if (features.width <= 0 || features.height <= 0 ||
      !codec_fits(out, (uint64_t)features.width, (uint64_t)features.height, limit))
    return codec_fail(out, CODEC_TOO_LARGE, "too large");
  out->channels = 3;
  size_t stride = (size_t)out->width * 3, size = stride * (size_t)out->height;
  out->pixels = malloc(size);
  if (!out->pixels) return codec_fail(out, CODEC_TOO_LARGE, "out of memory");
  if (!p_WebPDecodeRGBInto(bytes, count, out->pixels, size, (int)stride)) {
    codec_free(out);
    return codec_fail(out, CODEC_DAMAGED, "the picture's data are damaged");
  }
  return CODEC_OK;
}
