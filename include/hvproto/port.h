/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvproto/port.h - the only header of the library that knows a compiler or libc
 *
 * Services that exist once per kernel and are hot: integer types, copies, ordered access
 * to memory that a peer can see, and our own assertion. A kernel replaces the whole file by
 * -DHVP_PORT_HEADER='"my_port.h"', which must define every name below (see ports/).
 *
 * Ordering is always toward another physical CPU: a uniprocessor build must not weaken it,
 * since the peer of a one-processor guest runs elsewhere.
 */
#ifndef HVPROTO_PORT_H
#define HVPROTO_PORT_H

#ifdef HVP_PORT_HEADER
#include HVP_PORT_HEADER
#else

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __FRAMAC__
/*
 * The prover sees copies as functions with the contract of the C library's. They are the
 * trusted base of the proofs, with the memory model of the prover itself.
 */
/*@ requires \valid(d + (0 .. n - 1)) && \valid_read(s + (0 .. n - 1));
  @ requires \separated(d + (0 .. n - 1), s + (0 .. n - 1));
  @ assigns d[0 .. n - 1] \from s[0 .. n - 1];
  @ ensures \forall size_t i; 0 <= i < n ==> d[i] == s[i]; */
void hvp_memcpy(uint8_t *d, const uint8_t *s, size_t n);
/*@ requires \valid(d + (0 .. n - 1));
  @ assigns d[0 .. n - 1] \from \nothing;
  @ ensures \forall size_t i; 0 <= i < n ==> d[i] == 0; */
void hvp_memzero(uint8_t *d, size_t n);
#else
#define hvp_memcpy(d, s, n) ((void)__builtin_memcpy((d), (s), (n)))
#define hvp_memzero(d, n) ((void)__builtin_memset((d), 0, (n)))
#endif
#define hvp_memcmp(a, b, n) __builtin_memcmp((a), (b), (n))

/* Shared words are little-endian in memory whatever the processor is. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define HVP_LE32(v) __builtin_bswap32(v)
#define HVP_LE64(v) __builtin_bswap64(v)
#else
#define HVP_LE32(v) (v)
#define HVP_LE64(v) (v)
#endif

/* Each is exactly one access of the processor; @p is naturally aligned. */
#define hvp_load_relaxed_u32(p) HVP_LE32(__atomic_load_n((p), __ATOMIC_RELAXED))
#define hvp_load_acquire_u32(p) HVP_LE32(__atomic_load_n((p), __ATOMIC_ACQUIRE))
#define hvp_load_relaxed_u64(p) HVP_LE64(__atomic_load_n((p), __ATOMIC_RELAXED))
#define hvp_store_relaxed_u32(p, v) __atomic_store_n((p), HVP_LE32((uint32_t)(v)), __ATOMIC_RELAXED)
#define hvp_store_release_u32(p, v) __atomic_store_n((p), HVP_LE32((uint32_t)(v)), __ATOMIC_RELEASE)
/* Both return the word before the change; both are full barriers. */
#define hvp_fetch_or_u32(p, v) \
	HVP_LE32(__atomic_fetch_or((p), HVP_LE32((uint32_t)(v)), __ATOMIC_SEQ_CST))
#define hvp_fetch_and_u32(p, v) \
	HVP_LE32(__atomic_fetch_and((p), HVP_LE32((uint32_t)(v)), __ATOMIC_SEQ_CST))
/* Replace *p by @v if it still holds @old; true if it did. Full barrier. */
#define hvp_cmpxchg_u32(p, old, v) \
	__extension__({ \
		uint32_t hvp_old_ = HVP_LE32((uint32_t)(old)); \
		__atomic_compare_exchange_n((p), &hvp_old_, HVP_LE32((uint32_t)(v)), false, \
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
	})
#define hvp_fence_full() __atomic_thread_fence(__ATOMIC_SEQ_CST)

#define HVP_MUST_CHECK __attribute__((warn_unused_result))
#define HVP_LIKELY(x) __builtin_expect(!!(x), 1)
#define HVP_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* For our own bugs only; no value of a peer may reach it. */
#ifdef HVP_DEBUG
#define hvp_assert(x) ((x) ? (void)0 : __builtin_trap())
#else
#define hvp_assert(x) ((void)0)
#endif

#endif /* HVP_PORT_HEADER */

#endif /* HVPROTO_PORT_H */
