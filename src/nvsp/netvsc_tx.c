/* SPDX-License-Identifier: BSD-2-Clause */
/* Sending a frame: by section of the send buffer, several in one packet, or by reference. */
#include "netvsc.h"

#define MSS_MAX HVP_RNDIS_LSO_MSS
#define L4_OFFSET_MAX 0x3ffu
#define VLAN_SIZE 4u

static enum hvp_status stop(struct hvp_netvsc_queue *q, uint64_t *counter)
{
	(*counter)++;
	if (!q->stopped)
		q->news |= HVP_NET_NEWS_STOP;
	q->stopped = true;
	return HVP_AGAIN;
}

static void slot_return(struct hvp_netvsc_queue *q, struct hvp_netvsc_tx *tx)
{
	void *request;

	(void)!hvp_reqids_finish(&q->ids, tx->id, &request);
	hvp_net_slot_free(q, tx);
}

/* The NVSP message of a packet with frames, zero-padded to the size of the version. */
static uint32_t data_message(const struct hvp_netvsc_queue *q, uint8_t *bytes, uint32_t section,
			     uint32_t size)
{
	hvp_put_u32(bytes, HVP_NVSP_RNDIS_PACKET);
	hvp_put_u32(bytes + 4, HVP_NVSP_CHANNEL_TYPE_DATA);
	hvp_put_u32(bytes + 8, section);
	hvp_put_u32(bytes + 12, size);
	hvp_memzero(bytes + 16, HVP_NVSP_MESSAGE_SIZE_6_1 - 16u);
	return hvp_net_is_version(q->dev, HVP_NVSP_VERSION_6_1) ? HVP_NVSP_MESSAGE_SIZE_6_1
								: HVP_NVSP_MESSAGE_SIZE;
}

/* True if the batch is on its way; else it stays, and goes when there is room. */
bool hvp_net_batch_put(struct hvp_netvsc_queue *q)
{
	uint8_t bytes[HVP_NVSP_MESSAGE_SIZE_6_1];
	struct hvp_ring_out out;
	enum hvp_status status;
	uint32_t size;

	if (!q->batch)
		return true;
	size = data_message(q, bytes, q->batch->section, q->batch_used);
	out = hvp_ring_request(q->batch->id, bytes, size);
	status = hvp_net_put(q, &out, 0, hvp_ring_packet_total(0, size));
	q->batch_due = status != HVP_OK;
	if (status != HVP_OK)
		return false;
	q->batch = NULL;
	q->stats.tx_packets++;
	return true;
}

static void copy_pieces(const struct hvp_netvsc_frame *f, uint8_t *to)
{
	uint32_t i;

	for (i = 0; i < f->piece_count; i++) {
		hvp_memcpy(to, f->pieces[i].p, f->pieces[i].size);
		to += f->pieces[i].size;
	}
}

/* The message before ends where this one begins: its length grows by the gap, which is zero. */
static uint32_t append_at(struct hvp_netvsc_queue *q, uint8_t *section)
{
	uint32_t mask = q->dev->info.alignment - 1u;
	uint32_t at = (q->batch_used + mask) & ~mask;
	uint32_t gap = at - q->batch_used;

	if (gap > 0) {
		hvp_memzero(section + q->batch_used, gap);
		hvp_put_u32(section + q->batch_last + 4, at - q->batch_last);
	}
	return at;
}

static bool fits_batch(const struct hvp_netvsc_queue *q, uint32_t total)
{
	const struct hvp_netvsc_info *info = &q->dev->info;
	uint32_t mask = info->alignment - 1u;
	uint32_t at = (q->batch_used + mask) & ~mask;

	return q->batch->frames < info->max_packets && at <= info->section_size &&
	       total <= info->section_size - at && at + total <= info->max_transfer;
}

static enum hvp_status batch_begin(struct hvp_netvsc_queue *q)
{
	struct hvp_netvsc_tx *tx;
	uint64_t id;

	tx = hvp_net_slot_take(q, &id);
	if (!tx)
		return stop(q, &q->stats.tx_no_slot);
	tx->id = id;
	tx->section = q->mem->slots[--q->sections].free_section;
	q->batch = tx;
	q->batch_used = 0;
	q->batch_last = 0;
	return HVP_OK;
}

static enum hvp_status refuse(struct hvp_netvsc_queue *q, enum hvp_status status)
{
	q->stats.tx_refused++;
	return status;
}

/* The frame is taken; whether it goes at once or with others is the batch's matter. */
static void account(struct hvp_netvsc_queue *q, const struct hvp_netvsc_frame *f,
		    struct hvp_netvsc_tx *tx)
{
	tx->users[tx->frames++] = f->user;
	q->stats.tx_frames++;
	q->stats.tx_bytes += f->size;
}

static void finish(struct hvp_netvsc_queue *q, const struct hvp_netvsc_frame *f)
{
	if (f->flags & HVP_NETVSC_TX_MORE)
		return;
	(void)hvp_net_batch_put(q);
	hvp_net_commit(q);
}

