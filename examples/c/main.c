/*===- main.c - Calls a layer that lowbit-compile has compiled --------------===
 *
 * Part of the lowbit project, under the Apache License v2.0 with LLVM
 * Exceptions. See LICENSE for license information.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===------------------------------------------------------------------------===
 *
 * Plain C: nothing of MLIR, LLVM or C++ is needed. layer.h is made beside the
 * object, see build.sh. The result is compared with a loop over the same
 * numbers.
 */

#include "layer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { M = 3, N = 32, K = 64, GROUP = 32 };

static float x[M * K];
static int codes[N * K];           /* -8 to 7 */
static uint8_t weights[N * K / 2]; /* two codes a byte, the first one low */
static float scales[N * K / GROUP];

static void fill(void) {
  unsigned random = 1;
  for (int i = 0; i < M * K; ++i)
    x[i] = (float)(i % 17 - 8) / 8;
  for (int i = 0; i < N * K; ++i) {
    random = random * 1664525u + 1013904223u;
    codes[i] = (int)(random >> 28) - 8;
    weights[i / 2] |= (uint8_t)((codes[i] & 15) << (i % 2 * 4));
  }
  for (int i = 0; i < N * K / GROUP; ++i)
    scales[i] = (float)(i % 5 + 1) / 64;
}

/* The largest difference from the product in double precision. */
static double compare(const float *y) {
  double largest = 0;
  for (int m = 0; m < M; ++m)
    for (int n = 0; n < N; ++n) {
      double sum = 0;
      for (int k = 0; k < K; ++k)
        sum += (double)x[m * K + k] * codes[n * K + k] *
               scales[(n * K + k) / GROUP];
      largest = fmax(largest, fabs(y[m * N + n] - sum));
    }
  return largest;
}

int main(void) {
  fill();
  lowbit_init();

  /* Once, when the weights are loaded. */
  lowbit_memref_2d_u8 w = lowbit_memref_2d_u8_from(weights, N, K / 2);
  lowbit_memref_2d_f32 s = lowbit_memref_2d_f32_from(scales, N, K / GROUP);
  lowbit_linear_pack_results packed;
  _mlir_ciface_linear_pack(&packed, &w, &s);

  /* As often as there are activations. */
  lowbit_memref_2d_f32 input = lowbit_memref_2d_f32_from(x, M, K);
  lowbit_memref_2d_f32 y;
  _mlir_ciface_linear(&y, &input, &packed.result0, &packed.result1);

  double difference = compare(y.aligned);
  printf("%d x %d results, the first is %g; the largest difference is %.1g\n",
         (int)y.sizes[0], (int)y.sizes[1], y.aligned[0], difference);
  free(y.allocated);
  free(packed.result0.allocated);
  free(packed.result1.allocated);
  /* (K + 8) * 2^-24 times the sum of the magnitudes of the products, which is
   * at most K * 1 * 8 * 5/64 = 40: the error that a sum in float may have. */
  return difference <= (K + 8) * 40 / 16777216.0 ? 0 : 1;
}
