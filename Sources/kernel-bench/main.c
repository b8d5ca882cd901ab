// Times the convolutions of known networks against OpenBLAS's sgemm on matrices of the same size.
//
// usage: kernel-bench [--threads N] [--batch N] [--seconds S] [--isa base|avx2|avx512] [--exact] [NETWORK...]
#include <cblas.h>
#include <ckernels.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
  const char *network;
  int count, channels, filters, groups, height, width, kernel, stride, pad;
} layer;

static const layer layers[] = {
  {"googlenet", 1, 3, 64, 1, 224, 224, 7, 2, 3},    {"googlenet", 1, 64, 64, 1, 56, 56, 1, 1, 0},
  {"googlenet", 1, 64, 192, 1, 56, 56, 3, 1, 1},    {"googlenet", 1, 192, 64, 1, 28, 28, 1, 1, 0},
  {"googlenet", 1, 192, 96, 1, 28, 28, 1, 1, 0},    {"googlenet", 1, 96, 128, 1, 28, 28, 3, 1, 1},
  {"googlenet", 1, 192, 16, 1, 28, 28, 1, 1, 0},    {"googlenet", 1, 16, 32, 1, 28, 28, 5, 1, 2},
  {"googlenet", 1, 192, 32, 1, 28, 28, 1, 1, 0},    {"googlenet", 2, 256, 128, 1, 28, 28, 1, 1, 0},
  {"googlenet", 1, 128, 192, 1, 28, 28, 3, 1, 1},   {"googlenet", 1, 256, 32, 1, 28, 28, 1, 1, 0},
  {"googlenet", 1, 32, 96, 1, 28, 28, 5, 1, 2},     {"googlenet", 1, 256, 64, 1, 28, 28, 1, 1, 0},
  {"googlenet", 1, 480, 192, 1, 14, 14, 1, 1, 0},   {"googlenet", 1, 480, 96, 1, 14, 14, 1, 1, 0},
  {"googlenet", 1, 96, 208, 1, 14, 14, 3, 1, 1},    {"googlenet", 1, 480, 16, 1, 14, 14, 1, 1, 0},
  {"googlenet", 1, 16, 48, 1, 14, 14, 5, 1, 2},     {"googlenet", 1, 480, 64, 1, 14, 14, 1, 1, 0},
  {"googlenet", 1, 512, 160, 1, 14, 14, 1, 1, 0},   {"googlenet", 1, 512, 112, 1, 14, 14, 1, 1, 0},
  {"googlenet", 1, 112, 224, 1, 14, 14, 3, 1, 1},   {"googlenet", 2, 512, 24, 1, 14, 14, 1, 1, 0},
  {"googlenet", 2, 24, 64, 1, 14, 14, 5, 1, 2},     {"googlenet", 3, 512, 64, 1, 14, 14, 1, 1, 0},
  {"googlenet", 2, 512, 128, 1, 14, 14, 1, 1, 0},   {"googlenet", 1, 128, 256, 1, 14, 14, 3, 1, 1},
  {"googlenet", 1, 512, 112, 1, 14, 14, 1, 1, 0},   {"googlenet", 1, 512, 144, 1, 14, 14, 1, 1, 0},
  {"googlenet", 1, 144, 288, 1, 14, 14, 3, 1, 1},   {"googlenet", 1, 512, 32, 1, 14, 14, 1, 1, 0},
  {"googlenet", 1, 32, 64, 1, 14, 14, 5, 1, 2},     {"googlenet", 1, 528, 256, 1, 14, 14, 1, 1, 0},
  {"googlenet", 1, 528, 160, 1, 14, 14, 1, 1, 0},   {"googlenet", 1, 160, 320, 1, 14, 14, 3, 1, 1},
  {"googlenet", 1, 528, 32, 1, 14, 14, 1, 1, 0},    {"googlenet", 1, 32, 128, 1, 14, 14, 5, 1, 2},
  {"googlenet", 1, 528, 128, 1, 14, 14, 1, 1, 0},   {"googlenet", 1, 832, 256, 1, 7, 7, 1, 1, 0},
  {"googlenet", 1, 832, 160, 1, 7, 7, 1, 1, 0},     {"googlenet", 1, 160, 320, 1, 7, 7, 3, 1, 1},
  {"googlenet", 1, 832, 32, 1, 7, 7, 1, 1, 0},      {"googlenet", 1, 32, 128, 1, 7, 7, 5, 1, 2},
  {"googlenet", 2, 832, 128, 1, 7, 7, 1, 1, 0},     {"googlenet", 1, 832, 384, 1, 7, 7, 1, 1, 0},
  {"googlenet", 1, 832, 192, 1, 7, 7, 1, 1, 0},     {"googlenet", 1, 192, 384, 1, 7, 7, 3, 1, 1},
  {"googlenet", 1, 832, 48, 1, 7, 7, 1, 1, 0},      {"googlenet", 1, 48, 128, 1, 7, 7, 5, 1, 2},
  {"resnet18", 1, 3, 64, 1, 224, 224, 7, 2, 3},     {"resnet18", 4, 64, 64, 1, 56, 56, 3, 1, 1},
  {"resnet18", 1, 64, 128, 1, 56, 56, 3, 2, 1},     {"resnet18", 1, 64, 128, 1, 56, 56, 1, 2, 0},
  {"resnet18", 3, 128, 128, 1, 28, 28, 3, 1, 1},    {"resnet18", 1, 128, 256, 1, 28, 28, 3, 2, 1},
  {"resnet18", 1, 128, 256, 1, 28, 28, 1, 2, 0},    {"resnet18", 3, 256, 256, 1, 14, 14, 3, 1, 1},
  {"resnet18", 1, 256, 512, 1, 14, 14, 3, 2, 1},    {"resnet18", 1, 256, 512, 1, 14, 14, 1, 2, 0},
  {"resnet18", 3, 512, 512, 1, 7, 7, 3, 1, 1},      {"resnet50", 1, 64, 64, 1, 56, 56, 1, 1, 0},
  {"resnet50", 4, 64, 256, 1, 56, 56, 1, 1, 0},     {"resnet50", 2, 256, 64, 1, 56, 56, 1, 1, 0},
  {"resnet50", 3, 64, 64, 1, 56, 56, 3, 1, 1},      {"resnet50", 1, 256, 128, 1, 56, 56, 1, 2, 0},
  {"resnet50", 1, 256, 512, 1, 56, 56, 1, 2, 0},    {"resnet50", 4, 128, 512, 1, 28, 28, 1, 1, 0},
  {"resnet50", 3, 512, 128, 1, 28, 28, 1, 1, 0},    {"resnet50", 4, 128, 128, 1, 28, 28, 3, 1, 1},
  {"resnet50", 6, 256, 1024, 1, 14, 14, 1, 1, 0},   {"resnet50", 5, 1024, 256, 1, 14, 14, 1, 1, 0},
  {"resnet50", 6, 256, 256, 1, 14, 14, 3, 1, 1},    {"resnet50", 3, 512, 2048, 1, 7, 7, 1, 1, 0},
  {"resnet50", 2, 2048, 512, 1, 7, 7, 1, 1, 0},     {"resnet50", 3, 512, 512, 1, 7, 7, 3, 1, 1},
  {"squeezenet", 1, 3, 64, 1, 227, 227, 3, 2, 0},   {"squeezenet", 1, 64, 16, 1, 56, 56, 1, 1, 0},
  {"squeezenet", 2, 16, 64, 1, 56, 56, 1, 1, 0},    {"squeezenet", 2, 16, 64, 1, 56, 56, 3, 1, 1},
  {"squeezenet", 1, 128, 16, 1, 56, 56, 1, 1, 0},   {"squeezenet", 1, 128, 32, 1, 28, 28, 1, 1, 0},
  {"squeezenet", 2, 32, 128, 1, 28, 28, 1, 1, 0},   {"squeezenet", 2, 32, 128, 1, 28, 28, 3, 1, 1},
  {"squeezenet", 1, 256, 32, 1, 28, 28, 1, 1, 0},   {"squeezenet", 1, 256, 48, 1, 14, 14, 1, 1, 0},
  {"squeezenet", 2, 48, 192, 1, 14, 14, 1, 1, 0},   {"squeezenet", 2, 48, 192, 1, 14, 14, 3, 1, 1},
  {"squeezenet", 1, 384, 48, 1, 14, 14, 1, 1, 0},   {"squeezenet", 1, 384, 64, 1, 14, 14, 1, 1, 0},
  {"squeezenet", 2, 64, 256, 1, 14, 14, 1, 1, 0},   {"squeezenet", 2, 64, 256, 1, 14, 14, 3, 1, 1},
  {"squeezenet", 1, 512, 64, 1, 14, 14, 1, 1, 0},   {"squeezenet", 1, 512, 1000, 1, 14, 14, 1, 1, 0},
  {"vgg16", 1, 3, 64, 1, 224, 224, 3, 1, 1},        {"vgg16", 1, 64, 64, 1, 224, 224, 3, 1, 1},
  {"vgg16", 1, 64, 128, 1, 112, 112, 3, 1, 1},      {"vgg16", 1, 128, 128, 1, 112, 112, 3, 1, 1},
  {"vgg16", 1, 128, 256, 1, 56, 56, 3, 1, 1},       {"vgg16", 2, 256, 256, 1, 56, 56, 3, 1, 1},
  {"vgg16", 1, 256, 512, 1, 28, 28, 3, 1, 1},       {"vgg16", 2, 512, 512, 1, 28, 28, 3, 1, 1},
  {"vgg16", 3, 512, 512, 1, 14, 14, 3, 1, 1},       {"mobilenet", 1, 3, 32, 1, 224, 224, 3, 2, 1},
  {"mobilenet", 1, 32, 32, 32, 112, 112, 3, 1, 1},  {"mobilenet", 1, 32, 64, 1, 112, 112, 1, 1, 0},
  {"mobilenet", 1, 64, 64, 64, 112, 112, 3, 2, 1},  {"mobilenet", 1, 64, 128, 1, 56, 56, 1, 1, 0},
  {"mobilenet", 1, 128, 128, 128, 56, 56, 3, 1, 1}, {"mobilenet", 1, 128, 128, 1, 56, 56, 1, 1, 0},
  {"mobilenet", 1, 128, 128, 128, 56, 56, 3, 2, 1}, {"mobilenet", 1, 128, 256, 1, 28, 28, 1, 1, 0},
  {"mobilenet", 1, 256, 256, 256, 28, 28, 3, 1, 1}, {"mobilenet", 1, 256, 256, 1, 28, 28, 1, 1, 0},
  {"mobilenet", 1, 256, 256, 256, 28, 28, 3, 2, 1}, {"mobilenet", 1, 256, 512, 1, 14, 14, 1, 1, 0},
  {"mobilenet", 5, 512, 512, 512, 14, 14, 3, 1, 1}, {"mobilenet", 5, 512, 512, 1, 14, 14, 1, 1, 0},
  {"mobilenet", 1, 512, 512, 512, 14, 14, 3, 2, 1}, {"mobilenet", 1, 512, 1024, 1, 7, 7, 1, 1, 0},
  {"mobilenet", 1, 1024, 1024, 1024, 7, 7, 3, 1, 1}, {"mobilenet", 1, 1024, 1024, 1, 7, 7, 1, 1, 0},
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *filled(size_t count) {
  float *p = aligned_alloc(64, (count * sizeof(float) + 127) / 64 * 64);
  if (!p) {
    fputs("kernel-bench: out of memory\n", stderr);
    exit(70);
  }
  for (size_t i = 0; i < count; i++) p[i] = (float)(i % 251) / 251 - 0.5f;
  return p;
}


// Repeats until the budget is spent, at least three times.
#define BEST(seconds, statement) ({ \
  double best_ = 1e9, start_ = now(); \
  for (int n_ = 0; n_ < 3 || now() - start_ < (seconds); n_++) { \
    double t_ = now(); \
    statement; \
    t_ = now() - t_; \
    if (t_ < best_) best_ = t_; \
  } \
  best_; })

