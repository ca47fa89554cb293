/* SPDX-License-Identifier: BSD-2-Clause */
/* The messages of one GPADL, in order, each as often as posting it takes. */
#include <hvproto/gpadl.h>
#include <hvproto/wire/vmbus.h>
#include <hvproto/wr.h>

#define BODY_BYTES (HVP_GPADL_BODY_WORDS * 8u)

enum hvp_status hvp_gpadl_build_init(struct hvp_gpadl_build *b, uint32_t channel_id,
				     uint32_t gpadl_id, const struct hvp_gpadl_range *ranges,
				     uint32_t count)
{
	enum hvp_status status;
	uint32_t length = 0;

	if (gpadl_id == 0)
		return HVP_ARG;
	status = hvp_gpadl_length(ranges, count, &length);
	if (status != HVP_OK)
		return status;
	b->channel_id = channel_id;
	b->gpadl_id = gpadl_id;
	b->length = length;
	b->words_left = length / 8u;
	b->header_sent = false;
	b->next.ranges = ranges;
	b->next.count = count;
	b->next.range = 0;
	b->next.word = 0;
	return HVP_OK;
}

static uint32_t words_of_next(const struct hvp_gpadl_build *b)
{
	uint32_t room = b->header_sent ? HVP_GPADL_BODY_WORDS : HVP_GPADL_HEADER_WORDS;

	return b->words_left < room ? b->words_left : room;
}

/* Words of the next message, moving @c over them. */
static uint32_t take_words(struct hvp_gpadl_cursor *c, uint32_t words, uint8_t *out)
{
	uint64_t value = 0;
	uint32_t i;

	for (i = 0; i < words && hvp_gpadl_take(c, &value); i++)
		hvp_put_u64(out + (size_t)i * 8u, value);
	return i * 8u;
}

static enum hvp_status encode_header(const struct hvp_gpadl_build *b, struct hvp_rd words,
				     struct hvp_wr *w)
{
	struct hvp_neg neg = { 0, 0 };
	struct hvp_vmbus_gpadl_header m = {
		.channel_id = b->channel_id,
		.gpadl_id = b->gpadl_id,
		.range_buf_len = (uint16_t)b->length,
		.range_count = (uint16_t)b->next.count,
		.ranges = words,
	};

	neg.version = HVP_VMBUS_VERSION_0_13;
	return hvp_vmbus_gpadl_header_encode(w, neg, &m, NULL);
}

static enum hvp_status encode_body(const struct hvp_gpadl_build *b, struct hvp_rd words,
				   struct hvp_wr *w)
{
	struct hvp_neg neg = { 0, 0 };
	struct hvp_vmbus_gpadl_body m = { .gpadl_id = b->gpadl_id, .ranges = words };

	neg.version = HVP_VMBUS_VERSION_0_13;
	return hvp_vmbus_gpadl_body_encode(w, neg, &m, NULL);
}

enum hvp_status hvp_gpadl_build_next(const struct hvp_gpadl_build *b, uint8_t *msg, size_t cap,
				     size_t *size)
{
	struct hvp_gpadl_cursor c = b->next;
	uint8_t words[BODY_BYTES];
	struct hvp_wr w = hvp_wr_init(msg, cap);
	enum hvp_status status;
	struct hvp_rd r;

	if (b->words_left == 0)
		return HVP_AGAIN;
	r = hvp_rd_init(words, take_words(&c, words_of_next(b), words));
	status = b->header_sent ? encode_body(b, r, &w) : encode_header(b, r, &w);
	if (status == HVP_OK)
		*size = w.off;
	return status;
}

bool hvp_gpadl_build_posted(struct hvp_gpadl_build *b)
{
	uint8_t words[BODY_BYTES];
	uint32_t n = words_of_next(b);

	(void)take_words(&b->next, n, words);
	b->words_left -= n;
	b->header_sent = true;
	return b->words_left == 0;
}
