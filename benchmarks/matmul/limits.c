//===- limits.c - What this machine can do at most ------------------------===//
//
// Part of the lowbit project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Measures the roofs of a roofline: how fast threads read memory, and how fast
// they do the multiply-adds that matmul kernels consist of, when nothing else
// has to be done. limits.py compiles this for AVX2, as lowbit's kernels are
// written, and runs it.
//
//   limits THREADS MEBIBYTES ROUNDS
//
// prints one JSON object per limit: median and best of the rounds, in 10^9
// bytes or operations per second (a multiply-add is two operations). The limits
// take turns, so that a busy moment of the machine does not hit one alone.
//
//===----------------------------------------------------------------------===//

#define _GNU_SOURCE // madvise
#include <immintrin.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/// Makes the compiler believe that a value is used, and another one after this.
#define KEEP(value) __asm__ volatile("" : "+x"(value))

/// Steps of a loop of arithmetic: some milliseconds.
enum { STEPS = 2 * 1000 * 1000 };
/// Accumulators: enough to hide the latency of every unit measured here, few
/// enough for 16 registers.
enum { CHAINS = 10 };

/// The same size each, in pages as malloc gives them and in huge ones.
static const char *smallPages, *hugePages;
static size_t memorySize;
static int numThreads;

//===----------------------------------------------------------------------===//
// The limits: each does its share as thread `id`, and returns what it did
//===----------------------------------------------------------------------===//

/// Bytes read: a slice of the memory for each thread, in 8 places at a time,
/// which hides more of what a page boundary costs than one.
static double readMemory(const char *memory, int id) {
  enum { PLACES = 8 };
  size_t size = memorySize / numThreads / PLACES / 256 * 256;
  const char *begin = memory + id * PLACES * size;
  __m256i sums[8];
  for (int i = 0; i < 8; ++i)
    sums[i] = _mm256_setzero_si256();
  for (size_t at = 0; at < size; at += 256)
    for (int place = 0; place < PLACES; ++place)
      for (int i = 0; i < 8; ++i) {
        const char *source = begin + place * size + at + 32 * i;
        __m256i bytes = _mm256_load_si256((const __m256i *)source);
        sums[i] = _mm256_xor_si256(sums[i], bytes);
      }
  for (int i = 0; i < 8; ++i)
    KEEP(sums[i]);
  return (double)PLACES * size;
}

static double readSmallPages(int id) { return readMemory(smallPages, id); }
static double readHugePages(int id) { return readMemory(hugePages, id); }

/// f32 multiply-adds of 256 bits.
static double multiplyFloats(int id) {
  (void)id;
  __m256 sums[CHAINS];
  for (int i = 0; i < CHAINS; ++i)
    sums[i] = _mm256_set1_ps(i);
  __m256 a = _mm256_set1_ps(0.5f), b = _mm256_set1_ps(1.0f);
  for (int step = 0; step < STEPS; ++step) {
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS; ++i) {
      sums[i] = _mm256_fmadd_ps(sums[i], a, b);
      KEEP(sums[i]);
    }
  }
  return 2.0 * 8 * CHAINS * STEPS;
}

/// u4 x s8 on AVX2. vpmaddubsw sums two products of a byte with a code up to
/// 15; eight of these fit 16 bits before vpmaddwd has to widen them.
static double multiplyNibbles(int id) {
  (void)id;
  enum { SUMS = 4, WORDS = 8 };
  __m256i sums[SUMS];
  for (int i = 0; i < SUMS; ++i)
    sums[i] = _mm256_setzero_si256();
  __m256i a = _mm256_set1_epi8(11), b = _mm256_set1_epi8(-3);
  __m256i ones = _mm256_set1_epi16(1);
  for (int step = 0; step < STEPS; ++step) {
    __m256i words[SUMS];
    for (int i = 0; i < SUMS; ++i)
      words[i] = _mm256_setzero_si256();
#pragma clang loop unroll(full)
    for (int j = 0; j < WORDS; ++j)
#pragma clang loop unroll(full)
      for (int i = 0; i < SUMS; ++i) {
        words[i] = _mm256_add_epi16(words[i], _mm256_maddubs_epi16(a, b));
        KEEP(words[i]);
        KEEP(a); // may be another value now: the next product is not this one
      }
#pragma clang loop unroll(full)
    for (int i = 0; i < SUMS; ++i) {
      sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(words[i], ones));
      KEEP(sums[i]);
    }
  }
  return 2.0 * 32 * WORDS * SUMS * STEPS;
}

/// u8 x s8 on AVX2: every vpmaddubsw needs a vpmaddwd of its own.
static double multiplyBytes(int id) {
  (void)id;
  __m256i sums[CHAINS];
  for (int i = 0; i < CHAINS; ++i)
    sums[i] = _mm256_setzero_si256();
  __m256i a = _mm256_set1_epi8(11), b = _mm256_set1_epi8(-3);
  __m256i ones = _mm256_set1_epi16(1);
  for (int step = 0; step < STEPS; ++step) {
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS; ++i) {
      __m256i words = _mm256_maddubs_epi16(a, b);
      KEEP(a);
      sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(words, ones));
      KEEP(sums[i]);
    }
  }
  return 2.0 * 32 * CHAINS * STEPS;
}

