/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring with both ends in one process, and the raw words and bytes that a hostile peer would
 * write. All memory is on the heap and of exact size.
 */
#ifndef TESTS_RING_PAIR_H
#define TESTS_RING_PAIR_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <hvproto/ring.h>

#define CONTROL_WRITE 0u
#define CONTROL_READ 1u
#define CONTROL_MASK 2u
#define CONTROL_PENDING 3u
#define CONTROL_FEATURES 16u

/* libcheck writes to a file at each ck_assert: too slow for what runs a million times. */
#define must(condition) \
	do { \
		if (!(condition)) \
			ck_abort_msg("%s", #condition); \
	} while (0)

struct pair {
	uint32_t *control; /* of this ring */
	uint32_t *other; /* of the ring the other way */
	uint8_t *data; /* one mapping, or NULL */
	uint8_t *pages[4]; /* or pages */
	struct hvp_ring_mem mem;
	struct hvp_ring_tx tx;
	struct hvp_ring_rx rx;
	uint8_t *buf; /* of the receiver */
	uint32_t cap;
};

static inline void *pair_alloc(size_t size)
{
	void *p = aligned_alloc(4096, size);

	ck_assert_ptr_nonnull(p);
	memset(p, 0xee, size);
	return p;
}

/* Memory of a ring of @pages pages, dirty; @listed: as a list of pages. */
static inline void pair_memory(struct pair *p, uint32_t pages, bool listed)
{
	uint32_t i;

	memset(p, 0, sizeof(*p));
	p->control = pair_alloc(4096);
	p->other = pair_alloc(4096);
	memset(p->other, 0, 4096);
	p->mem.control = p->control;
	p->mem.size = pages * 4096;
	if (!listed) {
		p->data = pair_alloc(pages * 4096);
		p->mem.base = p->data;
	} else {
		/* Backwards, so that pages are not neighbours in their order. */
		for (i = pages; i-- > 0;)
			p->pages[i] = pair_alloc(4096);
		p->mem.pages = p->pages;
	}
	p->cap = p->mem.size;
	p->buf = malloc(p->cap);
	ck_assert_ptr_nonnull(p->buf);
}

/* As a channel starts: the sender makes the ring, the receiver attaches as @side. */
static inline void pair_open(struct pair *p, uint32_t pages, bool listed, enum hvp_ring_side side)
{
	pair_memory(p, pages, listed);
	ck_assert_int_eq(hvp_ring_tx_init(&p->tx, &p->mem, p->other), HVP_OK);
	ck_assert_int_eq(hvp_ring_rx_attach(&p->rx, &p->mem, side), HVP_OK);
}

static inline void pair_close(struct pair *p)
{
	uint32_t i;

	for (i = 0; i < 4; i++)
		free(p->pages[i]);
	free(p->data);
	free(p->control);
	free(p->other);
	free(p->buf);
}

/* What the peer writes into and reads from the control page. */
static inline void control_set(uint32_t *control, uint32_t word, uint32_t value)
{
	__atomic_store_n(&control[word], HVP_LE32(value), __ATOMIC_SEQ_CST);
}

static inline uint32_t control_get(const uint32_t *control, uint32_t word)
{
	return HVP_LE32(__atomic_load_n(&control[word], __ATOMIC_SEQ_CST));
}

/* Both ends at @index of an empty ring. */
static inline void pair_start_at(struct pair *p, uint32_t index, enum hvp_ring_side side)
{
	control_set(p->control, CONTROL_WRITE, index);
	control_set(p->control, CONTROL_READ, index);
	must(hvp_ring_tx_attach(&p->tx, &p->mem, p->other) == HVP_OK);
	must(hvp_ring_rx_attach(&p->rx, &p->mem, side) == HVP_OK);
}

static inline uint8_t *pair_byte(struct pair *p, uint32_t index)
{
	index %= p->mem.size;
	return p->data ? p->data + index : p->pages[index / 4096] + index % 4096;
}

static inline void pair_poke(struct pair *p, uint32_t index, const void *from, uint32_t n)
{
	const uint8_t *b = from;

	while (n-- > 0)
		*pair_byte(p, index++) = *b++;
}

static inline void pair_peek(struct pair *p, uint32_t index, void *to, uint32_t n)
{
	uint8_t *b = to;

	while (n-- > 0)
		*b++ = *pair_byte(p, index++);
}

/* A packet as a hostile peer writes it, at @index, published when @publish. */
static inline void pair_raw(struct pair *p, uint32_t index, uint16_t type, uint16_t offset8,
			    uint16_t length8, uint16_t flags)
{
	uint8_t d[16];
	uint32_t i;

	for (i = 0; i < 2; i++) {
		d[i] = (uint8_t)(type >> 8 * i);
		d[2 + i] = (uint8_t)(offset8 >> 8 * i);
		d[4 + i] = (uint8_t)(length8 >> 8 * i);
		d[6 + i] = (uint8_t)(flags >> 8 * i);
	}
	memset(d + 8, 0x11, 8);
	pair_poke(p, index, d, 16);
}

static inline enum hvp_status pair_next(struct pair *p, struct hvp_ring_packet *out)
{
	return hvp_ring_rx_next(&p->rx, p->buf, p->cap, out);
}

/* Put one in-band packet of @size bytes of value @fill. */
static inline enum hvp_status pair_put(struct pair *p, uint32_t size, uint8_t fill)
{
	static uint8_t payload[3 * 4096];
	struct hvp_ring_out out = hvp_ring_inband(payload, size);

	must(size <= sizeof(payload));
	memset(payload, fill, size);
	return hvp_ring_tx_put(&p->tx, &out);
}

/* Send and demand success; the signal decision is the result. */
static inline bool pair_send(struct pair *p, uint32_t size)
{
	must(pair_put(p, size, 0x5a) == HVP_OK);
	return hvp_ring_tx_commit(&p->tx);
}

/* Receive and demand success. */
static inline struct hvp_ring_packet pair_take(struct pair *p)
{
	struct hvp_ring_packet packet;

	must(pair_next(p, &packet) == HVP_OK);
	return packet;
}

static inline int run_suite(Suite *s)
{
	SRunner *sr = srunner_create(s);
	int failed;

	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif /* TESTS_RING_PAIR_H */
