/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvmock/gpadl.h - guest pages that are shared under a number
 *
 * What the host knows of a GPADL: assembly out of header and bodies, the ranges once they are
 * complete and valid, the state of chapter 10 section 5.5, and access to the pages behind it.
 *
 * Thread rule: one thread per partition. Ownership: a GPADL belongs to its channel; pointers
 * are good until the next message or call that can end it.
 */
#ifndef HVMOCK_GPADL_H
#define HVMOCK_GPADL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum hvm_gpadl_state {
	HVM_GPADL_NONE, /* unknown to the host */
	HVM_GPADL_IN_PROGRESS, /* header seen, bodies missing */
	HVM_GPADL_OFFERED, /* complete, device asked */
	HVM_GPADL_OFFERED_TEARING_DOWN, /* guest let go of it before the device answered */
	HVM_GPADL_ACCEPTED,
	HVM_GPADL_TEARING_DOWN, /* device asked to let go */
	HVM_GPADL_STATES
};

/**
 * struct hvm_gpadl_range - one range, as its words say
 * @byte_count:  bytes in the range
 * @byte_offset: of the first byte in the first page
 * @pfn_count:   pages
 * @pfns:        page frames
 */
struct hvm_gpadl_range {
	uint32_t byte_count;
	uint32_t byte_offset;
	uint32_t pfn_count;
	const uint64_t *pfns;
};

/**
 * struct hvm_gpadl - what the host keeps of a GPADL
 * @id:       gpadl_id
 * @channel:  channel id of its header
 * @state:    enum hvm_gpadl_state
 * @range_count:   as the header says
 * @words_total:   range_buf_len / 8
 * @words_have:    received so far
 * @words:    range data
 */
struct hvm_gpadl {
	uint32_t id;
	uint32_t channel;
	enum hvm_gpadl_state state;
	uint16_t range_count;
	uint16_t words_total;
	uint16_t words_have;
	uint64_t *words;
	/* private: */
	bool held;
	struct hvm_gpadl *next;
};

/**
 * hvm_gpadl_range() - range @index of a GPADL
 * @g:     GPADL
 * @index: 0..@g->range_count - 1
 * @out:   filled on HVP_OK
 *
 * Return: HVP_OK; HVP_RANGE when the words end before the range does; HVP_VALUE when a range up
 * to this one has byte_count 0 or byte_offset above 0xfff; HVP_ARG past the last.
 */
enum hvp_status hvm_gpadl_range(const struct hvm_gpadl *g, uint16_t index,
				struct hvm_gpadl_range *out);

/** hvm_gpadl_validate() - HVP_OK when all ranges are as chapter 10 section 5.2 wants them */
enum hvp_status hvm_gpadl_validate(const struct hvm_gpadl *g);

/** hvm_gpadl_size() - bytes of all ranges of a valid GPADL */
uint64_t hvm_gpadl_size(const struct hvm_gpadl *g);

/**
 * hvm_gpadl_gpa() - where a byte of a GPADL lies
 * @g:      valid GPADL
 * @offset: byte, counted over all ranges
 * @run:    bytes from there to the end of the page or of the range
 *
 * Return: guest-physical address; UINT64_MAX when @offset is past the end.
 */
uint64_t hvm_gpadl_gpa(const struct hvm_gpadl *g, uint64_t offset, uint32_t *run);

#ifdef __cplusplus
}
#endif

#endif /* HVMOCK_GPADL_H */
