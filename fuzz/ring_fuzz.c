/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring against a peer that writes what it likes, whenever it likes. The input is a list of
 * actions: calls of the library, and writes of the peer into control words and data; writes can be
 * planted so that they happen at a later load of the library, between two fetches. The ring
 * is compiled with ports/hooked.h for that.
 *
 * Beyond memory safety: what the library hands out is bounded, its own indices stay in the
 * ring, and corruption stays reported.
 *
 * Must reach: hvp_ring_rx_next hvp_ring_rx_commit hvp_ring_rx_unmask hvp_ring_tx_put
 * hvp_ring_tx_put_gpa hvp_ring_tx_put_xfer hvp_ring_tx_commit hvp_ring_tx_wait
 * hvp_ring_gpa_next hvp_ring_xfer_next hvp_ring_rx_peek_trusted_in_place hvp_ring_place_*
 */
#include <stdlib.h>
#include <string.h>

#include <hvproto/ring.h>

#define PAGES_MAX 3u
#define PLANTED_MAX 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void hvp_hook_shared_load(const volatile void *p, size_t size);

struct planted {
	uint32_t loads_to_go;
	uint32_t where;
	uint32_t value;
};

struct fuzz {
	struct hvp_rd in;
	uint32_t *control;
	uint8_t **pages;
	struct hvp_ring_mem mem;
	struct hvp_ring_tx tx;
	struct hvp_ring_rx rx;
	uint8_t *buf;
	struct planted planted[PLANTED_MAX];
	uint32_t planted_count;
};

static struct fuzz *active; /* what the hook acts on */

static void require(bool condition)
{
	if (!condition)
		abort();
}

static uint32_t take(struct fuzz *f, size_t bytes)
{
	const uint8_t *p = hvp_rd_left(&f->in) >= bytes ? hvp_rd_take(&f->in, bytes) : NULL;

	if (!p)
		return 0;
	return bytes == 1 ? hvp_get_u8(p) : bytes == 2 ? hvp_get_u16(p) : hvp_get_u32(p);
}

/* The peer writes: below 256 a control word, above that a word of data. */
static void peer_writes(struct fuzz *f, uint32_t where, uint32_t value)
{
	uint32_t at = (where - 256u) % (f->mem.size / 4u) * 4u;
	uint8_t *p;

	value = HVP_LE32(value);
	if (where < 256u) {
		__atomic_store_n(&f->control[where % 17u], value, __ATOMIC_RELAXED);
		return;
	}
	p = f->mem.base ? f->mem.base + at : f->pages[at / 4096u] + at % 4096u;
	memcpy(p, &value, 4);
}

void hvp_hook_shared_load(const volatile void *p, size_t size)
{
	struct fuzz *f = active;
	uint32_t i;

	(void)p;
	(void)size;
	for (i = 0; f && i < f->planted_count; i++)
		if (f->planted[i].loads_to_go > 0 && --f->planted[i].loads_to_go == 0)
			peer_writes(f, f->planted[i].where, f->planted[i].value);
}

/* Memory is allocated once a configuration, each piece on its own, and never given back. */
static void open_ring(struct fuzz *f)
{
	static struct {
		uint32_t *control;
		uint8_t *base;
		uint8_t *pages[PAGES_MAX];
	} memory[PAGES_MAX];
	uint32_t config = take(f, 1);
	enum hvp_ring_side side = config & 1u ? HVP_RING_HOST : HVP_RING_GUEST;
	uint32_t pages = config / 4u % PAGES_MAX + 1u;
	uint32_t i;

	if (!memory[pages - 1].control) {
		memory[pages - 1].control = aligned_alloc(4096, 4096);
		memory[pages - 1].base = aligned_alloc(4096, pages * 4096u);
		for (i = 0; i < pages; i++)
			memory[pages - 1].pages[i] = aligned_alloc(4096, 4096);
	}
	f->control = memory[pages - 1].control;
	f->pages = memory[pages - 1].pages;
	f->mem.control = f->control;
	f->mem.size = pages * 4096u;
	f->mem.base = config & 2u ? memory[pages - 1].base : NULL;
	f->mem.pages = f->pages;
	require(hvp_ring_tx_init(&f->tx, &f->mem, f->control) == HVP_OK);
	require(hvp_ring_rx_attach(&f->rx, &f->mem, side) == HVP_OK);
}

static void check_ranges(const struct hvp_ring_packet *packet)
{
	struct hvp_gpa_iter gpa;
	struct hvp_gpa_item item;
	struct hvp_xfer_iter xfer;
	struct hvp_xfer_range range;
	struct hvp_fault fault;
	enum hvp_status status;

	if (hvp_ring_gpa_ranges(packet, &gpa, &fault) == HVP_OK) {
		do {
			status = hvp_ring_gpa_next(&gpa, &item, &fault);
			require(status != HVP_OK || item.pfns.len == item.pfn_count * 8ull);
		} while (status == HVP_OK && gpa.left > 0);
	}
	if (hvp_ring_xfer_ranges(packet, &xfer, &fault) == HVP_OK) {
		while (xfer.left > 0) {
			status = hvp_ring_xfer_next(&xfer, 65536, &range, &fault);
			require(status == HVP_OK || status == HVP_RANGE);
			require(status != HVP_OK ||
				(uint64_t)range.byte_offset + range.byte_count <= 65536);
		}
	}
}

