#include "conv_plan.h"

#include <stdlib.h>
#include <string.h>

// Sizes are kept below this, so that sums and small multiples of them cannot overflow.
#define LIMIT ((ptrdiff_t)1 << 56)

static ptrdiff_t product(ptrdiff_t a, ptrdiff_t b, int *bad) {
  ptrdiff_t r;
  if (__builtin_mul_overflow(a, b, &r) || r > LIMIT) {
    *bad = 1;
    return 0;
  }
  return r;
}

// Fills a 3-D copy of the description; returns whether it is sound.
static int normalise(const mc_conv_desc *from, mc_conv_desc *d) {
  if (from->spatial < 1 || from->spatial > 3) return 0;
  *d = *from;
  int lead = 3 - from->spatial;
  for (int i = 0; i < 3; i++) {
    int j = i - lead;
    d->input[i] = j < 0 ? 1 : from->input[j];
    d->kernel[i] = j < 0 ? 1 : from->kernel[j];
    d->stride[i] = j < 0 ? 1 : from->stride[j];
    d->dilation[i] = j < 0 ? 1 : from->dilation[j];
    d->pad_begin[i] = j < 0 ? 0 : from->pad_begin[j];
    d->pad_end[i] = j < 0 ? 0 : from->pad_end[j];
    ptrdiff_t all[6] = {d->input[i], d->kernel[i], d->stride[i], d->dilation[i], d->pad_begin[i], d->pad_end[i]};
    for (int k = 0; k < 6; k++) if (all[k] < (k >= 1 && k <= 3) || all[k] > LIMIT) return 0;
  }
  return d->batch >= 0 && d->groups >= 1 && d->channels >= 0 && d->filters >= 0 && d->batch <= LIMIT
    && d->channels <= LIMIT && d->filters <= LIMIT && d->channels % d->groups == 0 && d->filters % d->groups == 0;
}

static int winograd_fits(const mc_conv_plan *p) {
  const mc_conv_desc *d = &p->d;
  if (p->dims != 2 || d->kernel[1] != 3 || d->kernel[2] != 3) return 0;
  for (int i = 1; i < 3; i++) if (d->stride[i] != 1 || d->dilation[i] != 1) return 0;
  return 1;
}

static mc_conv_algorithm choose(const mc_conv_plan *p) {
  const mc_conv_desc *d = &p->d;
  if (p->group_channels == 1 && d->groups > 1) return MC_CONV_DEPTHWISE;
  if (!d->exact && winograd_fits(p) && p->group_channels >= 16 && p->group_filters >= 16 && p->out[1] >= 8
      && p->out[2] >= 8)
    return MC_CONV_WINOGRAD;
  if (p->group_filters <= 8 && p->out[2] >= p->k->lanes && p->taps > 1) return MC_CONV_DIRECT;
  return MC_CONV_GEMM;
}

static int fits(const mc_conv_plan *p, mc_conv_algorithm algorithm) {
  switch (algorithm) {
    case MC_CONV_GEMM: case MC_CONV_DIRECT: return 1;
    case MC_CONV_DEPTHWISE: return p->group_channels == 1;
    case MC_CONV_WINOGRAD: return winograd_fits(p);
    default: return 0;
  }
}

static ptrdiff_t gcd(ptrdiff_t a, ptrdiff_t b) {
  while (b) {
    ptrdiff_t r = a % b;
    a = b;
    b = r;
  }
  return a;
}

// Where tap k of dimension i lies in the staged plane.
static ptrdiff_t tap_offset(const mc_conv_plan *p, int i, ptrdiff_t k) {
  const mc_stage_dim *s = &p->stage[i];
  return (k % s->phases * s->extent + k * p->d.dilation[i] / p->d.stride[i]) * s->step;
}

