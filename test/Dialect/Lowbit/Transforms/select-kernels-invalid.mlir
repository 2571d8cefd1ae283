// RUN: not lowbit-opt %s --lowbit-select-kernels="report=%t.nosuch/report.json" 2>&1 | FileCheck %s --check-prefix=PATH
// PATH: select-kernels-invalid.mlir:{{.*}}: error: cannot write the kernel report: '{{.*}}.nosuch/report.json': {{No such file or directory}}

// A report that was there before stays whole; no other file is left behind.
// RUN: rm -rf %t.dir && mkdir %t.dir && echo old > %t.dir/report.json
// RUN: not lowbit-opt %s --lowbit-select-kernels="report=/dev/full" 2>&1 | FileCheck %s --check-prefix=FULL
// RUN: lowbit-opt %s --lowbit-select-kernels="report=%t.dir/report.json" -o /dev/null
// RUN: ls %t.dir | FileCheck %s --check-prefix=FILES
// RUN: FileCheck %s --check-prefix=NEW --input-file=%t.dir/report.json
// FULL: error: cannot write the kernel report: '/dev/full': No space left on device
// FILES-NOT: {{.}}
// FILES: report.json
// FILES-NOT: {{.}}
// NEW-NOT: old
// NEW: "op": "lowbit.convert"

// It is there although the passes after it fail.
// RUN: not lowbit-opt %s --lowbit-to-cpu="report=%t.dir/failed.json" 2>&1 | FileCheck %s --check-prefix=LATER
// RUN: FileCheck %s --check-prefix=NEW --input-file=%t.dir/failed.json
// LATER: error:
// LATER-NOT: kernel report
func.func @f(%x: f32, %m: memref<4xi4>) -> f8E4M3FN {
  %0 = lowbit.convert %x : f32 to f8E4M3FN
  return %0 : f8E4M3FN
}
