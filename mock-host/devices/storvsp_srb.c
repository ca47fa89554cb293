/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests: from the SRB to a command of a unit, and back (chapter 30 sections 7, 8, 11). */
#include "storvsp_internal.h"

#define INQUIRY 0x12
#define REPORT_LUNS 0xa0
#define LIST_HEADER 8u
#define ENTRY 8u

/* A request with what it was read to be. */
struct request {
	struct sv_item *i;
	struct hvm_packet k;
	struct hvp_vstor_execute_srb srb;
	struct scsi_task t;
};

/* ---- memory of the guest: one range, never more than the SRB says ---- */

static bool get(void *ctx, uint32_t at, void *to, size_t len)
{
	struct request *r = ctx;

	return !r->t.to_guest && len <= r->t.length && at <= r->t.length - len &&
	       hvm_scripted_read_range(r->i->q->d, &r->k, 0, at, to, len) == HVP_OK;
}

static bool put(void *ctx, uint32_t at, const void *from, size_t len)
{
	struct request *r = ctx;

	return r->t.to_guest && len <= r->t.length && at <= r->t.length - len &&
	       hvm_scripted_write_range(r->i->q->d, &r->k, 0, at, from, len) == HVP_OK;
}

static void packet_of(const struct sv_item *i, struct hvm_packet *out)
{
	memset(out, 0, sizeof(*out));
	out->type = i->type;
	out->flags = i->flags;
	out->transaction_id = i->id;
	out->extra = i->base + HVP_RING_DESC_SIZE;
	out->extra_size = i->extra_size;
	out->payload = i->bytes;
	out->payload_size = i->size;
	out->ranges = i->ranges;
}

/* What is absent of a short SRB is zero (VST-SEC-02). */
static bool read_srb(const struct sv_item *i, struct hvp_vstor_execute_srb *out)
{
	uint8_t whole[HVP_VSTOR_PACKET_SIZE_5_1] = { 0 };
	const struct hvp_neg neg = { i->q->n->version, 0 };
	struct hvp_rd r;

	memcpy(whole, i->bytes, i->size < sizeof(whole) ? i->size : sizeof(whole));
	r = hvp_rd_init(whole, sizeof(whole));
	return hvp_vstor_execute_srb_decode(&r, neg, out, NULL) == HVP_OK;
}

/* At most one range, and no shorter than the data (section 11.2). */
static bool ranges_legal(const struct request *r)
{
	uint32_t bytes = 0;
	uint32_t second;

	if (r->i->type != HVP_PACKET_GPA_DIRECT)
		return r->srb.data_transfer_length == 0;
	if (r->i->ranges != HVP_OK || hvm_scripted_range(&r->k, 0, &bytes) != HVP_OK ||
	    hvm_scripted_range(&r->k, 1, &second) == HVP_OK)
		return false;
	return bytes >= r->srb.data_transfer_length;
}

/* ---- the answer ---- */

static uint32_t nt_status(uint8_t srb_status)
{
	switch (srb_status & HVP_VSTOR_SRB_STATUS_BITS_CODE) {
	case HVP_VSTOR_SRB_SUCCESS:
		return HVP_VSTOR_STATUS_SUCCESS;
	case HVP_VSTOR_SRB_DATA_OVERRUN:
		return HVP_VSTOR_STATUS_BUFFER_OVERFLOW;
	case HVP_VSTOR_SRB_BUSY:
		return HVP_VSTOR_STATUS_DEVICE_BUSY;
	case HVP_VSTOR_SRB_REQUEST_FLUSHED:
		return HVP_VSTOR_STATUS_UNSUCCESSFUL;
	case HVP_VSTOR_SRB_BAD_FUNCTION:
	case HVP_VSTOR_SRB_BAD_SRB_BLOCK_LENGTH:
		return HVP_VSTOR_STATUS_INVALID_DEVICE_REQUEST;
	case HVP_VSTOR_SRB_SELECTION_TIMEOUT:
		return HVP_VSTOR_STATUS_DEVICE_NOT_CONNECTED;
	case HVP_VSTOR_SRB_TIMEOUT:
	case HVP_VSTOR_SRB_COMMAND_TIMEOUT:
		return HVP_VSTOR_STATUS_IO_TIMEOUT;
	case HVP_VSTOR_SRB_INVALID_LUN:
	case HVP_VSTOR_SRB_INVALID_TARGET_ID:
	case HVP_VSTOR_SRB_NO_DEVICE:
	case HVP_VSTOR_SRB_NO_HBA:
		return HVP_VSTOR_STATUS_DEVICE_DOES_NOT_EXIST;
	case HVP_VSTOR_SRB_ABORTED:
		return HVP_VSTOR_STATUS_CANCELLED;
	default:
		return HVP_VSTOR_STATUS_IO_DEVICE_ERROR;
	}
}

static void count(struct hvm_storvsp *n, const struct scsi_task *t)
{
	n->info.requests++;
	n->info.failed += t->srb_status != HVP_VSTOR_SRB_SUCCESS;
	if (t->to_guest)
		n->info.read_bytes += t->moved;
	else
		n->info.written_bytes += t->moved;
}