static enum hvp_status send_copied(struct hvp_netvsc_queue *q, const struct hvp_netvsc_frame *f,
				   uint32_t header)
{
	uint8_t *section;
	uint32_t at = 0;
	enum hvp_status status;

	if (q->batch && !fits_batch(q, header + f->size) && !hvp_net_batch_put(q))
		return stop(q, &q->stats.tx_no_room);
	if (!q->batch) {
		status = batch_begin(q);
		if (status != HVP_OK)
			return status;
	}
	section = q->dev->cfg.send.base + (size_t)q->batch->section * q->dev->info.section_size;
	if (q->batch->frames > 0) {
		at = append_at(q, section);
		q->stats.tx_aggregated++;
	}
	hvp_net_header_write(f, header, section + at);
	copy_pieces(f, section + at + header);
	if (HVP_UNLIKELY(f->mss != 0))
		(void)hvp_net_lso_headers(f, section + at + header, f->size);
	q->batch_last = at;
	q->batch_used = at + header + f->size;
	q->stats.tx_copied++;
	account(q, f, q->batch);
	finish(q, f);
	return HVP_OK;
}

/* @skip: bytes at the start of the frame that travel with the header. */
static uint32_t fill_ranges(struct hvp_netvsc_queue *q, const struct hvp_netvsc_frame *f,
			    uint32_t skip)
{
	const struct hvp_netvsc_piece *p;
	uint32_t count = 1;
	uint32_t start;
	uint32_t i;

	for (i = 0; i < f->piece_count; i++) {
		p = &f->pieces[i];
		if (skip >= p->size) {
			skip -= p->size;
			continue;
		}
		start = p->byte_offset + skip;
		q->ranges[count].byte_count = p->size - skip;
		q->ranges[count].byte_offset = start % HVP_PAGE_SIZE;
		q->ranges[count].pfns = p->pfns + start / HVP_PAGE_SIZE;
		skip = 0;
		count++;
	}
	return count;
}

static uint32_t pages_of(const struct hvp_gpa_range *ranges, uint32_t count)
{
	uint32_t pages = 0;
	uint32_t i;

	for (i = 0; i < count; i++)
		pages += hvp_gpadl_range_pages(ranges[i].byte_offset, ranges[i].byte_count);
	return pages;
}

/* Header and PPIs in one range, in one page: a host refuses them divided (BUG-115). */
static uint32_t prepare_ranges(struct hvp_netvsc_queue *q, const struct hvp_netvsc_frame *f,
			       const struct hvp_netvsc_tx *tx, uint32_t header)
{
	uint32_t place = (uint32_t)(tx - q->mem->slots) * HVP_NETVSC_HEADER_ROOM;
	uint8_t *out = q->mem->headers + place;
	uint32_t copied = 0;

	hvp_net_header_write(f, header, out);
	if (f->mss != 0)
		copied = hvp_net_lso_headers(f, out + header, HVP_NETVSC_HEADER_ROOM - header);
	if (f->mss != 0 && copied == 0)
		return 0;
	q->ranges[0].byte_count = header + copied;
	q->ranges[0].byte_offset = place % HVP_PAGE_SIZE;
	q->ranges[0].pfns = &q->mem->header_pfns[place / HVP_PAGE_SIZE];
	return fill_ranges(q, f, copied);
}

static enum hvp_status put_ranges(struct hvp_netvsc_queue *q, uint64_t id, uint32_t count)
{
	uint8_t bytes[HVP_NVSP_MESSAGE_SIZE_6_1];
	uint32_t size = data_message(q, bytes, HVP_NVSP_NO_SECTION, 0);
	uint32_t pages = pages_of(q->ranges, count);
	struct hvp_ring_out out = hvp_ring_request(id, bytes, size);

	if (pages > HVP_NETVSC_PAGES_MAX + 1u)
		return HVP_NOSPACE;
	return hvp_net_put(q, &out, count,
			   hvp_ring_packet_total(8u + 8u * count + 8u * pages, size));
}

static enum hvp_status send_referenced(struct hvp_netvsc_queue *q, const struct hvp_netvsc_frame *f,
				       uint32_t header)
{
	struct hvp_netvsc_tx *tx;
	enum hvp_status status = HVP_ARG;
	uint32_t count;
	uint64_t id;

	if (!hvp_net_batch_put(q))
		return stop(q, &q->stats.tx_no_room);
	tx = hvp_net_slot_take(q, &id);
	if (!tx)
		return stop(q, &q->stats.tx_no_slot);
	tx->id = id;
	count = prepare_ranges(q, f, tx, header);
	if (count > 0)
		status = put_ranges(q, id, count);
	if (status != HVP_OK) {
		slot_return(q, tx);
		if (status == HVP_AGAIN)
			return stop(q, &q->stats.tx_no_room);
		return refuse(q, status);
	}
	q->stats.tx_packets++;
	q->stats.tx_referenced++;
	account(q, f, tx);
	finish(q, f);
	return HVP_OK;
}

