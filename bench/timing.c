/* SPDX-License-Identifier: BSD-2-Clause */
#include "timing.h"

#include <stdlib.h>
#include <time.h>

#define CALLS 101

double timing_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

double timing_median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), by_value);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

double timing_clock_cost(void)
{
	double v[CALLS];
	int i;

	for (i = 0; i < CALLS; i++) {
		v[i] = timing_now();
		v[i] = timing_now() - v[i];
	}
	return timing_median(v, CALLS);
}