static void answer(struct request *r)
{
	struct hvm_storvsp *n = r->i->q->n;
	struct hvp_vstor_srb_result m = {
		.length = HVP_VSTOR_SRB_SIZE_5_1,
		.srb_status = r->t.srb_status,
		.scsi_status = r->t.scsi_status,
		.cdb_length = HVP_VSTOR_CDB_SIZE,
		.data_transfer_length = r->t.moved,
	};
	uint8_t out[HVP_VSTOR_SRB_RESULT_MAX_SIZE];
	struct hvp_wr w = hvp_wr_init(out, sizeof(out));
	const struct hvp_neg neg = { n->version, 0 };

	if (r->t.has_sense) {
		m.srb_status |= HVP_VSTOR_SRB_STATUS_BITS_AUTOSENSE_VALID;
		m.sense_info_length = SCSI_SENSE_SIZE;
		memcpy(m.sense_data, r->t.sense, SCSI_SENSE_SIZE);
	}
	count(n, &r->t);
	(void)!hvp_vstor_srb_result_encode(&w, neg, &m, NULL);
	hvm_sv_complete(r->i, nt_status(r->t.srb_status), out, sizeof(out));
}

/* ---- where it goes ---- */

/* An IDE disk is at its place whatever bus the guest names (section 1.2). */
static uint8_t path_of(const struct request *r)
{
	const struct hvm_storvsp *n = r->i->q->n;

	return n->cfg.kind == HVM_STORAGE_IDE ? (uint8_t)n->cfg.ide_channel : r->srb.path_id;
}

static struct hvm_lun *unit_of(const struct request *r)
{
	const struct hvm_storvsp *n = r->i->q->n;
	size_t k;

	for (k = 0; k < n->unit_n; k++)
		if (n->units[k].path == path_of(r) && n->units[k].target == r->srb.target_id &&
		    n->units[k].lun == r->srb.lun)
			return n->units[k].l;
	return NULL;
}

/* By the buffer's length: firmware puts 0 into the CDB (section 13.4). */
static void report_luns(struct request *r)
{
	const struct hvm_storvsp *n = r->i->q->n;
	uint8_t list[LIST_HEADER + ENTRY * HVM_STORAGE_LUNS_MAX] = { 0 };
	uint32_t count = 0;
	size_t k;

	for (k = 0; k < n->unit_n; k++) {
		if (n->units[k].path != r->srb.path_id || n->units[k].target != r->srb.target_id)
			continue;
		list[LIST_HEADER + ENTRY * count + 1] = n->units[k].lun;
		count++;
	}
	scsi_put32(list, ENTRY * count);
	if (r->t.length >= LIST_HEADER)
		hvm_scsi_answer(&r->t, list, LIST_HEADER + ENTRY * count, UINT32_MAX);
}

static void nobody(struct request *r)
{
	if (r->srb.cdb[0] == INQUIRY) {
		hvm_scsi_absent(&r->t, r->srb.lun);
		return;
	}
	r->t.srb_status = HVP_VSTOR_SRB_INVALID_LUN;
	r->t.scsi_status = HVP_VSTOR_SCSI_STATUS_CHECK_CONDITION;
}

/* ---- faults ---- */

static struct hvm_storage_fault *fault_for(struct hvm_storvsp *n, uint8_t opcode)
{
	size_t k;

	for (k = 0; k < n->fault_n; k++) {
		struct hvm_storage_fault *f = &n->faults[k];

		if ((!f->any_opcode && f->opcode != opcode) || !f->count)
			continue;
		if (f->skip) {
			f->skip--;
			continue;
		}
		if (f->count != UINT32_MAX)
			f->count--;
		return f;
	}
	return NULL;
}

static void fail(struct request *r, const struct hvm_storage_fault *f)
{
	if (f->key || f->asc || f->ascq)
		hvm_scsi_fail(&r->t, f->srb_status, f->key, (uint16_t)(f->asc << 8 | f->ascq));
	r->t.srb_status = f->srb_status;
	r->t.scsi_status = f->scsi_status;
}

/* ---- one request ---- */

static void fill(struct request *r, struct sv_item *i)
{
	memset(r, 0, sizeof(*r));
	r->i = i;
	packet_of(i, &r->k);
	r->t.cdb = r->srb.cdb;
	r->t.get = get;
	r->t.put = put;
	r->t.ctx = r;
	r->t.nexus = i->q->n;
	r->t.srb_status = HVP_VSTOR_SRB_SUCCESS;
}

static void perform(struct sv_item *i, const struct hvm_storage_fault *f)
{
	struct request r;

	fill(&r, i);
	(void)read_srb(i, &r.srb);
	r.t.length = r.srb.data_transfer_length;
	r.t.to_guest = r.srb.data_in != HVP_VSTOR_DATA_IN_WRITE;
	r.t.l = unit_of(&r);
	if (f && f->fail)
		fail(&r, f);
	else if (r.t.length > i->q->n->cfg.max_transfer)
		hvm_scsi_illegal(&r.t, SCSI_BAD_CDB);
	else if (r.srb.cdb[0] == REPORT_LUNS)
		report_luns(&r);
	else if (!r.t.l)
		nobody(&r);
	else
		hvm_scsi_run(&r.t);
	answer(&r);
}

static void later(void *ctx, uint64_t arg)
{
	struct sv_item *i = ctx;

	perform(i, arg ? &i->fault : NULL);
}

void hvm_sv_srb(struct sv_item *i)
{
	struct hvm_storvsp *n = i->q->n;
	const struct hvm_storage_fault *f;
	struct request r;

	fill(&r, i);
	if (!read_srb(i, &r.srb) || !ranges_legal(&r)) {
		hvm_sv_stop(n, "a request whose memory does not fit its data");
		hvm_sv_finish(i);
		return;
	}
	if (n->state != HVM_STORAGE_READY) {
		hvm_sv_complete(i, HVP_VSTOR_STATUS_INVALID_DEVICE_STATE, NULL, 0);
		return;
	}
	f = fault_for(n, r.srb.cdb[0]);
	if (f)
		i->fault = *f;
	if (!hvm_sv_later(i, n->cfg.io_delay + (f ? f->delay : 0), later, f != NULL))
		perform(i, f);
}
