/* SPDX-License-Identifier: BSD-2-Clause */
/* What only a DVD drive does (chapter 30 section 13.11). */
#include "scsi_internal.h"

#define LOEJ 2u
#define START 1u

static bool is_disk_only(uint8_t opcode)
{
	static const uint8_t those[] = { 0x04, 0x08, 0x0a, 0x15, 0x16, 0x17, 0x1a, 0x1d, 0x2a,
					 0x2e, 0x2f, 0x35, 0x41, 0x42, 0x5e, 0x5f, 0x8a, 0x8e,
					 0x8f, 0x91, 0x93, 0x9e, 0xaa, 0xae, 0xaf };

	return memchr(those, opcode, sizeof(those)) != NULL;
}

static void load_eject(struct scsi_task *t)
{
	bool start = t->cdb[4] & START;

	if (t->cdb[1] & 1u) {
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
	} else if (!(t->cdb[4] & LOEJ)) {
		return;
	} else if (start) {
		t->l->tray_open = false;
	} else if (t->l->prevented) {
		hvm_scsi_fail(t, HVP_VSTOR_SRB_ERROR,
			      t->l->cfg.backend ? SCSI_ILLEGAL : SCSI_NOT_READY,
			      SCSI_REMOVAL_PREVENTED);
	} else {
		hvm_lun_set_medium(t->l, NULL);
		t->l->tray_open = true;
	}
}

/* Polled only; nothing has happened, ever. */
static void event_status(struct scsi_task *t)
{
	static const uint8_t none[8] = { 0, 6, 4, 0x10, 0, 0, 0, 0 };
	uint8_t out[8];

	if (!(t->cdb[1] & 1u)) {
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
		return;
	}
	memcpy(out, none, sizeof(out));
	out[5] = (uint8_t)((t->l->tray_open ? 1 : 0) | (t->l->cfg.backend ? 2 : 0));
	hvm_scsi_answer(t, out, sizeof(out), scsi_get16(t->cdb + 7));
}

/* One data track, then the lead-out. */
static void table_of_contents(struct scsi_task *t)
{
	uint8_t out[20] = { 0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xaa };

	if (!t->l->cfg.backend) {
		hvm_scsi_fail(t, HVP_VSTOR_SRB_ERROR, SCSI_NOT_READY,
			      t->l->tray_open ? SCSI_NO_MEDIUM_OPEN : SCSI_NO_MEDIUM_CLOSED);
		return;
	}
	if (t->cdb[2] & 0x0fu) {
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
		return;
	}
	scsi_put32(out + 16, (uint32_t)hvm_lun_blocks(t->l));
	hvm_scsi_answer(t, out, sizeof(out), scsi_get16(t->cdb + 7));
}

bool hvm_scsi_dvd(struct scsi_task *t)
{
	switch (t->cdb[0]) {
	case 0x1b:
		load_eject(t);
		return true;
	case 0x1e:
		t->l->prevented = t->cdb[4] & 1u;
		return true;
	case 0x43:
		table_of_contents(t);
		return true;
	case 0x4a:
		event_status(t);
		return true;
	default:
		if (!is_disk_only(t->cdb[0]))
			return false;
		hvm_scsi_illegal(t, SCSI_BAD_OPCODE);
		return true;
	}
}
