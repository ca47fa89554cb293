/* SPDX-License-Identifier: BSD-2-Clause */
/* What the words of a GPADL say: chapter 10 section 5.2. */
#include <hvmock/gpadl.h>

#define PAGE 4096u
#define OFFSET_MAX 0xfffu

/* Range that begins at word @at; *@at moves past it. */
static enum hvp_status range_at(const struct hvm_gpadl *g, uint32_t *at,
				struct hvm_gpadl_range *out)
{
	uint64_t bytes;

	if (*at >= g->words_total)
		return HVP_RANGE;
	out->byte_count = (uint32_t)(g->words[*at] & UINT32_MAX);
	out->byte_offset = (uint32_t)(g->words[*at] >> 32);
	if (!out->byte_count || out->byte_offset > OFFSET_MAX)
		return HVP_VALUE;
	bytes = (uint64_t)out->byte_offset + out->byte_count;
	out->pfn_count = (uint32_t)((bytes + PAGE - 1) / PAGE);
	if (out->pfn_count > g->words_total - *at - 1u)
		return HVP_RANGE;
	out->pfns = &g->words[*at + 1];
	*at += 1 + out->pfn_count;
	return HVP_OK;
}

enum hvp_status hvm_gpadl_range(const struct hvm_gpadl *g, uint16_t index,
				struct hvm_gpadl_range *out)
{
	enum hvp_status st = HVP_ARG;
	uint32_t at = 0;
	uint32_t i;

	if (index >= g->range_count)
		return HVP_ARG;
	for (i = 0; i <= index; i++) {
		st = range_at(g, &at, out);
		if (st != HVP_OK)
			break;
	}
	return st;
}

enum hvp_status hvm_gpadl_validate(const struct hvm_gpadl *g)
{
	struct hvm_gpadl_range r;
	uint32_t at = 0;
	uint32_t i;

	for (i = 0; i < g->range_count; i++) {
		enum hvp_status st = range_at(g, &at, &r);

		if (st != HVP_OK)
			return st;
	}
	return HVP_OK;
}

uint64_t hvm_gpadl_size(const struct hvm_gpadl *g)
{
	struct hvm_gpadl_range r;
	uint64_t size = 0;
	uint32_t at = 0;
	uint32_t i;

	for (i = 0; i < g->range_count && range_at(g, &at, &r) == HVP_OK; i++)
		size += r.byte_count;
	return size;
}

uint64_t hvm_gpadl_gpa(const struct hvm_gpadl *g, uint64_t offset, uint32_t *run)
{
	struct hvm_gpadl_range r;
	uint32_t at = 0;
	uint32_t i;

	for (i = 0; i < g->range_count && range_at(g, &at, &r) == HVP_OK; i++) {
		if (offset < r.byte_count) {
			uint64_t in = offset + r.byte_offset;
			uint64_t left = r.byte_count - offset;
			uint64_t page = PAGE - in % PAGE;

			*run = (uint32_t)(left < page ? left : page);
			return r.pfns[in / PAGE] * PAGE + in % PAGE;
		}
		offset -= r.byte_count;
	}
	return UINT64_MAX;
}
