/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scsi_internal.h - logical units and the commands they carry out (chapter 30 section 13)
 *
 * scsi.c takes a command apart and knows the short ones; scsi_inquiry.c says what the unit is,
 * scsi_mode.c its capacity and modes, scsi_block.c moves data, scsi_dvd.c has what only a drive
 * does, scsi_reserve.c persistent reservations, scsi_lun.c the unit itself.
 *
 * SCSI is big-endian.
 */
#ifndef SCSI_INTERNAL_H
#define SCSI_INTERNAL_H

#include <stdlib.h>
#include <string.h>

#include <hvmock/disk.h>
#include <hvproto/wire/vstor.h>

#include "../host/vec.h"

#define SCSI_SENSE_SIZE 18u
#define SCSI_REGISTRANTS 32u

/* Sense keys. */
#define SCSI_NO_SENSE 0x0u
#define SCSI_NOT_READY 0x2u
#define SCSI_MEDIUM_ERROR 0x3u
#define SCSI_ILLEGAL 0x5u
#define SCSI_UNIT_ATTENTION 0x6u
#define SCSI_DATA_PROTECT 0x7u

/* Additional sense codes with their qualifiers. */
#define SCSI_LIST_LENGTH 0x1a00u
#define SCSI_BAD_OPCODE 0x2000u
#define SCSI_BAD_LBA 0x2100u
#define SCSI_BAD_CDB 0x2400u
#define SCSI_BAD_LIST 0x2600u
#define SCSI_WRITE_PROTECTED 0x2700u
#define SCSI_CAPACITY_CHANGED 0x2a09u
#define SCSI_NO_MEDIUM_CLOSED 0x3a01u
#define SCSI_NO_MEDIUM_OPEN 0x3a02u
#define SCSI_REMOVAL_PREVENTED 0x5302u
#define SCSI_WRITE_FAULT 0x0300u
#define SCSI_READ_ERROR 0x1100u

struct scsi_sense {
	uint8_t key;
	uint16_t code; /* asc << 8 | ascq */
};

struct scsi_registrant {
	const void *nexus;
	uint64_t key;
};

struct hvm_lun {
	struct hvm_lun_config cfg;
	uint64_t told_blocks; /* the guest knows of */
	struct scsi_sense last; /* for REQUEST SENSE */
	struct scsi_registrant registrants[SCSI_REGISTRANTS];
	uint32_t registrant_n;
	uint32_t generation;
	const void *holder; /* of the reservation; NULL: none */
	uint8_t reservation; /* its type */
	bool prevented; /* medium removal */
	bool tray_open;
};

/* One command: what is asked, where its data is, and what became of it. */
struct scsi_task {
	struct hvm_lun *l;
	const void *nexus; /* who asks */
	const uint8_t *cdb; /* 16 bytes */
	uint32_t length; /* of the data buffer */
	bool to_guest;
	bool (*get)(void *ctx, uint32_t at, void *to, size_t len);
	bool (*put)(void *ctx, uint32_t at, const void *from, size_t len);
	void *ctx;
	uint32_t moved;
	uint8_t srb_status;
	uint8_t scsi_status;
	bool has_sense;
	uint8_t sense[SCSI_SENSE_SIZE];
};

static inline uint16_t scsi_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t scsi_get32(const uint8_t *p)
{
	return (uint32_t)scsi_get16(p) << 16 | scsi_get16(p + 2);
}

static inline uint64_t scsi_get64(const uint8_t *p)
{
	return (uint64_t)scsi_get32(p) << 32 | scsi_get32(p + 4);
}

static inline void scsi_put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void scsi_put32(uint8_t *p, uint32_t v)
{
	scsi_put16(p, v >> 16);
	scsi_put16(p + 2, v);
}

static inline void scsi_put64(uint8_t *p, uint64_t v)
{
	scsi_put32(p, (uint32_t)(v >> 32));
	scsi_put32(p + 4, (uint32_t)v);
}

/* scsi.c */
void hvm_scsi_run(struct scsi_task *t);
void hvm_scsi_fail(struct scsi_task *t, uint8_t srb_status, uint8_t key, uint16_t code);
void hvm_scsi_illegal(struct scsi_task *t, uint16_t code);
void hvm_scsi_medium(struct scsi_task *t, uint16_t code);
/* @n bytes at most go to the guest, and as many as it gave room for */
void hvm_scsi_answer(struct scsi_task *t, const uint8_t *bytes, uint32_t n, uint32_t allocation);
void hvm_scsi_absent(struct scsi_task *t, uint8_t lun);

/* scsi_inquiry.c */
void hvm_scsi_inquiry(struct scsi_task *t);
uint32_t hvm_scsi_standard(const struct hvm_lun *l, uint8_t *out);

/* scsi_mode.c */
void hvm_scsi_capacity_10(struct scsi_task *t);
void hvm_scsi_service_in(struct scsi_task *t);
void hvm_scsi_mode_sense(struct scsi_task *t);
void hvm_scsi_mode_select(struct scsi_task *t);

/* scsi_block.c */
void hvm_scsi_read(struct scsi_task *t);
void hvm_scsi_write(struct scsi_task *t);
void hvm_scsi_verify(struct scsi_task *t);
void hvm_scsi_flush(struct scsi_task *t);
void hvm_scsi_write_same(struct scsi_task *t);
void hvm_scsi_unmap(struct scsi_task *t);

/* scsi_dvd.c: true if it was a drive's command */
bool hvm_scsi_dvd(struct scsi_task *t);

/* scsi_reserve.c */
bool hvm_scsi_conflicts(const struct scsi_task *t);
void hvm_scsi_reserve_in(struct scsi_task *t);
void hvm_scsi_reserve_out(struct scsi_task *t);

#endif /* SCSI_INTERNAL_H */
