/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a channel. REL_ID_RELEASED goes out once for each rescinded offer: when the
 * owner has let go, all memory is back with the owner, its sub-channels were released, and
 * the host owes no answer that names the channel (BUG-044, BUG-052).
 */
#include "internal.h"

/* Opening, modifying, posting: all that was under way ends now, with a result each. */
static void end_all(struct hvp_channel *ch, enum hvp_status reason)
{
	struct hvp_bus *bus = ch->bus;

	if (ch->opening) {
		ch->open_status = reason;
		hvp_channel_news(ch, HVP_CHANNEL_NEWS_OPENED);
	}
	if (ch->modify_busy) {
		ch->modify_busy = false;
		ch->modify_status = reason;
		hvp_channel_news(ch, HVP_CHANNEL_NEWS_MODIFIED);
	}
	ch->open_sent = false;
	ch->reserved = false;
	hvp_channel_signal_off(ch);
	hvp_queue_remove(&bus->posts, &ch->post_open);
	hvp_queue_remove(&bus->posts, &ch->post_close);
	hvp_queue_remove(&bus->posts, &ch->post_modify);
}

/* Only returned memory is news from now on. */
static void let_go_quietly(struct hvp_channel *ch)
{
	ch->released = true;
	ch->events &= HVP_CHANNEL_NEWS_CLOSED;
	if (ch->events == 0)
		hvp_queue_remove(&ch->bus->news, &ch->ready);
}

/* An owner that never saw the offer, or did not want it, is not troubled with its end. */
static bool unseen(const struct hvp_channel *ch)
{
	return ch->released || (ch->events & HVP_CHANNEL_NEWS_OFFER) != 0;
}

static void forget_offer(struct hvp_channel *ch)
{
	if (!ch->released)
		ch->bus->stats.offers_unseen++;
	let_go_quietly(ch);
}

static void start_grace(struct hvp_channel *ch)
{
	struct hvp_bus *bus = ch->bus;

	if (!ch->modify_owed && !hvp_gpadl_answer_owed(ch))
		return;
	ch->grace_end = bus->now < HVP_NEVER - bus->cfg.release_grace
				? bus->now + bus->cfg.release_grace
				: HVP_NEVER;
	bus->graces = true;
}

void hvp_channel_rescind(struct hvp_channel *ch)
{
	ch->bus->stats.rescinds++;
	ch->reason = HVP_REVOKED;
	end_all(ch, HVP_REVOKED);
	if (unseen(ch)) {
		forget_offer(ch);
		ch->state = HVP_CHANNEL_RELEASING;
	} else {
		hvp_channel_news(ch, HVP_CHANNEL_NEWS_RESCINDED);
	}
	start_grace(ch);
	hvp_gpadl_all(ch, HVP_GPADL_EV_GIVEN_BACK);
	hvp_channel_settle(ch);
}

/* What the host has taken back is owed no message any more. */
void hvp_channel_over(struct hvp_channel *ch)
{
	hvp_queue_remove(&ch->bus->posts, &ch->post_release);
	end_all(ch, HVP_STATE);
	if (ch->reason == HVP_OK && !unseen(ch)) {
		ch->reason = HVP_STATE;
		hvp_channel_news(ch, HVP_CHANNEL_NEWS_RESCINDED);
	} else if (unseen(ch)) {
		forget_offer(ch);
	}
	ch->modify_owed = false;
	ch->grace_end = 0;
	hvp_gpadl_forget_answers(ch);
	hvp_channel_settle(ch);
}

/* The state first, so that memory that comes back finds a channel that is over. */
void hvp_channel_end(struct hvp_channel *ch, bool lost)
{
	(void)hvp_channel_step(ch, HVP_CHANNEL_EV_OVER);
	if (ch->state != HVP_CHANNEL_FREE)
		hvp_gpadl_all(ch, lost ? HVP_GPADL_EV_LOST : HVP_GPADL_EV_GIVEN_BACK);
}

void hvp_channel_let_go(struct hvp_channel *ch)
{
	let_go_quietly(ch);
	hvp_channel_settle(ch);
}

static bool subs_going(const struct hvp_channel *ch)
{
	const struct hvp_channel *sub = NULL;

	while ((sub = hvp_channel_next_sub(ch, sub)) != NULL)
		if (sub->state == HVP_CHANNEL_RESCINDED || sub->state == HVP_CHANNEL_RELEASING)
			return true;
	return false;
}

static bool held_back(const struct hvp_channel *ch)
{
	return !ch->released || ch->gpadls > 0 || ch->events != 0 || ch->modify_owed;
}

/* The slot is empty; what looked at it looks elsewhere from now on. Returns its primary. */
static struct hvp_channel *empty_slot(struct hvp_bus *bus, struct hvp_channel *ch)
{
	struct hvp_channel *primary = hvp_channel_primary(ch);
	struct hvp_channel *sub;

	while ((sub = hvp_channel_next_sub(ch, NULL)) != NULL)
		sub->primary = HVP_INDEX_NONE;
	hvp_queue_remove(&bus->news, &ch->ready);
	hvp_memzero(ch, sizeof(*ch));
	if (primary)
		primary->sub_count--;
	return primary;
}

/*
 * Called whenever one of the things that hold a channel back is gone. The end of a sub-channel
 * may be what its primary waited for.
 */
void hvp_channel_settle(struct hvp_channel *ch)
{
	while (ch && !held_back(ch) && ch->state == HVP_CHANNEL_GONE)
		ch = empty_slot(ch->bus, ch);
	if (ch && !held_back(ch) && ch->state == HVP_CHANNEL_RELEASING && !subs_going(ch))
		hvp_post(ch->bus, &ch->post_release);
}

void hvp_channel_free(struct hvp_bus *bus, struct hvp_channel *ch)
{
	struct hvp_channel *primary = empty_slot(bus, ch);

	if (primary)
		hvp_channel_settle(primary);
}

void hvp_channel_posted_release(struct hvp_channel *ch)
{
	ch->bus->stats.releases++;
	hvp_channel_free(ch->bus, ch);
}

static void grace_over(struct hvp_channel *ch)
{
	ch->grace_end = 0;
	ch->bus->stats.answers_late++;
	hvp_bus_log(ch->bus, HVP_LOG_WARNING, "vmbus: rescinded channel was owed an answer");
	ch->modify_owed = false;
	hvp_gpadl_forget_answers(ch);
	hvp_channel_settle(ch);
}

void hvp_bus_check_graces(struct hvp_bus *bus)
{
	bool running = false;
	uint32_t i;

	if (!bus->graces)
		return;
	for (i = 0; i < bus->cfg.channel_count; i++) {
		struct hvp_channel *ch = &bus->cfg.channels[i];

		if (ch->grace_end == 0)
			continue;
		if (!ch->modify_owed && !hvp_gpadl_answer_owed(ch))
			ch->grace_end = 0;
		else if (bus->now >= ch->grace_end)
			grace_over(ch);
		else
			running = true;
	}
	bus->graces = running;
}
