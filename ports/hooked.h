/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ports/hooked.h - the port header of tests: a hook sees every load from shared memory
 *
 * -DHVP_PORT_HEADER='"ports/hooked.h"' with the top folder among the include paths. Each
 * ordered load, each atomic operation and each copy calls hvp_hook_shared_load() AFTER it
 * took its bytes, if the program defines that function. The hook tells shared memory from
 * private by the address; it may change what it likes, so that a second load of the same
 * bytes sees other ones, and it may count loads. hvp_hook_fence() is called in each full
 * barrier: where an index is stored and the peer's words are not loaded yet.
 */
#ifndef HVP_PORTS_HOOKED_H
#define HVP_PORTS_HOOKED_H

/* Our own definitions, and hooks around them. */
#undef HVP_PORT_HEADER
#undef HVPROTO_PORT_H
#include <hvproto/port.h>

__attribute__((weak)) void hvp_hook_shared_load(const volatile void *p, size_t size);

__attribute__((weak)) void hvp_hook_fence(void);

static inline void hvp_hooked(const volatile void *p, size_t size)
{
	if (hvp_hook_shared_load)
		hvp_hook_shared_load(p, size);
}

static inline void hvp_hooked_memcpy(void *d, const void *s, size_t n)
{
	__builtin_memcpy(d, s, n);
	hvp_hooked(s, n);
}

static inline uint32_t hvp_hooked_load_u32(const uint32_t *p, int order)
{
	uint32_t v = order == __ATOMIC_ACQUIRE ? __atomic_load_n(p, __ATOMIC_ACQUIRE)
					       : __atomic_load_n(p, __ATOMIC_RELAXED);

	hvp_hooked(p, 4);
	return HVP_LE32(v);
}

static inline uint64_t hvp_hooked_load_u64(const uint64_t *p)
{
	uint64_t v = __atomic_load_n(p, __ATOMIC_RELAXED);

	hvp_hooked(p, 8);
	return HVP_LE64(v);
}

static inline uint32_t hvp_hooked_or_u32(uint32_t *p, uint32_t v)
{
	uint32_t old = __atomic_fetch_or(p, HVP_LE32(v), __ATOMIC_SEQ_CST);

	hvp_hooked(p, 4);
	return HVP_LE32(old);
}

static inline uint32_t hvp_hooked_and_u32(uint32_t *p, uint32_t v)
{
	uint32_t old = __atomic_fetch_and(p, HVP_LE32(v), __ATOMIC_SEQ_CST);

	hvp_hooked(p, 4);
	return HVP_LE32(old);
}

static inline bool hvp_hooked_cmpxchg_u32(uint32_t *p, uint32_t old, uint32_t v)
{
	uint32_t expected = HVP_LE32(old);
	bool done = __atomic_compare_exchange_n(p, &expected, HVP_LE32(v), false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST);

	hvp_hooked(p, 4);
	return done;
}

static inline void hvp_hooked_fence(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (hvp_hook_fence)
		hvp_hook_fence();
}

#undef hvp_memcpy
#undef hvp_fence_full
#undef hvp_load_relaxed_u32
#undef hvp_load_acquire_u32
#undef hvp_load_relaxed_u64
#undef hvp_fetch_or_u32
#undef hvp_fetch_and_u32
#undef hvp_cmpxchg_u32
#define hvp_fence_full() hvp_hooked_fence()
#define hvp_memcpy(d, s, n) hvp_hooked_memcpy((d), (s), (n))
#define hvp_load_relaxed_u32(p) hvp_hooked_load_u32((p), __ATOMIC_RELAXED)
#define hvp_load_acquire_u32(p) hvp_hooked_load_u32((p), __ATOMIC_ACQUIRE)
#define hvp_load_relaxed_u64(p) hvp_hooked_load_u64((p))
#define hvp_fetch_or_u32(p, v) hvp_hooked_or_u32((p), (v))
#define hvp_fetch_and_u32(p, v) hvp_hooked_and_u32((p), (v))
#define hvp_cmpxchg_u32(p, old, v) hvp_hooked_cmpxchg_u32((p), (old), (v))

#endif /* HVP_PORTS_HOOKED_H */
