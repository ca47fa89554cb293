/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vec.h - growing arrays, the one place in which the mock host reallocates
 *
 * A vector is three members next to each other in its owner: the items, their number and the
 * room. Running out of memory ends the process: a test host without memory has nothing to say.
 */
#ifndef HVM_VEC_H
#define HVM_VEC_H

#include <stddef.h>

/* Never return NULL. */
void *hvm_xalloc(size_t size);
void *hvm_xcopy(const void *from, size_t size);

/* Room for one more item of @item bytes in *@items; @n are there, *@cap fit. */
void *hvm_vec_grow(void *items, size_t n, size_t *cap, size_t item);

/* Close the gap that item @i leaves; returns the new number. */
size_t hvm_vec_remove(void *items, size_t n, size_t i, size_t item);

#endif /* HVM_VEC_H */