static int plan_stage(mc_conv_plan *p) {
  int bad = 0;
  ptrdiff_t step = 1;
  for (int i = 2; i >= 0; i--) {
    mc_stage_dim *s = &p->stage[i];
    ptrdiff_t stride = p->d.stride[i], dilation = p->d.dilation[i];
    s->phases = mc_min(p->d.kernel[i], stride / gcd(dilation, stride));
    s->extent = (p->d.kernel[i] - 1) * dilation / stride + p->out[i];
    if (p->algorithm == MC_CONV_WINOGRAD && i > 0) s->extent = p->tiles[i - 1] * 4 + 2;
    s->step = step;
    step = product(step, product(s->phases, s->extent, &bad), &bad);
  }
  p->stage_plane = step;
  product(product(p->d.channels, p->images, &bad), step, &bad);
  return !bad;
}

static int plan_offsets(mc_conv_plan *p) {
  ptrdiff_t count = p->algorithm == MC_CONV_DEPTHWISE ? p->taps : p->depth;
  int bad = 0;
  product(count, sizeof(ptrdiff_t), &bad);
  if (bad || !(p->offsets = malloc((size_t)mc_max(count, 1) * sizeof(ptrdiff_t)))) return 0;
  ptrdiff_t n = 0;
  for (ptrdiff_t c = 0; n < count; c++)
    for (ptrdiff_t z = 0; z < p->d.kernel[0]; z++)
      for (ptrdiff_t y = 0; y < p->d.kernel[1]; y++)
        for (ptrdiff_t x = 0; x < p->d.kernel[2]; x++)
          p->offsets[n++] = c * p->stage_plane + tap_offset(p, 0, z) + tap_offset(p, 1, y) + tap_offset(p, 2, x);
  return 1;
}

static int fill(mc_conv_plan *p, const mc_conv_desc *desc) {
  if (!normalise(desc, &p->d)) return 0;
  const mc_conv_desc *d = &p->d;
  int bad = 0;
  p->dims = desc->spatial;
  p->k = mc_kernels_current();
  p->taps = p->out_plane = p->in_plane = 1;
  p->staged = 0;
  for (int i = 0; i < 3; i++) {
    ptrdiff_t reach = product(d->kernel[i] - 1, d->dilation[i], &bad);
    ptrdiff_t room = d->input[i] + d->pad_begin[i] + d->pad_end[i] - reach - 1;
    if (bad || room < 0) return 0;
    p->out[i] = room / d->stride[i] + 1;
    p->taps = product(p->taps, d->kernel[i], &bad);
    p->out_plane = product(p->out_plane, p->out[i], &bad);
    p->in_plane = product(p->in_plane, d->input[i], &bad);
    if (d->kernel[i] > 1 || d->stride[i] > 1 || d->pad_begin[i] || d->pad_end[i]) p->staged = 1;
  }
  p->group_channels = d->channels / d->groups;
  p->group_filters = d->filters / d->groups;
  p->depth = product(p->group_channels, p->taps, &bad);
  ptrdiff_t weights = product(p->depth, d->filters, &bad);
  product(weights, 40, &bad);
  product(product(p->out_plane, d->filters, &bad), d->batch, &bad);
  if (bad) return 0;
  p->algorithm = d->algorithm == MC_CONV_AUTO ? choose(p) : d->algorithm;
  if (!fits(p, p->algorithm)) return 0;
  p->tiles[0] = mc_ceil_div(p->out[1], 4);
  p->tiles[1] = mc_ceil_div(p->out[2], 4);
  // A pass takes enough images to fill tiles of columns, and bounds what is staged at a time.
  p->images = mc_max(1, mc_min(d->batch, 2048 / mc_max(1, p->out_plane)));
  p->columns = product(p->images, p->algorithm == MC_CONV_WINOGRAD ? p->tiles[0] * p->tiles[1] : p->out_plane, &bad);
  if (p->algorithm == MC_CONV_DIRECT || p->algorithm == MC_CONV_WINOGRAD) p->staged = 1;
  p->panels = mc_ceil_div(p->group_filters, p->k->mr);
  ptrdiff_t depth = p->algorithm == MC_CONV_WINOGRAD ? p->group_channels : p->depth;
  p->blocks = p->algorithm == MC_CONV_DIRECT ? 1 : mc_max(1, mc_ceil_div(depth, p->k->kc));
  product(product(p->columns, depth, &bad), 40, &bad);
  return !bad && plan_stage(p) && plan_offsets(p);
}

