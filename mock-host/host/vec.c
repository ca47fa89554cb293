/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vec.h"

static void *must(void *p)
{
	if (!p) {
		fputs("hvmock: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *hvm_xalloc(size_t size)
{
	return must(calloc(1, size ? size : 1));
}

void *hvm_xcopy(const void *from, size_t size)
{
	void *p = hvm_xalloc(size);

	if (size)
		memcpy(p, from, size);
	return p;
}

void *hvm_vec_grow(void *items, size_t n, size_t *cap, size_t item)
{
	if (n < *cap)
		return items;
	*cap = *cap ? *cap * 2 : 8;
	return must(realloc(items, *cap * item));
}

size_t hvm_vec_remove(void *items, size_t n, size_t i, size_t item)
{
	char *at = (char *)items + i * item;

	memmove(at, at + item, (n - i - 1) * item);
	return n - 1;
}