static const char *algorithm_name(mc_conv_algorithm a) {
  static const char *const names[] = {"auto", "gemm", "direct", "depthwise", "winograd"};
  return names[a];
}

typedef struct {
  double flops, ours, exact, blas;
} sums;

static void run(const layer *l, int batch, double seconds, int exact_only, sums *total) {
  mc_conv_desc d = {
    .batch = batch, .channels = l->channels, .filters = l->filters, .groups = l->groups, .spatial = 2,
    .input = {l->height, l->width}, .kernel = {l->kernel, l->kernel}, .stride = {l->stride, l->stride},
    .pad_begin = {l->pad, l->pad}, .pad_end = {l->pad, l->pad}, .dilation = {1, 1},
    .activation = {.kind = MC_ACTIVATION_RELU}};
  double times[2] = {0, 0};
  mc_conv_algorithm used = MC_CONV_AUTO;
  size_t in = (size_t)batch * l->channels * l->height * l->width;
  size_t taps = (size_t)l->channels / l->groups * l->kernel * l->kernel;
  ptrdiff_t oh = 0, ow = 0;
  for (int exact = 1; exact >= exact_only; exact--) {
    d.exact = exact;
    mc_conv_plan *plan = mc_conv_plan_create(&d);
    if (!plan) return;
    oh = mc_conv_plan_output(plan, 0);
    ow = mc_conv_plan_output(plan, 1);
    used = mc_conv_plan_algorithm(plan);
    size_t scratch_size = mc_conv_scratch_size(plan, mc_threads());
    float *x = filled(in), *w = filled(taps * l->filters), *bias = filled(l->filters);
    float *y = filled((size_t)batch * l->filters * oh * ow), *scratch = filled(scratch_size);
    float *packed = filled(mc_conv_packed_size(plan));
    mc_conv_pack(plan, w, packed);
    if (exact == 0 && used != MC_CONV_WINOGRAD && times[1] > 0) times[0] = times[1];
    else times[exact] = BEST(seconds, mc_conv_run(plan, x, packed, bias, 0, y, scratch, scratch_size));
    free(x), free(w), free(bias), free(y), free(scratch), free(packed);
    mc_conv_plan_free(plan);
  }
  if (exact_only) times[0] = times[1];
  // The same product as one matrix, without gathering patches.
  int m = l->filters / l->groups, n = (int)(oh * ow), k = (int)taps;
  float *a = filled((size_t)m * k), *b = filled((size_t)k * n), *c = filled((size_t)m * n);
  double blas = l->groups * batch * BEST(
    seconds / 2,
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 0, c, n));
  free(a), free(b), free(c);
  double flops = 2.0 * batch * l->filters * oh * ow * (double)taps;
  printf(
    "%-10s %dx %4d>%-4d g%-4d %3dx%-3d k%d s%d  %-9s %7.1f us %6.1f GF/s | plain %6.1f GF/s | sgemm %6.1f GF/s | %3.0f %% %3.0f %%\n",
    l->network, l->count, l->channels, l->filters, l->groups, l->height, l->width, l->kernel, l->stride,
    algorithm_name(used), times[0] * 1e6, flops / times[0] * 1e-9, flops / times[1] * 1e-9, flops / blas * 1e-9,
    100 * blas / times[0], 100 * blas / times[1]);
  fflush(stdout);
  total->flops += l->count * flops;
  total->ours += l->count * times[0];
  total->exact += l->count * times[1];
  total->blas += l->count * blas;
}

