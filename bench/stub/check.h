/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libcheck's assertions for a program without it: the hosts of the unit tests serve the benchmarks
 * too, and there a failed assertion ends the program.
 */
#ifndef BENCH_STUB_CHECK_H
#define BENCH_STUB_CHECK_H

#include <stdio.h>
#include <stdlib.h>

static inline void bench_assert(int holds, const char *what, const char *file, int line)
{
	if (holds)
		return;
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	exit(2);
}

#define ck_assert(x) bench_assert(!!(x), #x, __FILE__, __LINE__)
#define ck_assert_ptr_nonnull(p) ck_assert((p) != NULL)
#define ck_assert_ptr_eq(a, b) ck_assert((a) == (b))
#define ck_assert_int_eq(a, b) ck_assert((a) == (b))
#define ck_assert_int_ge(a, b) ck_assert((a) >= (b))
#define ck_assert_uint_eq(a, b) ck_assert((a) == (b))
#define ck_assert_uint_ne(a, b) ck_assert((a) != (b))
#define ck_assert_uint_lt(a, b) ck_assert((a) < (b))
#define ck_assert_uint_le(a, b) ck_assert((a) <= (b))
#define ck_assert_uint_gt(a, b) ck_assert((a) > (b))
#define ck_assert_uint_ge(a, b) ck_assert((a) >= (b))

#endif /* BENCH_STUB_CHECK_H */