/// u8 x s8 with vpdpbusd of 512 bits, which peers use where the machine has it.
__attribute__((target("avx512f,avx512vnni"))) static double
multiplyBytesVnni(int id) {
  (void)id;
  __m512i sums[CHAINS];
  for (int i = 0; i < CHAINS; ++i)
    sums[i] = _mm512_setzero_si512();
  __m512i a = _mm512_set1_epi8(11), b = _mm512_set1_epi8(-3);
  for (int step = 0; step < STEPS; ++step) {
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS; ++i) {
      sums[i] = _mm512_dpbusd_epi32(sums[i], a, b);
      __asm__ volatile("" : "+v"(sums[i]));
    }
  }
  return 2.0 * 64 * CHAINS * STEPS;
}

static const struct {
  const char *name, *unit;
  double (*work)(int id);
} limits[] = {
    {"DRAM read", "GB/s", readSmallPages},
    {"DRAM read, huge pages", "GB/s", readHugePages},
    {"f32 FMA", "GFLOP/s", multiplyFloats},
    {"u4 x s8, AVX2", "GOP/s", multiplyNibbles},
    {"u8 x s8, AVX2", "GOP/s", multiplyBytes},
    {"u8 x s8, AVX-512 VNNI", "GOP/s", multiplyBytesVnni},
};
/// Without the last one where the machine lacks it.
static int numLimits = sizeof(limits) / sizeof(limits[0]);

//===----------------------------------------------------------------------===//
// Turns
//===----------------------------------------------------------------------===//

static int numRounds;
/// In 10^9 per second, [limit][round].
static double *rates;
static double *done; // [thread]
static pthread_barrier_t barrier;

static double getSeconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + 1e-9 * time.tv_nsec;
}

static void *runThread(void *argument) {
  int id = (int)(intptr_t)argument;
  for (int round = 0; round < numRounds; ++round)
    for (int limit = 0; limit < numLimits; ++limit) {
      pthread_barrier_wait(&barrier);
      double start = getSeconds();
      done[id] = limits[limit].work(id);
      pthread_barrier_wait(&barrier);
      if (id != 0)
        continue;
      double seconds = getSeconds() - start, sum = 0;
      for (int i = 0; i < numThreads; ++i)
        sum += done[i];
      rates[limit * numRounds + round] = sum / seconds / 1e9;
    }
  return NULL;
}

static int compareDoubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/// Memory of the size that is set, or NULL.
static const char *allocatePages(int advice) {
  const size_t hugePage = 1 << 21;
  size_t size = (memorySize + hugePage - 1) / hugePage * hugePage;
  void *memory = aligned_alloc(hugePage, size);
  if (!memory)
    return NULL;
  // Advice: where the system has no such pages, there is one kind only.
  (void)madvise(memory, size, advice);
  // Until they are written, all pages may be the same one.
  memset(memory, 1, size);
  return memory;
}

int main(int argc, char **argv) {
  int mebibytes = argc == 4 ? atoi(argv[2]) : 0;
  numThreads = argc == 4 ? atoi(argv[1]) : 0;
  numRounds = argc == 4 ? atoi(argv[3]) : 0;
  if (numThreads < 1 || numThreads > 1024 || mebibytes < 1 || numRounds < 1) {
    fprintf(stderr, "usage: limits THREADS MEBIBYTES ROUNDS\n");
    return 1;
  }
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    fprintf(stderr, "limits: this machine has no AVX2\n");
    return 1;
  }
  if (!__builtin_cpu_supports("avx512vnni"))
    --numLimits;
  memorySize = (size_t)mebibytes << 20;
  smallPages = allocatePages(MADV_NOHUGEPAGE);
  hugePages = allocatePages(MADV_HUGEPAGE);
  rates = calloc((size_t)numLimits * numRounds, sizeof(double));
  done = calloc(numThreads, sizeof(double));
  pthread_t *threads = calloc(numThreads, sizeof(pthread_t));
  if (!smallPages || !hugePages || !rates || !done || !threads ||
      pthread_barrier_init(&barrier, NULL, numThreads)) {
    fprintf(stderr, "limits: no memory\n");
    return 1;
  }
  for (int i = 0; i < numThreads; ++i)
    if (pthread_create(&threads[i], NULL, runThread, (void *)(intptr_t)i)) {
      fprintf(stderr, "limits: cannot start a thread\n");
      return 1;
    }
  for (int i = 0; i < numThreads; ++i)
    pthread_join(threads[i], NULL);
  for (int limit = 0; limit < numLimits; ++limit) {
    double *sorted = rates + limit * numRounds;
    qsort(sorted, numRounds, sizeof(double), compareDoubles);
    printf("{\"limit\": \"%s\", \"unit\": \"%s\", \"threads\": %d, "
           "\"median\": %.2f, \"best\": %.2f}\n",
           limits[limit].name, limits[limit].unit, numThreads,
           sorted[numRounds / 2], sorted[numRounds - 1]);
  }
  return 0;
}