int main(int argc, char **argv) {
  int threads = 1, batch = 1, exact = 0, named = 0;
  double seconds = 0.2;
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--threads") && i + 1 < argc) threads = atoi(argv[++i]);
    else if (!strcmp(argv[i], "--batch") && i + 1 < argc) batch = atoi(argv[++i]);
    else if (!strcmp(argv[i], "--seconds") && i + 1 < argc) seconds = atof(argv[++i]);
    else if (!strcmp(argv[i], "--exact")) exact = 1;
    else if (!strcmp(argv[i], "--isa") && i + 1 < argc) {
      i++;
      int known = -1;
      for (int isa = MC_ISA_BASE; isa <= MC_ISA_AVX512; isa++)
        if (!strcmp(argv[i], mc_isa_name((mc_isa)isa))) known = mc_isa_select((mc_isa)isa);
      if (known != 0) {
        fprintf(stderr, "kernel-bench: this machine cannot run '%s'\n", argv[i]);
        return 64;
      }
    } else named++;
  }
  if (batch < 1 || threads < 1) {
    fputs("kernel-bench: --threads and --batch want positive numbers\n", stderr);
    return 64;
  }
  mc_set_threads(threads);
  openblas_set_num_threads(threads);
  printf("%s, %d threads, batch %d; times are the best of many\n", mc_isa_name(mc_isa_current()), threads, batch);
  static const char *const networks[] = {"googlenet", "resnet18", "resnet50", "squeezenet", "vgg16", "mobilenet"};
  for (size_t n = 0; n < sizeof networks / sizeof *networks; n++) {
    int wanted = named == 0;
    for (int i = 1; i < argc; i++) wanted |= !strcmp(argv[i], networks[n]);
    if (!wanted) continue;
    sums total = {0};
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
      if (!strcmp(layers[i].network, networks[n])) run(&layers[i], batch, seconds, exact, &total);
    printf(
      "%-10s all: %.2f ms (%.1f GF/s), plain %.2f ms (%.1f GF/s), sgemm alone %.2f ms (%.1f GF/s): %.0f %% %.0f %%\n\n",
      networks[n], total.ours * 1e3, total.flops / total.ours * 1e-9, total.exact * 1e3,
      total.flops / total.exact * 1e-9, total.blas * 1e3, total.flops / total.blas * 1e-9,
      100 * total.blas / total.ours, 100 * total.blas / total.exact);
  }
  return 0;
}
