/* SPDX-License-Identifier: BSD-2-Clause */
/* Time of this thread alone, and medians. */
#ifndef BENCH_TIMING_H
#define BENCH_TIMING_H

double timing_now(void); /* nanoseconds of CPU time */
double timing_median(double *values, int count); /* sorts @values */
double timing_clock_cost(void); /* what timing_now() itself takes */

#endif /* BENCH_TIMING_H */
