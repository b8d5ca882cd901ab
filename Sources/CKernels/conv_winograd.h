// Winograd's F(4x4, 3x3) transforms of image tiles, lanes running over tiles.
#include "kernels.h"
#include "simd.h"

// Products with the interpolation points; p and q are the squares of a and b.
#define WA ((float)MC_WINO_A)
#define WB ((float)MC_WINO_B)
#define WP ((float)(MC_WINO_A * MC_WINO_A))
#define WQ ((float)(MC_WINO_B * MC_WINO_B))

/// t_s = sum_k d_k [x^k] prod over points other than s of (x - point)
AI void winograd_forward(const vf d0, const vf d1, const vf d2, const vf d3, const vf d4, const vf d5, vf *t, int step) {
  const vf pq = vsplat(WP * WQ), sum = vsplat(WP + WQ), p = vsplat(WP), q = vsplat(WQ);
  vf even_a = d4 - q * d2, odd_a = vsplat(WA) * (d3 - q * d1);
  vf even_b = d4 - p * d2, odd_b = vsplat(WB) * (d3 - p * d1);
  t[0] = (pq * d0 + d4) - sum * d2;
  t[step] = even_a + odd_a;
  t[2 * step] = even_a - odd_a;
  t[3 * step] = even_b + odd_b;
  t[4 * step] = even_b - odd_b;
  t[5 * step] = (pq * d1 + d5) - sum * d3;
}

AI void winograd_back(const vf *m, int step, vf *y, int out) {
  vf sa = m[step] + m[2 * step], da = m[step] - m[2 * step];
  vf sb = m[3 * step] + m[4 * step], db = m[3 * step] - m[4 * step];
  y[0] = m[0] + sa + sb;
  y[out] = vsplat(WA) * da + vsplat(WB) * db;
  y[2 * out] = vsplat(WP) * sa + vsplat(WQ) * sb;
  y[3 * out] = vsplat(WP * WA) * da + (vsplat(WQ * WB) * db + m[5 * step]);
}

static void winograd_input(const float *const *patch, ptrdiff_t row, float *dst, ptrdiff_t plane) {
  for (int half = 0; half < 2; half++) {
    vf t[6][6];
    UNROLL for (int r = 0; r < 6; r++) {
      vf left[4], right[4];
      UNROLL for (int i = 0; i < 4; i++) {
        const float *at[VL / 4], *further[VL / 4];
        UNROLL for (int g = 0; g < VL / 4; g++) {
          at[g] = patch[half * VL + 4 * g + i] + r * row;
          further[g] = at[g] + 4;
        }
        left[i] = vgather4(at);
        right[i] = vgather4(further);
      }
      transpose4(left);
      transpose4(right);
      winograd_forward(left[0], left[1], left[2], left[3], right[0], right[1], t[r], 1);
    }
    UNROLL for (int j = 0; j < 6; j++) {
      vf v[6];
      winograd_forward(t[0][j], t[1][j], t[2][j], t[3][j], t[4][j], t[5][j], v, 1);
      UNROLL for (int r = 0; r < 6; r++) vstore(dst + (r * 6 + j) * plane + half * VL, v[r]);
    }
  }
}

static void winograd_output(
  const float *src, ptrdiff_t plane, int count, const mc_output_tile *tiles, float *out, ptrdiff_t ld,
  const mc_epilogue *e) {
  int late = e->residual != 0;  // the residual comes between bias and activation
  for (int first = 0; first < count; first += VL, src += VL) {
    vf t[4][6];
    UNROLL for (int j = 0; j < 6; j++) {
      vf m[6];
      UNROLL for (int r = 0; r < 6; r++) m[r] = vload(src + (r * 6 + j) * plane);
      winograd_back(m, 1, &t[0][j], 6);
    }
    int here = count - first < VL ? count - first : VL;
    UNROLL for (int r = 0; r < 4; r++) {
      vf y[4];
      winograd_back(t[r], 1, y, 1);
      UNROLL for (int i = 0; i < 4; i++) {
        if (e->bias) y[i] += vsplat(e->bias[0]);
        if (!late) y[i] = activate(y[i], &e->activation);
      }
      transpose4(y);
      float lines[4][VL];
      UNROLL for (int i = 0; i < 4; i++) vstore(lines[i], y[i]);
      for (int n = 0; n < here; n++) {
        const mc_output_tile *tile = tiles + first + n;
        if (r >= tile->rows) continue;
        const float *line = lines[n % 4] + n / 4 * 4;
        ptrdiff_t at = tile->offset + r * ld;
        if (late) {
          for (int x = 0; x < tile->columns; x++)
            out[at + x] = activate1(line[x] + e->residual[at + x], &e->activation);
        } else if (tile->columns == 4) {
          *(v4_any *)(out + at) = *(const v4_any *)line;
        } else {
          for (int x = 0; x < tile->columns; x++) out[at + x] = line[x];
        }
      }
    }
  }
}