/* What the host must have granted for the wishes of a frame. */
static uint32_t offloads_needed(const struct hvp_netvsc_frame *f)
{
	bool v6 = (f->flags & HVP_NETVSC_TX_IPV6) != 0;
	uint32_t bits = 0;

	if (f->mss != 0 && (f->flags & HVP_NETVSC_TX_LSO_V1))
		return HVP_NETVSC_OFFLOAD_LSO_V1;
	if (f->mss != 0)
		return v6 ? HVP_NETVSC_OFFLOAD_LSO6 : HVP_NETVSC_OFFLOAD_LSO4;
	if ((f->flags & HVP_NETVSC_TX_IP_CSUM) && !v6)
		bits |= HVP_NETVSC_OFFLOAD_TX_IP4;
	if (f->flags & HVP_NETVSC_TX_TCP_CSUM)
		bits |= v6 ? HVP_NETVSC_OFFLOAD_TX_TCP6 : HVP_NETVSC_OFFLOAD_TX_TCP4;
	if (f->flags & HVP_NETVSC_TX_UDP_CSUM)
		bits |= v6 ? HVP_NETVSC_OFFLOAD_TX_UDP6 : HVP_NETVSC_OFFLOAD_TX_UDP4;
	return bits;
}

static bool wishes_sound(const struct hvp_netvsc_queue *q, const struct hvp_netvsc_frame *f)
{
	uint8_t headers[HVP_NETVSC_HEADER_ROOM];

	if (f->l4_offset > L4_OFFSET_MAX || (offloads_needed(f) & ~q->dev->info.offloads) != 0)
		return false;
	if (f->mss == 0)
		return true;
	return f->mss <= MSS_MAX && hvp_net_lso_headers(f, headers, sizeof(headers)) != 0;
}

static uint32_t size_max(const struct hvp_netvsc_queue *q, const struct hvp_netvsc_frame *f)
{
	const struct hvp_netvsc_info *info = &q->dev->info;

	if (f->mss != 0)
		return info->lso_max + L4_OFFSET_MAX;
	return info->mtu + HVP_NET_ETHERNET + VLAN_SIZE;
}

static bool pieces_sound(const struct hvp_netvsc_frame *f, bool *copy, bool *refer)
{
	uint32_t left = f->size;
	uint32_t i;

	if (f->piece_count == 0 || f->piece_count > HVP_NETVSC_RANGES_MAX)
		return false;
	for (i = 0; i < f->piece_count; i++) {
		if (f->pieces[i].size == 0 || f->pieces[i].size > left)
			return false;
		left -= f->pieces[i].size;
		*copy = *copy && f->pieces[i].p;
		*refer = *refer && f->pieces[i].pfns && f->pieces[i].byte_offset < HVP_PAGE_SIZE;
	}
	return left == 0;
}

enum hvp_status hvp_netvsc_send(struct hvp_netvsc_queue *q, const struct hvp_netvsc_frame *f)
{
	const struct hvp_netvsc_info *info = &q->dev->info;
	uint32_t header = hvp_net_header_size(f);
	bool copy = !(f->flags & HVP_NETVSC_TX_NO_COPY);
	bool refer = true;

	if (HVP_UNLIKELY(q->dev->state != HVP_NETVSC_ATTACHED || !q->open))
		return HVP_STATE;
	if (HVP_UNLIKELY(q->broken))
		return HVP_CORRUPT;
	if (f->size < HVP_NET_ETHERNET || f->size > size_max(q, f) ||
	    !pieces_sound(f, &copy, &refer) ||
	    (HVP_UNLIKELY(header > HVP_NET_RNDIS_SIZE) && !wishes_sound(q, f)))
		return refuse(q, HVP_ARG);
	if (header + f->size > info->max_transfer)
		return refuse(q, HVP_NOSPACE);
	if (copy && header + f->size <= info->section_size) {
		if (q->batch || q->sections > 0)
			return send_copied(q, f, header);
		if (!refer)
			return stop(q, &q->stats.tx_no_slot);
	}
	return refer ? send_referenced(q, f, header) : refuse(q, HVP_NOSPACE);
}

void hvp_netvsc_flush(struct hvp_netvsc_queue *q)
{
	if (!q->open || q->broken)
		return;
	(void)hvp_net_batch_put(q);
	hvp_net_commit(q);
}

static void wake(struct hvp_netvsc_queue *q)
{
	bool section = q->dev->info.section_size == 0 || q->sections > 0 || q->batch;

	if (!q->stopped || q->slots_used == q->data_slots || !section)
		return;
	q->stopped = false;
	q->news |= HVP_NET_NEWS_WAKE;
	q->stats.tx_wakes++;
}

void hvp_net_room(struct hvp_netvsc_queue *q)
{
	if (q->broken || (q->wait_total != 0 && !hvp_net_queue_wait(q, q->wait_total)))
		return;
	hvp_net_completions_send(q);
	if (q->wait_total != 0 || (q->batch_due && !hvp_net_batch_put(q)))
		return;
	hvp_net_commit(q);
	wake(q);
}