mc_conv_plan *mc_conv_plan_create(const mc_conv_desc *desc) {
  mc_conv_plan *p = calloc(1, sizeof *p);
  if (p && !fill(p, desc)) {
    mc_conv_plan_free(p);
    p = 0;
  }
  return p;
}

void mc_conv_plan_free(mc_conv_plan *p) {
  if (p) free(p->offsets);
  free(p);
}

mc_conv_algorithm mc_conv_plan_algorithm(const mc_conv_plan *p) { return p->algorithm; }
ptrdiff_t mc_conv_plan_output(const mc_conv_plan *p, int i) {
  return i >= 0 && i < p->dims ? p->out[3 - p->dims + i] : 1;
}

size_t mc_conv_packed_size(const mc_conv_plan *p) {
  if (p->algorithm == MC_CONV_WINOGRAD) return (size_t)(p->d.filters * p->group_channels * 36) + MC_SLACK;
  return (size_t)(p->d.filters * p->depth) + MC_SLACK;
}

void mc_conv_pack(const mc_conv_plan *p, const void *weights, float *packed) {
  const char *w = weights;
  size_t total = mc_conv_packed_size(p);
  memset(packed + total - MC_SLACK, 0, MC_SLACK * sizeof(float));
  if (p->algorithm == MC_CONV_DEPTHWISE) {
    memcpy(packed, w, (total - MC_SLACK) * sizeof(float));
    return;
  }
  if (p->algorithm == MC_CONV_WINOGRAD) {
    mc_conv_pack_winograd(p, w, packed);
    return;
  }
  for (ptrdiff_t g = 0; g < p->d.groups; g++) {
    for (ptrdiff_t b = 0; b < p->blocks; b++) {
      ptrdiff_t k0 = mc_cut(p->depth, p->blocks, b), k1 = mc_cut(p->depth, p->blocks, b + 1);
      for (ptrdiff_t i = 0; i < p->panels; i++) {
        ptrdiff_t r0 = mc_cut(p->group_filters, p->panels, i), r1 = mc_cut(p->group_filters, p->panels, i + 1);
        for (ptrdiff_t r = r0; r < r1; r++) {
          const char *row = w + (size_t)((g * p->group_filters + r) * p->depth + k0) * sizeof(float);
          float *to = packed + (r - r0);
          for (ptrdiff_t k = k0; k < k1; k++, row += sizeof(float), to += r1 - r0) memcpy(to, row, sizeof(float));
        }
        packed += (r1 - r0) * (k1 - k0);
      }
    }
  }
}

