/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks: read, written, flushed, filled, given up (chapter 30 sections 13.7 to 13.9). */
#include "scsi_internal.h"

#define CHUNK 65536u
#define FUA 0x08u
#define WRITE_SAME_MAX (8u << 20)
#define UNMAP_HEADER 8u
#define UNMAP_ITEM 16u

struct extent {
	uint64_t lba;
	uint64_t blocks;
	bool fua;
};

/* By the length of the CDB, which the group of the opcode tells. */
static struct extent extent_of(const uint8_t *c)
{
	switch (c[0] >> 5) {
	case 0:
		return (struct extent){ (uint64_t)(c[1] & 0x1fu) << 16 | scsi_get16(c + 2),
					c[4] ? c[4] : 256u, false };
	case 5:
		return (struct extent){ scsi_get32(c + 2), scsi_get32(c + 6), c[1] & FUA };
	case 4:
		return (struct extent){ scsi_get64(c + 2), scsi_get32(c + 10), c[1] & FUA };
	default:
		return (struct extent){ scsi_get32(c + 2), scsi_get16(c + 7), c[1] & FUA };
	}
}

static bool relative(const uint8_t *c)
{
	return (c[0] >> 5 == 1 || c[0] >> 5 == 5) && (c[1] & 1u);
}

static bool inside(const struct hvm_lun *l, uint64_t lba, uint64_t blocks)
{
	uint64_t all = hvm_lun_blocks(l);

	return lba <= all && blocks <= all - lba;
}

/* What is wrong with a transfer is answered; true: it may be done. */
static bool permitted(struct scsi_task *t, const struct extent *e, bool writes)
{
	bool at_end = e->blocks == 0 && e->lba == hvm_lun_blocks(t->l);

	if (relative(t->cdb)) {
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
		return false;
	}
	if (!inside(t->l, e->lba, e->blocks) || at_end) {
		hvm_scsi_illegal(t, SCSI_BAD_LBA);
		return false;
	}
	if (writes && t->l->cfg.read_only) {
		hvm_scsi_fail(t, HVP_VSTOR_SRB_ERROR, SCSI_DATA_PROTECT, SCSI_WRITE_PROTECTED);
		return false;
	}
	return true;
}

static bool fits(struct scsi_task *t, const struct extent *e, bool to_guest)
{
	if (e->blocks &&
	    (e->blocks * t->l->cfg.block_size > t->length || t->to_guest != to_guest)) {
		hvm_scsi_illegal(t, SCSI_BAD_LBA);
		return false;
	}
	return true;
}

/* Through a private copy: the guest's memory may change at any time. */
static bool move(struct scsi_task *t, uint64_t at, uint32_t len, bool to_guest)
{
	struct hvm_disk_backend *b = t->l->cfg.backend;
	static uint8_t chunk[CHUNK];
	uint32_t done = 0;

	while (done < len) {
		uint32_t n = len - done < CHUNK ? len - done : CHUNK;
		bool guest_ok = to_guest || t->get(t->ctx, done, chunk, n);
		bool ok = guest_ok && (to_guest ? b->read(b, at + done, chunk, n)
						: b->write(b, at + done, chunk, n));

		if (ok && to_guest)
			guest_ok = t->put(t->ctx, done, chunk, n);
		if (!guest_ok)
			hvm_scsi_illegal(t, SCSI_BAD_CDB);
		else if (!ok)
			hvm_scsi_medium(t, to_guest ? SCSI_READ_ERROR : SCSI_WRITE_FAULT);
		if (!ok || !guest_ok)
			return false;
		done += n;
	}
	t->moved = len;
	return true;
}

static void transfer(struct scsi_task *t, bool to_guest)
{
	struct extent e = extent_of(t->cdb);
	uint32_t size = t->l->cfg.block_size;

	if (!permitted(t, &e, !to_guest) || !fits(t, &e, to_guest))
		return;
	if (!move(t, e.lba * size, (uint32_t)(e.blocks * size), to_guest))
		return;
	if (!to_guest && (e.fua || t->l->cfg.no_cache) &&
	    !t->l->cfg.backend->flush(t->l->cfg.backend))
		hvm_scsi_medium(t, SCSI_WRITE_FAULT);
}

