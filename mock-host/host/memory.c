/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "partition_internal.h"

#define FRAME(gpa) ((gpa) / HVM_PAGE)
#define DEFAULT_FRAMES 262144u
#define FRAMES_4G 0x100000u
#define LOW_FRAMES 256u /* never given out: firmware lives there */
#define POISON 0xd5 /* odd, so that no poisoned word passes for an index or a GPA */

void hvm_memory_init(struct hvm_partition *p)
{
	struct hvm_memory *m = &p->mem;

	m->count = p->cfg.gfn_count ? p->cfg.gfn_count : DEFAULT_FRAMES;
	m->base = p->cfg.gfn_base;
	if (!m->base && !p->cfg.from_zero)
		m->base = FRAMES_4G > m->count / 2 ? FRAMES_4G - m->count / 2 : 0;
	m->contiguous = p->cfg.contiguous;
	m->chunk_n = (size_t)((m->count + HVM_CHUNK - 1) / HVM_CHUNK);
	m->chunks = hvm_xalloc(m->chunk_n * sizeof(*m->chunks));
}

void hvm_memory_done(struct hvm_partition *p)
{
	struct hvm_memory *m = &p->mem;
	size_t i;

	for (i = 0; i < m->n; i++) {
		free(m->blocks[i].va);
		free(m->blocks[i].gfns);
	}
	for (i = 0; i < m->chunk_n; i++)
		free(m->chunks[i]);
	free(m->chunks);
	free(m->blocks);
}

/* NULL: no frame of this space, or one that never was RAM. */
static struct hvm_frame *frame_of(struct hvm_partition *p, uint64_t gfn)
{
	struct hvm_memory *m = &p->mem;
	struct hvm_frame *chunk;
	uint64_t at = gfn - m->base;

	if (gfn < m->base || at >= m->count)
		return NULL;
	chunk = m->chunks[at / HVM_CHUNK];
	return chunk ? &chunk[at % HVM_CHUNK] : NULL;
}

static bool in_space(const struct hvm_memory *m, uint64_t gfn)
{
	return gfn >= m->base && gfn - m->base < m->count;
}

/* Most of a large space stays empty: frames come into being when they get memory. */
static void set_ram(struct hvm_partition *p, uint64_t gfn, uint8_t *host)
{
	struct hvm_memory *m = &p->mem;
	struct hvm_frame **chunk = &m->chunks[(gfn - m->base) / HVM_CHUNK];

	if (!*chunk)
		*chunk = hvm_xalloc(HVM_CHUNK * sizeof(**chunk));
	(*chunk)[(gfn - m->base) % HVM_CHUNK].host = host;
}

/* First frame without RAM at or after a place that the seed chooses; wraps around once. */
static uint64_t pick_frame(struct hvm_partition *p, uint64_t hint)
{
	struct hvm_memory *m = &p->mem;
	uint64_t i;

	for (i = 0; i < m->count; i++) {
		uint64_t gfn = m->base + (hint + i) % m->count;
		const struct hvm_frame *f = frame_of(p, gfn);

		if (gfn >= LOW_FRAMES && (!f || !f->host))
			return gfn;
	}
	return 0;
}

static bool place_block(struct hvm_partition *p, struct hvm_block *b)
{
	struct hvm_memory *m = &p->mem;
	uint64_t hint = hvm_sched_random(p->sched);
	size_t i;

	for (i = 0; i < b->pages; i++) {
		uint64_t gfn = pick_frame(p, hint % m->count);

		if (!gfn)
			return false;
		b->gfns[i] = gfn;
		set_ram(p, gfn, b->va + i * HVM_PAGE);
		hint = m->contiguous ? gfn - m->base + 1 : hvm_sched_random(p->sched);
	}
	return true;
}

static void unplace_block(struct hvm_partition *p, struct hvm_block *b)
{
	size_t i;

	for (i = 0; i < b->pages && b->gfns[i]; i++)
		set_ram(p, b->gfns[i], NULL);
	free(b->va);
	free(b->gfns);
}

void *hvm_mem_alloc(struct hvm_partition *p, size_t pages)
{
	struct hvm_memory *m = &p->mem;
	struct hvm_block b;

	if (!pages || pages > m->count)
		return NULL;
	b.pages = pages;
	b.va = aligned_alloc(HVM_PAGE, pages * HVM_PAGE);
	if (!b.va)
		return NULL;
	memset(b.va, 0, pages * HVM_PAGE);
	b.gfns = hvm_xalloc(pages * sizeof(*b.gfns));
	if (!place_block(p, &b)) {
		unplace_block(p, &b);
		return NULL;
	}
	m->blocks = hvm_vec_grow(m->blocks, m->n, &m->cap, sizeof(*m->blocks));
	m->blocks[m->n++] = b;
	m->live += pages;
	return b.va;
}

static bool block_has(const struct hvm_block *b, const void *va)
{
	const uint8_t *at = va;

	return at >= b->va && at < b->va + b->pages * HVM_PAGE;
}

static struct hvm_block *block_of(struct hvm_partition *p, const void *va)
{
	struct hvm_memory *m = &p->mem;
	size_t i;

	if (m->last < m->n && block_has(&m->blocks[m->last], va))
		return &m->blocks[m->last];
	for (i = 0; i < m->n; i++) {
		if (block_has(&m->blocks[i], va)) {
			m->last = i;
			return &m->blocks[i];
		}
	}
	return NULL;
}

