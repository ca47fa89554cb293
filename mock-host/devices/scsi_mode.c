/* SPDX-License-Identifier: BSD-2-Clause */
/* Capacity, and the caching mode page (chapter 30 sections 13.5, 13.6). */
#include "scsi_internal.h"

#define CACHING 0x08u
#define ALL_PAGES 0x3fu
#define PAGE_SIZE 12u
#define WCE 0x04u
#define HEADER_MAX 8u
#define CAPACITY_16 0x10u

void hvm_scsi_capacity_10(struct scsi_task *t)
{
	uint64_t last = hvm_lun_blocks(t->l) - 1;
	uint8_t out[8];

	if (t->length < sizeof(out)) {
		hvm_scsi_fail(t, HVP_VSTOR_SRB_DATA_OVERRUN, SCSI_ILLEGAL, SCSI_BAD_CDB);
		return;
	}
	scsi_put32(out, last > 0xffffffffu ? 0xffffffffu : (uint32_t)last);
	scsi_put32(out + 4, t->l->cfg.block_size);
	hvm_scsi_answer(t, out, sizeof(out), sizeof(out));
}

static uint8_t exponent(const struct hvm_lun *l)
{
	uint8_t e = 0;

	while (l->cfg.block_size << e < l->cfg.physical_size)
		e++;
	return e;
}

/* SERVICE ACTION IN(16). */
void hvm_scsi_service_in(struct scsi_task *t)
{
	uint8_t out[32] = { 0 };

	if ((t->cdb[1] & 0x1fu) != CAPACITY_16) {
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
		return;
	}
	if (t->length < 12) {
		hvm_scsi_fail(t, HVP_VSTOR_SRB_DATA_OVERRUN, SCSI_ILLEGAL, SCSI_BAD_CDB);
		return;
	}
	scsi_put64(out, hvm_lun_blocks(t->l) - 1);
	scsi_put32(out + 8, t->l->cfg.block_size);
	out[13] = exponent(t->l);
	out[14] = t->l->cfg.no_unmap ? 0 : 0x80;
	hvm_scsi_answer(t, out, sizeof(out), scsi_get32(t->cdb + 10));
}

/* ---- modes ---- */

struct mode_cdb {
	uint32_t header;
	uint32_t allocation;
	bool ten;
};

static struct mode_cdb take_apart(const struct scsi_task *t)
{
	bool ten = t->cdb[0] >= 0x40;

	return (struct mode_cdb){ ten ? 8u : 4u, ten ? scsi_get16(t->cdb + 7) : t->cdb[4], ten };
}

static void caching_page(const struct hvm_lun *l, bool changeable, uint8_t *out)
{
	out[0] = CACHING;
	out[1] = PAGE_SIZE - 2u;
	out[2] = l->cfg.no_cache || changeable ? 0 : WCE;
}

void hvm_scsi_mode_sense(struct scsi_task *t)
{
	struct mode_cdb m = take_apart(t);
	uint8_t out[HEADER_MAX + PAGE_SIZE] = { 0 };
	uint8_t page = t->cdb[2] & 0x3fu;
	uint8_t control = t->cdb[2] >> 6;
	uint8_t device = (uint8_t)((t->l->cfg.read_only ? 0x80 : 0) | 0x10);

	if ((page != CACHING && page != ALL_PAGES) || control == 3) {
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
		return;
	}
	if (m.allocation == 0 || t->length == 0)
		return;
	if (m.allocation > t->length || m.allocation < m.header) {
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
		return;
	}
	if (m.ten)
		scsi_put16(out, m.header + PAGE_SIZE - 2u);
	else
		out[0] = (uint8_t)(m.header + PAGE_SIZE - 1u);
	out[m.ten ? 3 : 2] = device;
	caching_page(t->l, control == 1, out + m.header);
	hvm_scsi_answer(t, out, m.header + PAGE_SIZE, m.allocation);
}

/* The cache cannot be switched off: the next host that the guest moves to would not know. */
void hvm_scsi_mode_select(struct scsi_task *t)
{
	struct mode_cdb m = take_apart(t);
	uint8_t list[HEADER_MAX + PAGE_SIZE];
	uint8_t page[PAGE_SIZE] = { 0 };

	if (t->cdb[1] & 1u) {
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
		return;
	}
	if (m.allocation == 0)
		return;
	if (m.allocation != t->length || m.allocation < m.header + PAGE_SIZE) {
		hvm_scsi_illegal(t, SCSI_LIST_LENGTH);
		return;
	}
	if (!t->get(t->ctx, 0, list, m.header + PAGE_SIZE)) {
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
		return;
	}
	caching_page(t->l, false, page);
	if ((list[m.header] & 0x3fu) != CACHING || ((list[m.header + 2] ^ page[2]) & WCE))
		hvm_scsi_illegal(t, SCSI_BAD_LIST);
	else
		t->moved = m.allocation;
}
