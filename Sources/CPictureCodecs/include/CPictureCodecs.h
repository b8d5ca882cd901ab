// TIFF, WebP and JPEG 2000 through their libraries, which are loaded when the first such picture comes: most runs never
// see one and must not pay for the loading.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum codec_status {
  CODEC_OK = 0,
  CODEC_DAMAGED = 1,
  /// The picture claims more samples than the caller allows; width and height are set.
  CODEC_TOO_LARGE = 2,
  /// The library is not installed.
  CODEC_NO_LIBRARY = 3,
  CODEC_UNSUPPORTED = 4,
};

/// A decoded picture: rows from the top, RGB or grey samples of 8 bits. `pixels` is freed by codec_free.
struct codec_picture {
  int width;
  int height;
  int channels;
  uint8_t *pixels;
  char message[200];
};

/// `limit` bounds width * height * 4. `bytes` must stay unchanged for the call.
int codec_decode_webp(const uint8_t *bytes, size_t count, size_t limit, struct codec_picture *out);
int codec_decode_tiff(const uint8_t *bytes, size_t count, size_t limit, struct codec_picture *out);
int codec_decode_jpeg2000(const uint8_t *bytes, size_t count, size_t limit, struct codec_picture *out);
void codec_free(struct codec_picture *picture);