void hvm_scsi_read(struct scsi_task *t)
{
	transfer(t, true);
}

void hvm_scsi_write(struct scsi_task *t)
{
	transfer(t, false);
}

/* The range is looked at, no data moves. */
void hvm_scsi_verify(struct scsi_task *t)
{
	struct extent e = extent_of(t->cdb);

	(void)permitted(t, &e, false);
}

void hvm_scsi_flush(struct scsi_task *t)
{
	struct hvm_disk_backend *b = t->l->cfg.backend;

	if (b && !b->flush(b))
		hvm_scsi_medium(t, SCSI_WRITE_FAULT);
}

static bool fill(struct hvm_lun *l, uint64_t at, uint64_t len, const uint8_t *block)
{
	uint8_t chunk[CHUNK];
	uint32_t size = l->cfg.block_size;
	uint32_t i;

	for (i = 0; i < CHUNK; i += size)
		memcpy(chunk + i, block, size);
	while (len) {
		size_t n = len < CHUNK ? (size_t)len : CHUNK;

		if (!l->cfg.backend->write(l->cfg.backend, at, chunk, n))
			return false;
		at += n;
		len -= n;
	}
	return true;
}

void hvm_scsi_write_same(struct scsi_task *t)
{
	struct extent e = extent_of(t->cdb);
	uint32_t size = t->l->cfg.block_size;
	uint8_t block[4096];

	if (!permitted(t, &e, true))
		return;
	if (e.blocks * size > WRITE_SAME_MAX) {
		hvm_scsi_illegal(t, SCSI_BAD_LBA);
	} else if (t->length < size || t->to_guest || !t->get(t->ctx, 0, block, size)) {
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
	} else if (!fill(t->l, e.lba * size, e.blocks * size, block)) {
		hvm_scsi_medium(t, SCSI_WRITE_FAULT);
	} else {
		t->moved = (uint32_t)(e.blocks * size) < t->length ? (uint32_t)(e.blocks * size)
								   : t->length;
		if (t->l->cfg.no_cache)
			hvm_scsi_flush(t);
	}
}

/* ---- UNMAP ---- */

static void unmap_items(struct scsi_task *t, const uint8_t *list, uint32_t count)
{
	struct hvm_disk_backend *b = t->l->cfg.backend;
	uint64_t size = t->l->cfg.block_size;
	uint32_t i;

	for (i = 0; i < count; i++) {
		const uint8_t *item = list + UNMAP_HEADER + i * UNMAP_ITEM;

		if (!inside(t->l, scsi_get64(item), scsi_get32(item + 8))) {
			hvm_scsi_illegal(t, SCSI_BAD_LBA);
			return;
		}
	}
	for (i = 0; i < count; i++) {
		const uint8_t *item = list + UNMAP_HEADER + i * UNMAP_ITEM;

		/* Advice: a backend that cannot is no failure. */
		(void)b->discard(b, scsi_get64(item) * size, scsi_get32(item + 8) * size);
	}
	t->moved = t->length;
}

static void unmap_list(struct scsi_task *t, const uint8_t *list, uint32_t length)
{
	uint32_t count = (length - UNMAP_HEADER) / UNMAP_ITEM;

	if (scsi_get16(list) != length - 2 || scsi_get16(list + 2) != length - UNMAP_HEADER)
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
	else if ((length - UNMAP_HEADER) % UNMAP_ITEM || count > t->l->cfg.max_unmapped)
		hvm_scsi_illegal(t, SCSI_BAD_LIST);
	else
		unmap_items(t, list, count);
}

void hvm_scsi_unmap(struct scsi_task *t)
{
	uint32_t length = scsi_get16(t->cdb + 7);
	uint8_t *list;

	if (t->l->cfg.no_unmap || length < UNMAP_HEADER || length != t->length || t->to_guest) {
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
		return;
	}
	if (t->l->cfg.read_only) {
		hvm_scsi_fail(t, HVP_VSTOR_SRB_ERROR, SCSI_DATA_PROTECT, SCSI_WRITE_PROTECTED);
		return;
	}
	list = hvm_xalloc(length);
	if (t->get(t->ctx, 0, list, length))
		unmap_list(t, list, length);
	else
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
	free(list);
}
