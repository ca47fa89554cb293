/* SPDX-License-Identifier: BSD-2-Clause */
/* SCSI commands: which there are, how they end, and those that need no file of their own. */
#include "scsi_internal.h"

#define ABSENT 0x7f /* no device here, and none can be */
#define STANDARD_SIZE 104u
#define STANDARD_MIN 5u
#define IDENTITY 8u
#define IDENTITY_END 36u

static void build_sense(const struct scsi_sense *s, uint8_t out[SCSI_SENSE_SIZE])
{
	memset(out, 0, SCSI_SENSE_SIZE);
	out[0] = 0x70;
	out[2] = s->key;
	out[7] = SCSI_SENSE_SIZE - 8u;
	scsi_put16(out + 12, s->code);
}

void hvm_scsi_fail(struct scsi_task *t, uint8_t srb_status, uint8_t key, uint16_t code)
{
	struct scsi_sense s = { key, code };

	t->moved = 0;
	t->srb_status = srb_status;
	t->scsi_status = HVP_VSTOR_SCSI_STATUS_CHECK_CONDITION;
	t->has_sense = true;
	build_sense(&s, t->sense);
	if (t->l)
		t->l->last = s;
}

/* A drive calls wrong requests errors, a disk invalid requests (section 13.11). */
void hvm_scsi_illegal(struct scsi_task *t, uint16_t code)
{
	bool drive = t->l && t->l->cfg.dvd;

	hvm_scsi_fail(t, drive ? HVP_VSTOR_SRB_ERROR : HVP_VSTOR_SRB_INVALID_REQUEST, SCSI_ILLEGAL,
		      code);
}

void hvm_scsi_medium(struct scsi_task *t, uint16_t code)
{
	hvm_scsi_fail(t, HVP_VSTOR_SRB_ERROR, SCSI_MEDIUM_ERROR, code);
}

void hvm_scsi_answer(struct scsi_task *t, const uint8_t *bytes, uint32_t n, uint32_t allocation)
{
	if (n > allocation)
		n = allocation;
	if (n > t->length)
		n = t->length;
	if (n && !t->put(t->ctx, 0, bytes, n)) {
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
		return;
	}
	t->moved = n;
}

/* ---- short commands ---- */

static void nothing(struct scsi_task *t)
{
	(void)t;
}

static void request_sense(struct scsi_task *t)
{
	uint8_t sense[SCSI_SENSE_SIZE];
	uint32_t room = t->cdb[4] < t->length ? t->cdb[4] : t->length;

	if (room < 8) {
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
		return;
	}
	if (t->l->told_blocks != hvm_lun_blocks(t->l) && !t->l->cfg.dvd) {
		t->l->last.key = SCSI_UNIT_ATTENTION;
		t->l->last.code = SCSI_CAPACITY_CHANGED;
		t->l->told_blocks = hvm_lun_blocks(t->l);
	}
	build_sense(&t->l->last, sense);
	memset(&t->l->last, 0, sizeof(t->l->last));
	hvm_scsi_answer(t, sense, sizeof(sense), room);
}

/* IMMED would answer before the cache is empty. */
static void start_stop(struct scsi_task *t)
{
	if (t->cdb[1] & 1u)
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
	else if (!(t->cdb[4] & 1u))
		hvm_scsi_flush(t);
}

static void self_test(struct scsi_task *t)
{
	if (!(t->cdb[1] & 4u))
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
}

struct command {
	uint8_t opcode;
	bool medium; /* a drive needs one for it */
	void (*run)(struct scsi_task *t);
};

