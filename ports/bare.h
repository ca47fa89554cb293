/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ports/bare.h - a port header for a kernel that offers no headers of its own
 *
 * Replaces the body of hvproto/port.h: -DHVP_PORT_HEADER='"ports/bare.h"'. Nothing is
 * included; types come from the compiler, copies from four functions that a freestanding
 * compiler may call anyway, ordering from its atomics. Begin with it, and put in the place of each
 * group what your kernel calls it.
 *
 * The build compiles the library with this header and without any folder of system headers.
 */
#ifndef HVP_PORTS_BARE_H
#define HVP_PORTS_BARE_H

/* Types of fixed width. */
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINTPTR_TYPE__ uintptr_t;
typedef __SIZE_TYPE__ size_t;
#define UINT16_MAX __UINT16_MAX__
#define UINT32_MAX __UINT32_MAX__
#define UINT64_MAX __UINT64_MAX__
#define UINTPTR_MAX __UINTPTR_MAX__
#define SIZE_MAX __SIZE_MAX__
#define NULL ((void *)0)
#define offsetof(type, member) __builtin_offsetof(type, member)
#ifndef __cplusplus
#define bool _Bool
#define true 1
#define false 0
#endif

/* Copies: the kernel's. */
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
#define hvp_memcpy(d, s, n) ((void)memcpy((d), (s), (n)))
#define hvp_memzero(d, n) ((void)memset((d), 0, (n)))
#define hvp_memcmp(a, b, n) memcmp((a), (b), (n))

/* Shared words are little-endian in memory whatever the processor is. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define HVP_LE32(v) __builtin_bswap32(v)
#define HVP_LE64(v) __builtin_bswap64(v)
#else
#define HVP_LE32(v) (v)
#define HVP_LE64(v) (v)
#endif

/* Ordered access: each is one access of the processor, and never weaker on a uniprocessor. */
#define hvp_load_relaxed_u32(p) HVP_LE32(__atomic_load_n((p), __ATOMIC_RELAXED))
#define hvp_load_acquire_u32(p) HVP_LE32(__atomic_load_n((p), __ATOMIC_ACQUIRE))
#define hvp_load_relaxed_u64(p) HVP_LE64(__atomic_load_n((p), __ATOMIC_RELAXED))
#define hvp_store_relaxed_u32(p, v) __atomic_store_n((p), HVP_LE32((uint32_t)(v)), __ATOMIC_RELAXED)
#define hvp_store_release_u32(p, v) __atomic_store_n((p), HVP_LE32((uint32_t)(v)), __ATOMIC_RELEASE)
#define hvp_fetch_or_u32(p, v) \
	HVP_LE32(__atomic_fetch_or((p), HVP_LE32((uint32_t)(v)), __ATOMIC_SEQ_CST))
#define hvp_fetch_and_u32(p, v) \
	HVP_LE32(__atomic_fetch_and((p), HVP_LE32((uint32_t)(v)), __ATOMIC_SEQ_CST))
#define hvp_cmpxchg_u32(p, old, v) \
	__extension__({ \
		uint32_t hvp_old_ = HVP_LE32((uint32_t)(old)); \
		__atomic_compare_exchange_n((p), &hvp_old_, HVP_LE32((uint32_t)(v)), false, \
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
	})
#define hvp_fence_full() __atomic_thread_fence(__ATOMIC_SEQ_CST)

/* The compiler. */
#define HVP_MUST_CHECK __attribute__((warn_unused_result))
#define HVP_LIKELY(x) __builtin_expect(!!(x), 1)
#define HVP_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Our own bugs: your kernel's panic, or nothing. */
#define hvp_assert(x) ((void)0)

#endif /* HVP_PORTS_BARE_H */