uint64_t hvm_mem_gpa(struct hvm_partition *p, const void *va)
{
	struct hvm_block *b = block_of(p, va);
	size_t at;

	if (!b)
		return 0;
	at = (size_t)((const uint8_t *)va - b->va);
	return b->gfns[at / HVM_PAGE] * HVM_PAGE + at % HVM_PAGE;
}

static void free_page(struct hvm_partition *p, uint64_t gfn)
{
	struct hvm_frame *f = frame_of(p, gfn);

	if (f->freed) {
		hvm_violation_add(p, HVM_VIOLATION_FREE_BAD, gfn, "page freed twice");
		return;
	}
	if (f->holds)
		hvm_violation_add(p, HVM_VIOLATION_FREE_HELD, gfn,
				  "page freed while the host uses it: %s", f->what);
	f->freed = true;
	memset(f->host, POISON, HVM_PAGE);
	p->mem.live--;
}

void hvm_mem_free(struct hvm_partition *p, void *va, size_t pages)
{
	struct hvm_block *b = va ? block_of(p, va) : NULL;
	size_t first, i;

	first = b ? (size_t)((uint8_t *)va - b->va) : 0;
	if (!b || first % HVM_PAGE || pages > b->pages - first / HVM_PAGE) {
		hvm_violation_add(p, HVM_VIOLATION_FREE_BAD, 0,
				  "%zu pages freed that were not allocated so", pages);
		return;
	}
	first /= HVM_PAGE;
	for (i = 0; i < pages; i++)
		free_page(p, b->gfns[first + i]);
}

enum hvp_status hvm_mem_map(struct hvm_partition *p, uint64_t gpa, void *host, size_t pages)
{
	size_t i;

	if (gpa % HVM_PAGE || (uintptr_t)host % HVM_PAGE)
		return HVP_ARG;
	for (i = 0; i < pages; i++) {
		const struct hvm_frame *f = frame_of(p, FRAME(gpa) + i);

		if (!in_space(&p->mem, FRAME(gpa) + i) || (f && f->host))
			return HVP_ARG;
	}
	for (i = 0; i < pages; i++)
		set_ram(p, FRAME(gpa) + i, (uint8_t *)host + i * HVM_PAGE);
	return HVP_OK;
}

void *hvm_mem_ptr(struct hvm_partition *p, uint64_t gpa, size_t len)
{
	struct hvm_frame *f = frame_of(p, FRAME(gpa));

	if (!f || !f->host || gpa % HVM_PAGE + len > HVM_PAGE)
		return NULL;
	if (f->freed) {
		hvm_violation_add(p, HVM_VIOLATION_HOST_FREED, FRAME(gpa),
				  "host access to a freed page (%s)",
				  f->what ? f->what : "never shared");
		return NULL;
	}
	return f->host + gpa % HVM_PAGE;
}

/* Bytes from @gpa to the end of its page, at most @len. */
static size_t run_of(uint64_t gpa, size_t len)
{
	size_t room = HVM_PAGE - (size_t)(gpa % HVM_PAGE);

	return len < room ? len : room;
}

bool hvm_mem_read(struct hvm_partition *p, uint64_t gpa, void *to, size_t len)
{
	uint8_t *out = to;

	while (len) {
		size_t n = run_of(gpa, len);
		const void *from = hvm_mem_ptr(p, gpa, n);

		if (!from)
			return false;
		memcpy(out, from, n);
		out += n;
		gpa += n;
		len -= n;
	}
	return true;
}

bool hvm_mem_write(struct hvm_partition *p, uint64_t gpa, const void *from, size_t len)
{
	const uint8_t *in = from;

	while (len) {
		size_t n = run_of(gpa, len);
		void *to = hvm_mem_ptr(p, gpa, n);

		if (!to)
			return false;
		memcpy(to, in, n);
		in += n;
		gpa += n;
		len -= n;
	}
	return true;
}

bool hvm_mem_hold(struct hvm_partition *p, uint64_t gfn, const char *what)
{
	struct hvm_frame *f = frame_of(p, gfn);

	if (!f || !f->host)
		return false;
	if (f->freed)
		hvm_violation_add(p, HVM_VIOLATION_HOST_FREED, gfn,
				  "freed page given to the host: %s", what);
	f->holds++;
	f->what = what;
	return true;
}

void hvm_mem_drop(struct hvm_partition *p, uint64_t gfn)
{
	struct hvm_frame *f = frame_of(p, gfn);

	if (f && f->holds)
		f->holds--;
}

unsigned int hvm_mem_held(struct hvm_partition *p, uint64_t gfn)
{
	struct hvm_frame *f = frame_of(p, gfn);

	return f ? f->holds : 0;
}

size_t hvm_mem_live_pages(const struct hvm_partition *p)
{
	return p->mem.live;
}

static bool poisoned(const uint8_t *page)
{
	size_t i;

	for (i = 0; i < HVM_PAGE; i++) {
		if (page[i] != POISON)
			return false;
	}
	return true;
}

static bool check_page(struct hvm_partition *p, uint64_t gfn)
{
	struct hvm_frame *f = frame_of(p, gfn);

	if (!f->freed || poisoned(f->host))
		return true;
	hvm_violation_add(p, HVM_VIOLATION_WRITE_FREED, gfn, "freed page was written (%s)",
			  f->what ? f->what : "never shared");
	memset(f->host, POISON, HVM_PAGE);
	return false;
}

unsigned int hvm_mem_check_freed(struct hvm_partition *p)
{
	unsigned int bad = 0;
	size_t i, k;

	for (i = 0; i < p->mem.n; i++) {
		for (k = 0; k < p->mem.blocks[i].pages; k++)
			bad += !check_page(p, p->mem.blocks[i].gfns[k]);
	}
	return bad;
}