static const struct command commands[] = {
	{ 0x00, true, nothing }, /* TEST UNIT READY */
	{ 0x03, false, request_sense },
	{ 0x04, true, nothing }, /* FORMAT UNIT */
	{ 0x08, true, hvm_scsi_read },
	{ 0x0a, true, hvm_scsi_write },
	{ 0x12, false, hvm_scsi_inquiry },
	{ 0x15, false, hvm_scsi_mode_select },
	{ 0x16, false, nothing }, /* RESERVE */
	{ 0x17, false, nothing }, /* RELEASE */
	{ 0x1a, false, hvm_scsi_mode_sense },
	{ 0x1b, false, start_stop },
	{ 0x1d, false, self_test },
	{ 0x1e, false, nothing }, /* PREVENT ALLOW MEDIUM REMOVAL */
	{ 0x25, true, hvm_scsi_capacity_10 },
	{ 0x28, true, hvm_scsi_read },
	{ 0x2a, true, hvm_scsi_write },
	{ 0x2e, true, hvm_scsi_verify },
	{ 0x2f, true, hvm_scsi_verify },
	{ 0x35, true, hvm_scsi_flush },
	{ 0x41, true, hvm_scsi_write_same },
	{ 0x42, true, hvm_scsi_unmap },
	{ 0x55, false, hvm_scsi_mode_select },
	{ 0x5a, false, hvm_scsi_mode_sense },
	{ 0x5e, false, hvm_scsi_reserve_in },
	{ 0x5f, false, hvm_scsi_reserve_out },
	{ 0x88, true, hvm_scsi_read },
	{ 0x8a, true, hvm_scsi_write },
	{ 0x8e, true, hvm_scsi_verify },
	{ 0x8f, true, hvm_scsi_verify },
	{ 0x91, true, hvm_scsi_flush },
	{ 0x93, true, hvm_scsi_write_same },
	{ 0x9e, true, hvm_scsi_service_in },
	{ 0xa8, true, hvm_scsi_read },
	{ 0xaa, true, hvm_scsi_write },
	{ 0xae, true, hvm_scsi_verify },
	{ 0xaf, true, hvm_scsi_verify },
};

static const struct command *find(uint8_t opcode)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].opcode == opcode)
			return &commands[i];
	return NULL;
}

/* Told once, by the first command that is neither INQUIRY nor REQUEST SENSE (section 12.2). */
static bool attention(struct scsi_task *t)
{
	uint64_t blocks = hvm_lun_blocks(t->l);

	if (t->l->cfg.dvd || t->l->told_blocks == blocks || t->cdb[0] == 0x12 || t->cdb[0] == 0x03)
		return false;
	t->l->told_blocks = blocks;
	hvm_scsi_fail(t, HVP_VSTOR_SRB_ERROR, SCSI_UNIT_ATTENTION, SCSI_CAPACITY_CHANGED);
	return true;
}

static bool conflict(struct scsi_task *t)
{
	if (!hvm_scsi_conflicts(t))
		return false;
	t->srb_status = HVP_VSTOR_SRB_ERROR;
	t->scsi_status = HVP_VSTOR_SCSI_STATUS_RESERVATION_CONFLICT;
	return true;
}

void hvm_scsi_run(struct scsi_task *t)
{
	const struct command *c = find(t->cdb[0]);

	t->moved = 0;
	t->srb_status = HVP_VSTOR_SRB_SUCCESS;
	t->scsi_status = HVP_VSTOR_SCSI_STATUS_GOOD;
	t->has_sense = false;
	if (attention(t) || conflict(t) || (t->l->cfg.dvd && hvm_scsi_dvd(t)))
		return;
	if (!c)
		hvm_scsi_illegal(t, SCSI_BAD_OPCODE);
	else if (c->medium && !t->l->cfg.backend)
		hvm_scsi_fail(t, HVP_VSTOR_SRB_ERROR, SCSI_NOT_READY,
			      t->l->tray_open ? SCSI_NO_MEDIUM_OPEN : SCSI_NO_MEDIUM_CLOSED);
	else
		c->run(t);
}

/* INQUIRY of a place where no unit is (section 13.2). Everything else is the transport's. */
void hvm_scsi_absent(struct scsi_task *t, uint8_t lun)
{
	uint32_t allocation = scsi_get16(t->cdb + 3);
	uint8_t out[STANDARD_SIZE];

	t->srb_status = HVP_VSTOR_SRB_SUCCESS;
	t->scsi_status = HVP_VSTOR_SCSI_STATUS_GOOD;
	if ((t->cdb[1] & 3u) || t->cdb[2] || !t->to_guest || t->length < allocation ||
	    allocation < STANDARD_MIN) {
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
		return;
	}
	(void)hvm_scsi_standard(NULL, out);
	out[0] = ABSENT;
	if (lun)
		memset(out + IDENTITY, 0, IDENTITY_END - IDENTITY);
	hvm_scsi_answer(t, out, sizeof(out), allocation);
}
