/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arithmetic of GPADLs (chapter 10 section 5.1) and the stream of u64s that the messages
 * carry: for each range its header, then its pages, cut anywhere.
 */
#include <hvproto/gpadl.h>

enum hvp_status hvp_gpadl_range_bytes(const struct hvp_gpadl_range *range, uint32_t *bytes)
{
	uint32_t pages;

	if (range->byte_count == 0 || range->byte_offset >= HVP_PAGE_SIZE ||
	    range->byte_count > UINT32_MAX - range->byte_offset)
		return HVP_ARG;
	pages = hvp_gpadl_range_pages(range->byte_offset, range->byte_count);
	if (pages > HVP_GPADL_MAX_PAGES)
		return HVP_NOSPACE;
	*bytes = 8u + 8u * pages;
	return HVP_OK;
}

enum hvp_status hvp_gpadl_length(const struct hvp_gpadl_range *ranges, uint32_t count,
				 uint32_t *length)
{
	enum hvp_status status;
	uint32_t sum = 0;
	uint32_t bytes = 0;
	uint32_t i;

	if (count == 0)
		return HVP_ARG;
	/*@ loop invariant 0 <= i <= count;
	  @ loop invariant sum <= HVP_GPADL_MAX_LENGTH && sum % 8 == 0 && 16 * i <= sum;
	  @ loop assigns i, sum, bytes, status;
	  @ loop variant count - i; */
	for (i = 0; i < count; i++) {
		status = hvp_gpadl_range_bytes(&ranges[i], &bytes);
		if (status != HVP_OK)
			return status;
		if (bytes > HVP_GPADL_MAX_LENGTH - sum)
			return HVP_NOSPACE;
		sum += bytes;
	}
	*length = sum;
	return HVP_OK;
}

bool hvp_gpadl_take(struct hvp_gpadl_cursor *c, uint64_t *value)
{
	const struct hvp_gpadl_range *r;
	uint32_t page;

	if (c->range >= c->count)
		return false;
	r = &c->ranges[c->range];
	if (c->word == 0) {
		*value = (uint64_t)r->byte_offset << 32 | r->byte_count;
	} else {
		page = c->word - 1u;
		if (r->pfns)
			*value = r->pfns[page];
		else
			*value = (r->first_pfn + page) & (UINT64_MAX >> 12);
	}
	if (c->word < hvp_gpadl_range_pages(r->byte_offset, r->byte_count)) {
		c->word++;
	} else {
		c->range++;
		c->word = 0;
	}
	return true;
}
