#pragma once

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CPictureCodecs.h"

static inline int codec_fail(struct codec_picture *out, int status, const char *message) {
  snprintf(out->message, sizeof out->message, "%s", message);
  return status;
}

/// Whether a picture of these sizes stays inside the caller's limit; sets them.
static inline int codec_fits(struct codec_picture *out, uint64_t width, uint64_t height, size_t limit) {
  if (width == 0 || height == 0 || width > 1 << 24 || height > 1 << 24) return 0;
  out->width = (int)width;
  out->height = (int)height;
  return width * height <= limit / 4;
}

/// A function of a loaded library under its own name and type; leaves the enclosing block's `missing` set without it.
#define CODEC_FUNCTION(library, name) \
  __typeof__(&name) p_##name = (__typeof__(&name))dlsym(library, #name); \
  if (!p_##name) missing = 1
