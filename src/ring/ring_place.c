/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a ring's bytes are: one mapping or a list of pages. */
#include "ring_place.h"

static bool aligned(const void *p)
{
	return p && (uintptr_t)p % 8u == 0;
}

bool hvp_ring_mem_ok(const struct hvp_ring_mem *mem)
{
	uint32_t i;

	if (!hvp_ring_size_ok(mem->size) || !aligned(mem->control))
		return false;
	if (mem->base)
		return aligned(mem->base);
	if (!mem->pages)
		return false;
	for (i = 0; i < mem->size / HVP_RING_PAGE_SIZE; i++)
		if (!aligned(mem->pages[i]))
			return false;
	return true;
}

void hvp_ring_mem_zero(const struct hvp_ring_mem *mem)
{
	uint32_t i;

	hvp_memzero(mem->control, HVP_RING_PAGE_SIZE);
	if (mem->base) {
		hvp_memzero(mem->base, mem->size);
		return;
	}
	for (i = 0; i < mem->size / HVP_RING_PAGE_SIZE; i++)
		hvp_memzero(mem->pages[i], HVP_RING_PAGE_SIZE);
}

void hvp_ring_place_set(struct hvp_ring_place *place, const struct hvp_ring_mem *mem,
			uint32_t index)
{
	uint32_t in_page = index % HVP_RING_PAGE_SIZE;

	place->index = index;
	if (mem->base) {
		place->at = mem->base + index;
		place->run = mem->size - index;
	} else {
		place->at = mem->pages[index / HVP_RING_PAGE_SIZE] + in_page;
		place->run = HVP_RING_PAGE_SIZE - in_page;
	}
}

/* The next @n bytes, or as many as lie before the break; the place moves over them. */
static uint8_t *take_run(struct hvp_ring_place *place, const struct hvp_ring_mem *mem, uint32_t n,
			 uint32_t *got)
{
	uint8_t *at = place->at;

	*got = n < place->run ? n : place->run;
	place->at += *got;
	place->run -= *got;
	place->index += *got;
	if (place->run == 0)
		hvp_ring_place_set(place, mem, place->index == mem->size ? 0 : place->index);
	return at;
}

void hvp_ring_place_write(struct hvp_ring_place *place, const struct hvp_ring_mem *mem,
			  const void *from, uint32_t n)
{
	const uint8_t *p = from;
	uint32_t got;

	while (n > 0) {
		uint8_t *at = take_run(place, mem, n, &got);

		hvp_memcpy(at, p, got);
		p += got;
		n -= got;
	}
}

void hvp_ring_place_read(struct hvp_ring_place *place, const struct hvp_ring_mem *mem, uint8_t *to,
			 uint32_t n)
{
	uint32_t got;

	while (n > 0) {
		const uint8_t *at = take_run(place, mem, n, &got);

		hvp_memcpy(to, at, got);
		to += got;
		n -= got;
	}
}