mc_conv_cut mc_conv_cut_for(const mc_conv_plan *p, int threads) {
  mc_conv_cut c = {0};
  ptrdiff_t nr = p->k->nr, groups = p->d.groups;
  ptrdiff_t columns = mc_ceil_div(p->columns, nr);
  c.rows = mc_max(1, p->panels);
  c.row_chunks = 1;
  if (p->staged && p->algorithm != MC_CONV_DEPTHWISE)
    c.stage_size = (size_t)(p->images * p->d.channels * p->stage_plane) + MC_SLACK;
  if (p->algorithm == MC_CONV_DEPTHWISE) {
    c.local_size = (size_t)p->stage_plane + MC_SLACK;
  } else if (p->algorithm == MC_CONV_GEMM) {
    // Tasks along the columns pack their own panels; few columns are packed once and the rows cut as well.
    ptrdiff_t want = threads == 1 ? 1 : 4 * threads;
    c.chunk = mc_max(3, mc_min(8, columns * groups / want));
    c.shared = threads > 1 && mc_ceil_div(columns, c.chunk) * groups < want && p->panels > 1;
    if (c.shared) {
      c.chunk = mc_min(8, mc_max(1, columns));
      c.shared_size = (size_t)(groups * columns * p->depth * nr) + MC_SLACK;
      ptrdiff_t cuts = mc_ceil_div(want, mc_max(1, mc_ceil_div(columns, c.chunk) * groups));
      c.rows = mc_max(1, p->panels / cuts);
    } else {
      ptrdiff_t deepest = mc_ceil_div(mc_max(1, p->depth), p->blocks);
      c.local_size = (size_t)(c.chunk * deepest * nr) + MC_SLACK;
    }
    c.chunks = mc_ceil_div(columns, c.chunk);
    c.row_chunks = mc_ceil_div(p->panels, c.rows);
  } else if (p->algorithm == MC_CONV_WINOGRAD) {
    // Transformed tiles of a super-block stay in the outer caches while all filters pass over them; the more
    // weights there are, the more tiles they should meet.
    ptrdiff_t panel = mc_max(1, 36 * p->group_channels * nr);
    ptrdiff_t budget = mc_max(512 * 1024, mc_min(2048 * 1024, p->group_channels * p->group_filters * 9));
    c.super = mc_max(1, mc_min(columns, budget / panel));
    c.super = mc_ceil_div(columns, mc_max(1, mc_ceil_div(columns, c.super)));
    c.chunk = mc_min(2, c.super);
    c.rows = mc_max(1, mc_min(p->panels, 8 / c.chunk));
    c.row_chunks = mc_ceil_div(p->panels, c.rows);
    c.shared_size = (size_t)(panel * c.super) + MC_SLACK;
    c.local_size = (size_t)(36 * c.rows * p->k->mr * c.chunk * nr) + MC_SLACK;
  }
  // Whole cache lines, so that threads share none.
  c.stage_size = (c.stage_size + 15) / 16 * 16;
  c.shared_size = (c.shared_size + 15) / 16 * 16;
  c.local_size = (c.local_size + 15) / 16 * 16;
  return c;
}

size_t mc_conv_scratch_size(const mc_conv_plan *p, int threads) {
  if (threads < 1) threads = 1;
  mc_conv_cut c = mc_conv_cut_for(p, threads);
  return c.stage_size + c.shared_size + c.local_size * (size_t)threads;
}

int mc_conv_run(
  const mc_conv_plan *p, const float *input, const float *packed, const float *bias, const float *residual,
  float *output, float *scratch, size_t scratch_size) {
  // The work is cut for as many threads as the scratch was sized for; fewer cut less finely and can need more. Another
  // session may have set another number of threads since then.
  int threads = mc_threads(), planned = threads;
  while (planned > 1 && mc_conv_scratch_size(p, planned) > scratch_size) planned--;
  while (planned < 256 && mc_conv_scratch_size(p, planned) > scratch_size) planned++;
  if (mc_conv_scratch_size(p, planned) > scratch_size) return -1;
  if (threads > planned) threads = planned;
  mc_conv_job job = {p, input, packed, bias, residual, output, 0, 0, 0, mc_conv_cut_for(p, planned), 0, 0, 0, 0};
  job.stage = scratch;
  job.shared = job.stage + job.cut.stage_size;
  job.local = job.shared + job.cut.shared_size;
  if (p->out_plane == 0 || p->d.filters == 0) return 0;
  for (job.image = 0; job.image < p->d.batch; job.image += job.count) {
    job.count = mc_min(p->images, p->d.batch - job.image);
    switch (p->algorithm) {
      case MC_CONV_DEPTHWISE: mc_conv_run_depthwise(&job, threads); break;
      case MC_CONV_DIRECT: mc_conv_run_direct(&job, threads); break;
      case MC_CONV_WINOGRAD: mc_conv_run_winograd(&job, threads); break;
      default: mc_conv_run_gemm(&job, threads); break;
    }
  }
  return 0;
}
