/* SPDX-License-Identifier: BSD-2-Clause */
/* Loading DPDK's VMBus ring, or saying why not. */
#define _GNU_SOURCE
#include "dpdk_ring.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/*
 * Where DPDK 22.11 keeps the two rings in its private channel structure, seen from what its
 * exported functions access: for each ring the address of the control page (8 bytes), the
 * size of the data area and the next index (4 bytes each). dpdk_ring_load() proves it on a
 * packet before anything is measured.
 */
#define RX_RING 4 /* in u64s */
#define TX_RING 6

static const char *const names[] = {
	"librte_bus_vmbus.so.23",
	"/usr/lib/x86_64-linux-gnu/dpdk/pmds-23.0/librte_bus_vmbus.so.23",
};

static void place(uint64_t *at, void *ring, uint32_t size)
{
	at[0] = (uint64_t)(uintptr_t)ring;
	memcpy(&at[1], &size, sizeof(size));
}

void dpdk_ring_attach(struct dpdk_ring *d, void *ring, uint32_t size)
{
	memset(d->chan, 0, sizeof(d->chan));
	place(&d->chan[RX_RING], ring, size);
	place(&d->chan[TX_RING], ring, size);
}

static bool load_symbols(struct dpdk_ring *d, void *lib)
{
	/* POSIX guarantees that dlsym's pointer can be used so; ISO C does not say how. */
	*(void **)&d->send = dlsym(lib, "rte_vmbus_chan_send");
	*(void **)&d->recv = dlsym(lib, "rte_vmbus_chan_recv");
	*(void **)&d->recv_raw = dlsym(lib, "rte_vmbus_chan_recv_raw");
	*(void **)&d->signal_read = dlsym(lib, "rte_vmbus_chan_signal_read");
	return d->send && d->recv && d->recv_raw && d->signal_read;
}

static bool layout_is_right(struct dpdk_ring *d)
{
	const uint32_t size = 8192;
	char sent[24] = "does it come out again?";
	char got[64] = "";
	uint32_t *ring = aligned_alloc(4096, 4096 + size);
	uint32_t length = sizeof(got);
	bool signal = false;
	bool right;

	if (!ring)
		return false;
	memset(ring, 0, 4096 + size);
	dpdk_ring_attach(d, ring, size);
	right = d->send(d->chan, 6, sent, sizeof(sent), 7, 0, &signal) == 0 && ring[0] == 48 &&
		d->recv_raw(d->chan, got, &length) > 0 && ring[1] == 48 && length == 40 &&
		memcmp(got + 16, sent, sizeof(sent)) == 0;
	free(ring);
	return right;
}

void dpdk_ring_load(struct dpdk_ring *d)
{
	void *lib = NULL;
	size_t i;

	memset(d, 0, sizeof(*d));
	for (i = 0; i < sizeof(names) / sizeof(names[0]) && !lib; i++)
		lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (!lib)
		d->why = "librte_bus_vmbus.so.23 is not installed (Debian: librte-bus-vmbus23)";
	else if (!load_symbols(d, lib))
		d->why = "librte_bus_vmbus.so.23 lacks a ring function";
	else if (!layout_is_right(d))
		d->why = "librte_bus_vmbus.so.23 lays out its channel in another way";
	else
		d->ready = true;
}
