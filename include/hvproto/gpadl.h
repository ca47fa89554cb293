/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvproto/gpadl.h - how a list of guest pages becomes GPADL_HEADER and GPADL_BODY messages
 *
 * Arithmetic and a resumable builder, without any state of a connection. Most callers hand
 * ranges to hvp_channel_open() or hvp_gpadl_create() and never call these.
 *
 * Thread rule: pure functions of their arguments; one caller at a time per builder.
 * Ownership rule: a builder borrows the ranges and their page lists until it is done.
 *
 * Source: chapter 10 sections 4.7 and 5; two implementations agree (OpenVMM, Linux).
 */
#ifndef HVPROTO_GPADL_H
#define HVPROTO_GPADL_H

#include <hvproto/port.h>
#include <hvproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HVP_PAGE_SIZE 4096u /* of the protocol, whatever the guest uses */
#define HVP_GPADL_MAX_LENGTH 65528u /* largest range_buf_len, bytes */
#define HVP_GPADL_MAX_PAGES 8190u /* of one range */
#define HVP_GPADL_HEADER_WORDS 27u /* u64s of range data in a GPADL_HEADER */
#define HVP_GPADL_BODY_WORDS 28u /* and in a GPADL_BODY */
#define HVP_GPADL_MAX_BODIES 292u

/**
 * struct hvp_gpadl_range - one range of guest memory
 * @byte_count:  bytes, at least 1
 * @byte_offset: of the first byte in its page, 0..4095
 * @pfns:        guest physical address >> 12 of each page, in order, any pages; NULL: the
 *               pages are @first_pfn, @first_pfn + 1, ...
 * @first_pfn:   used when @pfns is NULL
 */
struct hvp_gpadl_range {
	uint32_t byte_count;
	uint32_t byte_offset;
	const uint64_t *pfns;
	uint64_t first_pfn;
};

/**
 * hvp_gpadl_range_pages() - pages that a range touches
 * @byte_offset: of the first byte in its page
 * @byte_count:  bytes
 *
 * Context: any. Return: ceil((@byte_offset + @byte_count) / 4096), without overflow.
 */
/*@ assigns \nothing;
  @ ensures \result == (byte_offset + byte_count + 4095) / 4096;
  @ ensures \result <= 0x200000; */
static inline uint32_t hvp_gpadl_range_pages(uint32_t byte_offset, uint32_t byte_count)
{
	return (uint32_t)(((uint64_t)byte_offset + byte_count + (HVP_PAGE_SIZE - 1u)) /
			  HVP_PAGE_SIZE);
}

/**
 * hvp_gpadl_range_bytes() - what a range adds to range_buf_len
 * @range: range
 * @bytes: written on HVP_OK: 8 + 8 x pages
 *
 * Context: any.
 * Return: HVP_OK; HVP_ARG if @byte_count is 0, @byte_offset is above 4095 or their sum does
 * not fit in 32 bits; HVP_NOSPACE if the range alone exceeds HVP_GPADL_MAX_LENGTH.
 */
/*@ requires \valid_read(range) && \valid(bytes) && \separated(range, bytes);
  @ assigns *bytes;
  @ ensures \result == HVP_OK || \result == HVP_ARG || \result == HVP_NOSPACE;
  @ ensures \result == HVP_OK ==>
  @	range->byte_count > 0 && range->byte_offset < 4096 &&
  @	range->byte_offset + range->byte_count <= 0xffffffff &&
  @	*bytes == 8 + 8 * ((range->byte_offset + range->byte_count + 4095) / 4096) &&
  @	16 <= *bytes <= HVP_GPADL_MAX_LENGTH; */
HVP_MUST_CHECK
enum hvp_status hvp_gpadl_range_bytes(const struct hvp_gpadl_range *range, uint32_t *bytes);

/**
 * hvp_gpadl_length() - range_buf_len of a list of ranges
 * @ranges: @count ranges
 * @count:  1 or more
 * @length: written on HVP_OK: bytes of range data over all messages, a multiple of 8
 *
 * Context: any.
 * Return: HVP_OK; HVP_ARG for no range or one that hvp_gpadl_range_bytes() refuses;
 * HVP_NOSPACE if the sum exceeds HVP_GPADL_MAX_LENGTH.
 */
/*@ requires count > 0 ==> \valid_read(ranges + (0 .. count - 1));
  @ requires \valid(length) && \separated(length, ranges + (0 .. count - 1));
  @ assigns *length;
  @ ensures \result == HVP_OK || \result == HVP_ARG || \result == HVP_NOSPACE;
  @ ensures \result == HVP_OK ==> 16 <= *length <= HVP_GPADL_MAX_LENGTH;
  @ ensures \result == HVP_OK ==> *length % 8 == 0;
  @ ensures \result == HVP_OK ==> count <= HVP_GPADL_MAX_LENGTH; */
HVP_MUST_CHECK
enum hvp_status hvp_gpadl_length(const struct hvp_gpadl_range *ranges, uint32_t count,
				 uint32_t *length);

/**
 * hvp_gpadl_bodies() - GPADL_BODY messages that follow the header
 * @length: range_buf_len, a multiple of 8, at most HVP_GPADL_MAX_LENGTH
 *
 * Context: any. Return: 0..292.
 */
/*@ requires length <= HVP_GPADL_MAX_LENGTH;
  @ assigns \nothing;
  @ ensures length / 8 <= 27 ==> \result == 0;
  @ ensures length / 8 > 27 ==> \result == (length / 8 - 27 + 27) / 28;
  @ ensures \result <= HVP_GPADL_MAX_BODIES; */
