/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring of DPDK's VMBus bus driver (librte_bus_vmbus) as a peer to measure against. It is
 * loaded at run time, so that the benchmark builds and runs without it.
 */
#ifndef BENCH_DPDK_RING_H
#define BENCH_DPDK_RING_H

#include <stdbool.h>
#include <stdint.h>

/* The names are DPDK's own; the object is opaque to the benchmark. */
struct dpdk_ring {
	bool ready;
	const char *why; /* not ready: what is missing */
	int (*send)(void *chan, uint16_t type, void *data, uint32_t size, uint64_t id,
		    uint32_t flags, bool *signal);
	int (*recv)(void *chan, void *data, uint32_t *size, uint64_t *id);
	int (*recv_raw)(void *chan, void *data, uint32_t *size);
	void (*signal_read)(void *chan, uint32_t bytes);
	uint64_t chan[32];
};

/* Look for the library and check on a packet that we know its channel's layout. */
void dpdk_ring_load(struct dpdk_ring *d);

/* Both ends on one ring: control page and @size bytes of data behind it. */
void dpdk_ring_attach(struct dpdk_ring *d, void *ring, uint32_t size);

#endif /* BENCH_DPDK_RING_H */