/* The buffer has exactly the size that is told, so that ASan sees one byte too many. */
static void receive(struct fuzz *f)
{
	uint32_t cap = 16u + take(f, 2) % (f->mem.size + 64u);
	struct hvp_ring_packet packet;
	enum hvp_status status;
	uint8_t sum = 0;
	uint32_t i;

	f->buf = malloc(cap);
	status = hvp_ring_rx_next(&f->rx, f->buf, cap, &packet);
	require(status == HVP_OK || status == HVP_AGAIN || status == HVP_NOSPACE ||
		status == HVP_CORRUPT);
	require((status == HVP_CORRUPT) == (hvp_ring_rx_fault(&f->rx) != NULL));
	if (status == HVP_OK) {
		require(packet.bytes == f->buf && packet.size <= cap && packet.size % 8u == 0);
		require(packet.data_offset >= 16 && packet.data_offset <= packet.size);
		require(packet.type == 6 || packet.type == 7 || packet.type == 9 ||
			packet.type == 11);
		for (i = 0; i < packet.size; i++)
			sum ^= packet.bytes[i];
		check_ranges(&packet);
	}
	if (status == HVP_NOSPACE)
		require(packet.size > cap && !packet.bytes);
	f->buf[0] = sum; /* the bytes are read, whatever they are */
	free(f->buf);
}

static void send(struct fuzz *f)
{
	static const uint64_t pfns[4] = { 1, 2, 3, 4 };
	static const struct hvp_xfer_range xfer[2] = { { 60, 0 }, { 70, 100 } };
	static const uint8_t payload[1024];
	struct hvp_gpa_range gpa;
	struct hvp_ring_out out = hvp_ring_request(7, payload, take(f, 2) % sizeof(payload));
	uint32_t kind = take(f, 1);
	enum hvp_status status;

	gpa.byte_count = 1u + kind * 61u;
	gpa.byte_offset = kind;
	gpa.pfns = pfns;
	if (kind % 4u == 0)
		status = hvp_ring_tx_put_gpa(&f->tx, &out, &gpa, 1);
	else if (kind % 4u == 1)
		status = hvp_ring_tx_put_xfer(&f->tx, &out, 9, xfer, 2);
	else
		status = hvp_ring_tx_put(&f->tx, &out);
	require(status == HVP_OK || status == HVP_AGAIN || status == HVP_CORRUPT);
	if (status == HVP_AGAIN)
		status = hvp_ring_tx_wait(&f->tx, hvp_ring_packet_total(0, kind));
	require((status == HVP_CORRUPT) == (hvp_ring_tx_fault(&f->tx) != NULL));
}

static void plant(struct fuzz *f)
{
	struct planted *p = &f->planted[f->planted_count % PLANTED_MAX];

	p->loads_to_go = take(f, 1) % 16u + 1u;
	p->where = take(f, 2);
	p->value = take(f, 4);
	if (f->planted_count < PLANTED_MAX)
		f->planted_count++;
}

static void peek(struct fuzz *f)
{
	struct hvp_ring_packet packet;
	enum hvp_status status = hvp_ring_rx_peek_trusted_in_place(&f->rx, &packet);

	/* In place, yet bounded: the descriptor is a private copy. */
	if (status == HVP_OK)
		require(packet.data_offset <= packet.size && packet.size <= f->mem.size);
}

static void act(struct fuzz *f)
{
	uint32_t where;
	bool flag;

	switch (take(f, 1) % 8u) {
	case 0:
		send(f);
		break;
	case 1:
		flag = hvp_ring_tx_commit(&f->tx);
		require(!flag || f->tx.stats.signals > 0);
		break;
	case 2:
		receive(f);
		break;
	case 3:
		flag = hvp_ring_rx_commit(&f->rx);
		require(!flag || f->rx.stats.signals > 0);
		flag = hvp_ring_rx_unmask(&f->rx);
		require(!flag || !hvp_ring_rx_fault(&f->rx));
		break;
	case 4:
		where = take(f, 2);
		peer_writes(f, where, take(f, 4));
		break;
	case 5:
		plant(f);
		break;
	case 6:
		peek(f);
		break;
	default:
		hvp_ring_rx_mask(&f->rx);
		break;
	}
	require(f->tx.pos.index < f->mem.size && f->tx.pos.index % 8u == 0);
	require(f->rx.pos.index < f->mem.size && f->rx.pos.index % 8u == 0);
	require(f->tx.space <= f->mem.size - 16u && f->rx.avail <= f->mem.size - 8u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f;

	memset(&f, 0, sizeof(f));
	f.in = hvp_rd_init(data, size);
	open_ring(&f);
	active = &f;
	while (hvp_rd_left(&f.in) > 0)
		act(&f);
	active = NULL;
	return 0;
}