static inline uint32_t hvp_gpadl_bodies(uint32_t length)
{
	uint32_t words = length / 8u;

	if (words <= HVP_GPADL_HEADER_WORDS)
		return 0;
	return (words - HVP_GPADL_HEADER_WORDS + HVP_GPADL_BODY_WORDS - 1u) / HVP_GPADL_BODY_WORDS;
}

/**
 * struct hvp_gpadl_cursor - a place in the u64 stream of a list of ranges
 * @ranges: the list
 * @count:  ranges in it
 * @range:  range that the next word belongs to, 0..@count
 * @word:   word of that range: 0 is its header, 1.. are its pages
 */
struct hvp_gpadl_cursor {
	const struct hvp_gpadl_range *ranges;
	uint32_t count;
	uint32_t range;
	uint32_t word;
};

/*@ predicate hvp_gpadl_range_ok(struct hvp_gpadl_range r) =
  @	r.byte_count > 0 && r.byte_offset < 4096 &&
  @	r.byte_offset + r.byte_count <= 0xffffffff &&
  @	(r.pfns != \null ==>
  @	 \valid_read(r.pfns + (0 .. (r.byte_offset + r.byte_count + 4095) / 4096 - 1)));
  @ predicate hvp_gpadl_cursor_ok(struct hvp_gpadl_cursor *c) =
  @	\valid(c) && c->range <= c->count &&
  @	(c->count > 0 ==> \valid_read(c->ranges + (0 .. c->count - 1))) &&
  @	(\forall integer i; 0 <= i < c->count ==> hvp_gpadl_range_ok(c->ranges[i])) &&
  @	(c->range < c->count ==> c->word <=
  @	 (c->ranges[c->range].byte_offset + c->ranges[c->range].byte_count + 4095) / 4096); */

/**
 * hvp_gpadl_take() - the next word of the stream
 * @c:     cursor over ranges that hvp_gpadl_length() accepts; moved on success
 * @value: the word, written on success
 *
 * Context: any. Return: true, or false at the end of the last range.
 */
/*@ requires hvp_gpadl_cursor_ok(c) && \valid(value);
  @ requires \separated(c, value) && \separated(value, c->ranges + (0 .. c->count - 1));
  @ requires \separated(c, c->ranges + (0 .. c->count - 1));
  @ requires \forall integer i; 0 <= i < c->count && c->ranges[i].pfns != \null ==>
  @	\separated(c, c->ranges[i].pfns +
  @	 (0 .. (c->ranges[i].byte_offset + c->ranges[i].byte_count + 4095) / 4096 - 1));
  @ assigns *value, c->range, c->word;
  @ ensures c->range <= c->count;
  @ ensures c->range < c->count ==> c->word <=
  @	(c->ranges[c->range].byte_offset + c->ranges[c->range].byte_count + 4095) / 4096;
  @ ensures \result <==> \old(c->range) < c->count;
  @ ensures !\result ==> c->range == \old(c->range) && c->word == \old(c->word);
  @ ensures \result ==> (c->range == \old(c->range) && c->word == \old(c->word) + 1) ||
  @	(c->range == \old(c->range) + 1 && c->word == 0); */
bool hvp_gpadl_take(struct hvp_gpadl_cursor *c, uint64_t *value);

/**
 * struct hvp_gpadl_build - the messages of one GPADL, one after the other
 * @channel_id:  of the owning channel
 * @gpadl_id:    nonzero, unique over the connection
 * @length:      range_buf_len
 * @words_left:  words that no posted message has carried yet
 * @header_sent: the next message is a GPADL_BODY
 * @next:        cursor at the first word of the next message
 *
 * Posting may stop after any message and go on later: hvp_gpadl_build_next() gives the same
 * message until hvp_gpadl_build_posted() says that it is on its way.
 */
struct hvp_gpadl_build {
	uint32_t channel_id;
	uint32_t gpadl_id;
	uint32_t length;
	uint32_t words_left;
	bool header_sent;
	struct hvp_gpadl_cursor next;
};

/**
 * hvp_gpadl_build_init() - start to build
 * @b:          builder
 * @channel_id: owner
 * @gpadl_id:   nonzero
 * @ranges:     @count ranges, borrowed with their page lists until the last message is posted
 * @count:      1 or more
 *
 * Context: any. Return: as hvp_gpadl_length(); HVP_ARG also for @gpadl_id 0.
 */
HVP_MUST_CHECK
enum hvp_status hvp_gpadl_build_init(struct hvp_gpadl_build *b, uint32_t channel_id,
				     uint32_t gpadl_id, const struct hvp_gpadl_range *ranges,
				     uint32_t count);

/**
 * hvp_gpadl_build_next() - encode the message that is to be posted now
 * @b:    builder; not moved
 * @msg:  at least 240 bytes
 * @cap:  bytes at @msg
 * @size: written on HVP_OK: bytes of the message
 *
 * Context: any.
 * Return: HVP_OK; HVP_AGAIN when every message has been posted; HVP_NOSPACE if @cap is too
 * small.
 */
HVP_MUST_CHECK
enum hvp_status hvp_gpadl_build_next(const struct hvp_gpadl_build *b, uint8_t *msg, size_t cap,
				     size_t *size);

/**
 * hvp_gpadl_build_posted() - the message of hvp_gpadl_build_next() is on its way
 * @b: builder; moved to the next message
 *
 * Context: any. Return: true if that was the last message.
 */
bool hvp_gpadl_build_posted(struct hvp_gpadl_build *b);

#ifdef __cplusplus
}
#endif

#endif /* HVPROTO_GPADL_H */
