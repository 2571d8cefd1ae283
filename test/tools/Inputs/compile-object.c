/* Calls the functions of compile.mlir through the header made for them, as C
 * and as C++. Included twice, as several headers of one program would be. */
#include "compile.h"
#include "compile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void quantize(void) {
  const float x[] = {1, -2, 3, 8, -8, /**/ 4, 100, 0, -1, 1};
  const float scale[] = {1, 2};
  lowbit_memref_2d_f32 input = lowbit_memref_2d_f32_from(x, 2, 5);
  lowbit_memref_2d_f32 scales = lowbit_memref_2d_f32_from(scale, 2, 1);
  lowbit_memref_2d_u8 q;
  _mlir_ciface_quantize(&q, &input, &scales);
  printf("quantize %dx%d, strides %d %d:", (int)q.sizes[0], (int)q.sizes[1],
         (int)q.strides[0], (int)q.strides[1]);
  for (int i = 0; i < 6; ++i)
    printf(" %02x", q.aligned[q.offset + i]);
  printf("\n");
  free(q.allocated);
}

static void several_results(void) {
  /* 1, 2, -1, 448, 0, 0.5 in E4M3 */
  const uint8_t q[] = {0x38, 0x40, 0xb8, 0x7e, 0x00, 0x30};
  lowbit_memref_2d_u8 codes = lowbit_memref_2d_u8_from(q, 2, 3);
  lowbit_several_results_results results;
  _mlir_ciface_several_results(&results, &codes, 0.5f, 123456789012, true, 5);
  printf("several:");
  for (int i = 0; i < 6; ++i)
    printf(" %g", results.result0.aligned[i]);
  printf("; %g, %lld, %d, %d, 0x%04x\n", results.result1,
         (long long)results.result2, results.result3 & 1, results.result4 & 15,
         *results.result5.aligned);
  free(results.result0.allocated);
  free(results.result5.allocated);
}

int main(void) {
  printf("init %d\n", lowbit_init() & ~1);
  quantize();
  several_results();
  printf("main %g\n", _mlir_ciface_main(0.25, -3));
  _mlir_ciface_nothing();
  return 0;
}
