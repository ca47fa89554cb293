/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Persistent reservations (chapter 30 section 13.12). An initiator is the controller through which
 * it asks: two controllers with the same unit are two members of a cluster.
 */
#include "scsi_internal.h"

#define LIST_SIZE 24u
#define SPEC_I_PT 0x08u
#define STATUS_SIZE 24u

enum type {
	WRITE_EXCLUSIVE = 1,
	EXCLUSIVE_ACCESS = 3,
	WRITE_EXCLUSIVE_RO = 5,
	EXCLUSIVE_ACCESS_RO = 6,
	WRITE_EXCLUSIVE_AR = 7,
	EXCLUSIVE_ACCESS_AR = 8,
};

enum action {
	REGISTER,
	RESERVE,
	RELEASE,
	CLEAR,
	PREEMPT,
	PREEMPT_ABORT,
	REGISTER_IGNORE
};

static bool known_type(uint8_t type)
{
	return type == WRITE_EXCLUSIVE || type == EXCLUSIVE_ACCESS ||
	       (type >= WRITE_EXCLUSIVE_RO && type <= EXCLUSIVE_ACCESS_AR);
}

static bool of_all(uint8_t type)
{
	return type == WRITE_EXCLUSIVE_AR || type == EXCLUSIVE_ACCESS_AR;
}

static struct scsi_registrant *registrant(struct hvm_lun *l, const void *nexus)
{
	uint32_t i;

	for (i = 0; i < l->registrant_n; i++)
		if (l->registrants[i].nexus == nexus)
			return &l->registrants[i];
	return NULL;
}

static bool holds(const struct hvm_lun *l, const void *nexus)
{
	if (!l->holder)
		return false;
	if (of_all(l->reservation))
		return registrant((struct hvm_lun *)(uintptr_t)l, nexus) != NULL;
	return l->holder == nexus;
}

/* ---- conflicts ---- */

static bool in_list(uint8_t opcode, const uint8_t *list, size_t n)
{
	return memchr(list, opcode, n) != NULL;
}

static bool reads(uint8_t opcode)
{
	static const uint8_t those[] = { 0x08, 0x28, 0x88, 0xa8, 0x2f, 0x8f, 0xaf };

	return in_list(opcode, those, sizeof(those));
}

static bool writes(uint8_t opcode)
{
	static const uint8_t those[] = { 0x04, 0x0a, 0x15, 0x2a, 0x2e, 0x35, 0x41, 0x42,
					 0x55, 0x8a, 0x8e, 0x91, 0x93, 0xaa, 0xae };

	return in_list(opcode, those, sizeof(those));
}

bool hvm_scsi_conflicts(const struct scsi_task *t)
{
	struct hvm_lun *l = t->l;
	bool registered;

	if (!l->holder || holds(l, t->nexus))
		return false;
	registered = registrant(l, t->nexus) != NULL;
	switch (l->reservation) {
	case WRITE_EXCLUSIVE:
		return writes(t->cdb[0]);
	case EXCLUSIVE_ACCESS:
		return reads(t->cdb[0]) || writes(t->cdb[0]);
	case WRITE_EXCLUSIVE_RO:
	case WRITE_EXCLUSIVE_AR:
		return writes(t->cdb[0]) && !registered;
	default:
		return (reads(t->cdb[0]) || writes(t->cdb[0])) && !registered;
	}
}

static void conflict(struct scsi_task *t)
{
	t->srb_status = HVP_VSTOR_SRB_ERROR;
	t->scsi_status = HVP_VSTOR_SCSI_STATUS_RESERVATION_CONFLICT;
}

/* ---- PERSISTENT RESERVE IN ---- */

static uint32_t keys(const struct hvm_lun *l, uint8_t *out)
{
	uint32_t i;

	for (i = 0; i < l->registrant_n; i++)
		scsi_put64(out + 8 + 8 * i, l->registrants[i].key);
	scsi_put32(out + 4, 8 * l->registrant_n);
	return 8 + 8 * l->registrant_n;
}

static uint32_t reservation(struct hvm_lun *l, uint8_t *out)
{
	const struct scsi_registrant *r = l->holder ? registrant(l, l->holder) : NULL;

	if (!l->holder)
		return 8;
	scsi_put32(out + 4, 16);
	scsi_put64(out + 8, r && !of_all(l->reservation) ? r->key : 0);
	out[21] = l->reservation;
	return 24;
}

static uint32_t capabilities(uint8_t *out)
{
	scsi_put16(out, 8);
	out[3] = 0x80; /* the mask of types is valid */
	out[4] = 0xea;
	out[5] = 0x01;
	return 8;
}

static uint32_t full_status(const struct hvm_lun *l, uint8_t *out)
{
	uint32_t i;

	for (i = 0; i < l->registrant_n; i++) {
		uint8_t *r = out + 8 + STATUS_SIZE * i;
		bool holder = holds(l, l->registrants[i].nexus);

		scsi_put64(r, l->registrants[i].key);
		r[12] = holder;
		r[13] = holder ? l->reservation : 0;
		scsi_put16(r + 18, 1);
	}
	scsi_put32(out + 4, STATUS_SIZE * l->registrant_n);
	return 8 + STATUS_SIZE * l->registrant_n;
}

