/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ranges of GPA-direct and transfer-pages packets (chapter 10 section 3.5), over the
 * private copy of the packet.
 */
#include <hvproto/ring.h>

#define RANGES_OFFSET 24u /* of the first range from the start of the packet */

/*@ requires fault == \null || \valid(fault);
  @ assigns *fault;
  @ ensures \result == status; */
static enum hvp_status fault_at(struct hvp_fault *fault, enum hvp_status status,
				struct hvp_bound bound, uint64_t found)
{
	return hvp_fault_at(fault, status, &bound, found);
}

/*@ assigns \nothing; */
static struct hvp_bound bound_of(const char *message, const char *field, size_t offset,
				 uint64_t low, uint64_t high)
{
	struct hvp_bound bound;

	bound.message = message;
	bound.field = field;
	bound.offset = (uint32_t)offset;
	bound.low = low;
	bound.high = high;
	return bound;
}

enum hvp_status hvp_ring_gpa_ranges(const struct hvp_ring_packet *packet, struct hvp_gpa_iter *iter,
				    struct hvp_fault *fault)
{
	const uint8_t *p;

	if (packet->type != HVP_PACKET_GPA_DIRECT || !packet->bytes)
		return fault_at(fault, HVP_ARG,
				bound_of("ring.gpa_direct", "packet_type", 0, HVP_PACKET_GPA_DIRECT,
					 HVP_PACKET_GPA_DIRECT),
				packet->type);
	iter->rd = hvp_ring_extra(packet);
	p = hvp_rd_take(&iter->rd, 8);
	if (!p)
		return hvp_fault_size(fault, HVP_SHORT, "ring.gpa_direct", packet->data_offset,
				      RANGES_OFFSET);
	iter->left = hvp_get_u32(p + 4);
	if (iter->left == 0)
		return fault_at(fault, HVP_VALUE,
				bound_of("ring.gpa_direct", "range_count", 20, 1, UINT32_MAX), 0);
	return HVP_OK;
}

/* Section 3.5.2, on a range whose header stands at @at. */
/*@ requires \valid_read(item);
  @ requires fault == \null || \valid(fault);
  @ requires \separated(item, fault);
  @ assigns *fault;
  @ ensures \result == HVP_OK ==> item->byte_count > 0 && item->byte_offset < 4096;
  @ ensures \result == HVP_OK ==> item->byte_offset + item->byte_count <= 0xffffffff; */
static enum hvp_status check_gpa_item(const struct hvp_gpa_item *item, size_t at,
				      struct hvp_fault *fault)
{
	if (item->byte_count == 0)
		return fault_at(fault, HVP_VALUE,
				bound_of("ring.gpa_range", "byte_count", at, 1, UINT32_MAX), 0);
	if (item->byte_offset >= HVP_RING_PAGE_SIZE)
		return fault_at(fault, HVP_VALUE,
				bound_of("ring.gpa_range", "byte_offset", at + 4, 0,
					 HVP_RING_PAGE_SIZE - 1u),
				item->byte_offset);
	if (item->byte_count > UINT32_MAX - item->byte_offset)
		return fault_at(fault, HVP_RANGE,
				bound_of("ring.gpa_range", "byte_count", at, 1,
					 UINT32_MAX - item->byte_offset),
				item->byte_count);
	return HVP_OK;
}

enum hvp_status hvp_ring_gpa_next(struct hvp_gpa_iter *iter, struct hvp_gpa_item *item,
				  struct hvp_fault *fault)
{
	size_t at = HVP_RING_DESC_SIZE + iter->rd.off;
	enum hvp_status status;
	const uint8_t *p;

	if (iter->left == 0)
		return fault_at(fault, HVP_ARG,
				bound_of("ring.gpa_range", "range_count", 20, 1, UINT32_MAX), 0);
	p = hvp_rd_take(&iter->rd, 8);
	if (!p)
		return hvp_fault_size(fault, HVP_SHORT, "ring.gpa_range", hvp_rd_left(&iter->rd),
				      8);
	item->byte_count = hvp_get_u32(p);
	item->byte_offset = hvp_get_u32(p + 4);
	status = check_gpa_item(item, at, fault);
	if (status != HVP_OK)
		return status;
	item->pfn_count = (uint32_t)(((uint64_t)item->byte_offset + item->byte_count +
				      HVP_RING_PAGE_SIZE - 1u) /
				     HVP_RING_PAGE_SIZE);
	if (!hvp_rd_sub(&iter->rd, (size_t)item->pfn_count * 8u, &item->pfns))
		return hvp_fault_size(fault, HVP_SHORT, "ring.gpa_range", hvp_rd_left(&iter->rd),
				      (size_t)item->pfn_count * 8u);
	iter->left--;
	return HVP_OK;
}

enum hvp_status hvp_ring_xfer_ranges(const struct hvp_ring_packet *packet,
				     struct hvp_xfer_iter *iter, struct hvp_fault *fault)
{
	const uint8_t *p;
	size_t room;

	if (packet->type != HVP_PACKET_XFER_PAGES || !packet->bytes)
		return fault_at(fault, HVP_ARG,
				bound_of("ring.transfer_pages", "packet_type", 0,
					 HVP_PACKET_XFER_PAGES, HVP_PACKET_XFER_PAGES),
				packet->type);
	iter->rd = hvp_ring_extra(packet);
	p = hvp_rd_take(&iter->rd, 8);
	if (!p)
		return hvp_fault_size(fault, HVP_SHORT, "ring.transfer_pages", packet->data_offset,
				      RANGES_OFFSET);
	iter->set_id = hvp_get_u16(p);
	iter->left = hvp_get_u32(p + 4);
	room = hvp_rd_left(&iter->rd) / 8u;
	if (iter->left > room)
		return fault_at(fault, HVP_SHORT,
				bound_of("ring.transfer_pages", "range_count", 20, 0, room),
				iter->left);
	return HVP_OK;
}

enum hvp_status hvp_ring_xfer_next(struct hvp_xfer_iter *iter, uint32_t buffer_size,
				   struct hvp_xfer_range *range, struct hvp_fault *fault)
{
	size_t at = HVP_RING_DESC_SIZE + iter->rd.off;
	const uint8_t *p = iter->left > 0 ? hvp_rd_take(&iter->rd, 8) : NULL;

	if (!p)
		return fault_at(fault, HVP_ARG,
				bound_of("ring.transfer_range", "range_count", 20, 1, UINT32_MAX),
				0);
	iter->left--;
	range->byte_count = hvp_get_u32(p);
	range->byte_offset = hvp_get_u32(p + 4);
	if (range->byte_offset > buffer_size)
		return fault_at(
			fault, HVP_RANGE,
			bound_of("ring.transfer_range", "byte_offset", at + 4, 0, buffer_size),
			range->byte_offset);
	if (range->byte_count > buffer_size - range->byte_offset)
		return fault_at(fault, HVP_RANGE,
				bound_of("ring.transfer_range", "byte_count", at, 0,
					 buffer_size - range->byte_offset),
				range->byte_count);
	return HVP_OK;
}
