func.func @f(%t: tensor<4x!lowbit.log<4, frac = 1>>, %m: memref<?xsi4>) -> (tensor<4x!lowbit.codebook<4, nf4>>, memref<?x!lowbit.codebook<4, iq4nl>>) {
  %0 = lowbit.bitcast %t : tensor<4x!lowbit.log<4, frac = 1>> to tensor<4xi4>
  %1 = lowbit.bitcast %0 : tensor<4xi4> to tensor<4x!lowbit.codebook<4, nf4>>
  %2 = lowbit.bitcast %m : memref<?xsi4> to memref<?x!lowbit.codebook<4, iq4nl>>
  return %1, %2 : tensor<4x!lowbit.codebook<4, nf4>>, memref<?x!lowbit.codebook<4, iq4nl>>
}