void hvm_scsi_reserve_in(struct scsi_task *t)
{
	uint8_t out[8 + STATUS_SIZE * SCSI_REGISTRANTS] = { 0 };
	uint32_t n;

	scsi_put32(out, t->l->generation);
	switch (t->cdb[1] & 0x1fu) {
	case 0:
		n = keys(t->l, out);
		break;
	case 1:
		n = reservation(t->l, out);
		break;
	case 2:
		memset(out, 0, 8);
		n = capabilities(out);
		break;
	case 3:
		n = full_status(t->l, out);
		break;
	default:
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
		return;
	}
	hvm_scsi_answer(t, out, n, scsi_get16(t->cdb + 7));
}

/* ---- PERSISTENT RESERVE OUT ---- */

static void forget(struct hvm_lun *l, struct scsi_registrant *r)
{
	const void *nexus = r->nexus;

	*r = l->registrants[--l->registrant_n];
	if (l->holder != nexus)
		return;
	/* A reservation of all registrants lives as long as there is one. */
	l->holder = of_all(l->reservation) && l->registrant_n ? l->registrants[0].nexus : NULL;
}

static void register_key(struct scsi_task *t, uint64_t key, uint64_t fresh, bool ignore)
{
	struct scsi_registrant *r = registrant(t->l, t->nexus);

	if (!ignore && (r ? r->key : 0) != key) {
		conflict(t);
		return;
	}
	if (r && fresh)
		r->key = fresh;
	else if (r)
		forget(t->l, r);
	else if (fresh && t->l->registrant_n < SCSI_REGISTRANTS)
		t->l->registrants[t->l->registrant_n++] = (struct scsi_registrant){ t->nexus,
										    fresh };
	t->l->generation++;
}

static void reserve(struct scsi_task *t, uint8_t type)
{
	struct hvm_lun *l = t->l;

	if (l->holder && (!holds(l, t->nexus) || l->reservation != type)) {
		conflict(t);
		return;
	}
	l->holder = t->nexus;
	l->reservation = type;
}

static void release(struct scsi_task *t, uint8_t type)
{
	if (!holds(t->l, t->nexus))
		return;
	if (t->l->reservation != type)
		hvm_scsi_illegal(t, SCSI_BAD_LIST);
	else
		t->l->holder = NULL;
}

/* Registrants with the key go; the reservation goes to the one who asks if theirs was it. */
static void preempt(struct scsi_task *t, uint64_t key, uint8_t type)
{
	struct hvm_lun *l = t->l;
	bool takes = false;
	uint32_t i = 0;

	while (i < l->registrant_n) {
		struct scsi_registrant *r = &l->registrants[i];

		if (r->key != key || r->nexus == t->nexus) {
			i++;
			continue;
		}
		takes = takes || l->holder == r->nexus;
		forget(l, r);
	}
	if (takes) {
		l->holder = t->nexus;
		l->reservation = type;
	}
	l->generation++;
}

static void act(struct scsi_task *t, const uint8_t *list)
{
	uint8_t action = t->cdb[1] & 0x1fu;
	uint8_t type = t->cdb[2] & 0x0fu;
	const struct scsi_registrant *r = registrant(t->l, t->nexus);

	if (action == REGISTER || action == REGISTER_IGNORE) {
		register_key(t, scsi_get64(list), scsi_get64(list + 8), action == REGISTER_IGNORE);
	} else if (!r || r->key != scsi_get64(list)) {
		conflict(t);
	} else if (action == RESERVE) {
		reserve(t, type);
	} else if (action == RELEASE) {
		release(t, type);
	} else if (action == CLEAR) {
		t->l->registrant_n = 0;
		t->l->holder = NULL;
		t->l->generation++;
	} else {
		preempt(t, scsi_get64(list + 8), type);
	}
}

static bool scope_matters(uint8_t action)
{
	return action != REGISTER && action != CLEAR && action != REGISTER_IGNORE;
}

void hvm_scsi_reserve_out(struct scsi_task *t)
{
	uint8_t action = t->cdb[1] & 0x1fu;
	uint8_t list[LIST_SIZE];

	if (action > REGISTER_IGNORE ||
	    (scope_matters(action) && (t->cdb[2] >> 4 || !known_type(t->cdb[2] & 0x0fu))))
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
	else if (scsi_get32(t->cdb + 5) != LIST_SIZE || t->length < LIST_SIZE)
		hvm_scsi_illegal(t, SCSI_LIST_LENGTH);
	else if (t->to_guest || !t->get(t->ctx, 0, list, sizeof(list)))
		hvm_scsi_illegal(t, SCSI_BAD_CDB);
	else if (list[20] & SPEC_I_PT)
		hvm_scsi_illegal(t, SCSI_BAD_LIST);
	else
		act(t, list);
	if (t->scsi_status == HVP_VSTOR_SCSI_STATUS_GOOD)
		t->moved = LIST_SIZE;
}
