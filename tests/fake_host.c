/* SPDX-License-Identifier: BSD-2-Clause */
#include "fake_host.h"

static uint16_t post_message(void *os, uint32_t connection_id, const uint8_t *bytes, size_t size)
{
	struct fake *f = os;
	struct fake_post *p;

	f->attempts++;
	if (f->answer != 0) {
		uint16_t answer = f->answer;

		if (f->answers > 0 && --f->answers == 0)
			f->answer = 0;
		return answer;
	}
	if (f->fail_after > 0 && --f->fail_after == 0)
		f->answer = f->fail_with;
	ck_assert_uint_lt(f->posted, FAKE_POSTS);
	ck_assert_uint_ge(size, 8);
	ck_assert_uint_le(size, 240);
	p = &f->posts[f->posted++];
	p->connection_id = connection_id;
	p->size = size;
	memcpy(p->bytes, bytes, size);
	/* BUG-080: the padding of the header goes out as zero, in every message of every test */
	ck_assert_uint_eq(fake_u32(p->bytes + 4), 0);
	return 0;
}

static uint16_t signal_event(void *os, uint32_t connection_id, uint16_t flag)
{
	struct fake *f = os;

	f->signals++;
	f->signal_connection = connection_id;
	f->signal_flag = flag;
	return f->signal_answer;
}

static enum hvp_status make_shared(void *os, const struct hvp_gpadl_range *ranges,
				   uint32_t range_count)
{
	struct fake *f = os;

	ck_assert_ptr_nonnull(ranges);
	ck_assert_uint_gt(range_count, 0);
	if (f->refuse_share)
		return HVP_OS;
	f->shared++;
	return HVP_OK;
}

static enum hvp_status make_private(void *os, const struct hvp_gpadl_range *ranges,
				    uint32_t range_count)
{
	struct fake *f = os;

	ck_assert_ptr_nonnull(ranges);
	ck_assert_uint_gt(range_count, 0);
	ck_assert_uint_gt(f->shared, f->made_private);
	f->made_private++;
	return f->refuse_private ? HVP_OS : HVP_OK;
}

static void log_line(void *os, enum hvp_log_level level, const char *text)
{
	struct fake *f = os;

	ck_assert_int_ge(level, HVP_LOG_ERROR);
	ck_assert_ptr_nonnull(text);
	f->logs++;
}

struct fake *fake_new(void)
{
	struct fake *f = aligned_alloc(4096, (sizeof(*f) + 4095) / 4096 * 4096);

	ck_assert_ptr_nonnull(f);
	memset(f, 0, sizeof(*f));
	f->ops = (struct hvp_os_ops){
		.size = sizeof(f->ops),
		.post_message = post_message,
		.signal_event = signal_event,
		.make_shared = make_shared,
		.make_private = make_private,
		.log = log_line,
	};
	f->cfg = (struct hvp_bus_config){
		.size = sizeof(f->cfg),
		.ops = &f->ops,
		.os = f,
		.channels = f->channels,
		.channel_count = FAKE_CHANNELS,
		.gpadls = f->gpadls,
		.gpadl_count = FAKE_GPADLS,
		.tl_requests = f->tls,
		.tl_request_count = FAKE_TLS,
		.interrupt_page_gpa = 0x11000,
		.interrupt_page = f->interrupt_page,
		.monitor_gpa = { 0x12000, 0x13000 },
		.monitor_page = f->monitor_page,
		.target_vp = 1,
	};
	for (unsigned int i = 0; i < FAKE_PAGES; i++)
		f->pfns[i] = 0x7000 + 3 * i;
	f->now = 1000;
	return f;
}

void fake_start(struct fake *f)
{
	ck_assert_int_eq(hvp_bus_init(&f->bus, &f->cfg), HVP_OK);
}

void fake_connect(struct fake *f, uint32_t version, uint32_t features)
{
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	fake_expect(f, HVP_VMBUS_INITIATE_CONTACT, f->posts[f->read].size);
	if (version >= HVP_VMBUS_VERSION_6_0)
		fake_version_6(f, features);
	else
		fake_version(f, 1, 0, FAKE_CONNECTION);
	fake_expect(f, HVP_VMBUS_REQUEST_OFFERS, 8);
	fake_send_header(f, HVP_VMBUS_ALL_OFFERS_DELIVERED);
	fake_event(f, HVP_EV_CONNECTED);
	fake_event(f, HVP_EV_OFFERS_DONE);
	ck_assert_uint_eq(hvp_bus_neg(&f->bus).version, version);
}

struct fake *fake_connected(uint32_t version, uint32_t features)
{
	struct fake *f = fake_new();

	f->cfg.max_version = version;
	f->cfg.features = features;
	f->cfg.confidential = (features & HVP_VMBUS_FEATURE_CONFIDENTIAL_CHANNELS) != 0;
	fake_start(f);
	fake_connect(f, version, features);
	return f;
}

void fake_free(struct fake *f)
{
	free(f);
}

void fake_tick(struct fake *f)
{
	hvp_bus_tick(&f->bus, f->now);
}

void fake_sleep(struct fake *f, uint64_t ticks)
{
	f->now += ticks;
	fake_tick(f);
}

const struct fake_post *fake_next_post(struct fake *f)
{
	ck_assert_uint_lt(f->read, f->posted);
	return &f->posts[f->read++];
}

const uint8_t *fake_expect(struct fake *f, uint32_t type, size_t size)
{
	const struct fake_post *p = fake_next_post(f);

	ck_assert_uint_eq(fake_u32(p->bytes), type);
	ck_assert_uint_eq(p->size, size);
	return p->bytes;
}

void fake_expect_nothing(struct fake *f)
{
	ck_assert_uint_eq(f->read, f->posted);
}

void fake_skip_posts(struct fake *f)
{
	f->read = f->posted;
}

struct hvp_event fake_event(struct fake *f, enum hvp_event_type type)
{
	struct hvp_event ev;

	ck_assert(hvp_bus_next_event(&f->bus, &ev));
	ck_assert_int_eq(ev.type, type);
	return ev;
}

void fake_no_event(struct fake *f)
{
	struct hvp_event ev;

	ck_assert(!hvp_bus_next_event(&f->bus, &ev));
}

void fake_skip_events(struct fake *f)
{
	struct hvp_event ev;

	while (hvp_bus_next_event(&f->bus, &ev))
		;
}

void fake_send(struct fake *f, const void *bytes, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, bytes, size);
	hvp_bus_message(&f->bus, copy, size, f->now);
	free(copy);
	fake_tick(f);
}

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

void fake_send_words(struct fake *f, uint32_t type, const uint32_t *words, size_t count)
{
	uint8_t m[240] = { 0 };

	put32(m, type);
	for (size_t i = 0; i < count; i++)
		put32(m + 8 + 4 * i, words[i]);
	fake_send(f, m, 8 + 4 * count);
}

void fake_send_header(struct fake *f, uint32_t type)
{
	fake_send_words(f, type, NULL, 0);
}

void fake_send_id(struct fake *f, uint32_t type, uint32_t id)
{
	fake_send_words(f, type, &id, 1);
}

void fake_version(struct fake *f, uint8_t supported, uint8_t state, uint32_t connection)
{
	uint32_t words[2] = { supported | (uint32_t)state << 8, connection };

	fake_send_words(f, HVP_VMBUS_VERSION_RESPONSE, words, 2);
}

void fake_version_6(struct fake *f, uint32_t features)
{
	uint32_t words[3] = { 1, FAKE_CONNECTION, features };

	fake_send_words(f, HVP_VMBUS_VERSION_RESPONSE, words, 3);
}

void fake_offer_bytes(uint8_t out[196], uint32_t id, const struct hvp_guid *class,
		      uint32_t instance, uint16_t sub)
{
	memset(out, 0, 196);
	out[0] = 1;
	memcpy(out + 8, class->b, 16);
	put32(out + 24, instance);
	out[39] = 0x5a;
	out[180] = (uint8_t)sub;
	out[181] = (uint8_t)(sub >> 8);
	put32(out + 184, id);
	out[188] = 0xff;
	out[190] = 1;
	put32(out + 192, 0x2000 + id);
}

void fake_offer_sub(struct fake *f, uint32_t id, uint32_t instance, uint16_t sub)
{
	static const struct hvp_guid network = HVP_INTERFACE_NETWORK;
	uint8_t m[196];

	fake_offer_bytes(m, id, &network, instance, sub);
	fake_send(f, m, sizeof(m));
}

void fake_offer(struct fake *f, uint32_t id)
{
	fake_offer_sub(f, id, 0x1000 + id, 0);
}

void fake_rescind(struct fake *f, uint32_t id)
{
	fake_send_id(f, HVP_VMBUS_RESCIND_CHANNEL_OFFER, id);
}

void fake_opened(struct fake *f, uint32_t id, uint32_t open_id, uint32_t status)
{
	uint32_t words[3] = { id, open_id, status };

	fake_send_words(f, HVP_VMBUS_OPEN_CHANNEL_RESULT, words, 3);
}

void fake_created(struct fake *f, uint32_t id, uint32_t gpadl, uint32_t status)
{
	uint32_t words[3] = { id, gpadl, status };

	fake_send_words(f, HVP_VMBUS_GPADL_CREATED, words, 3);
}

void fake_torndown(struct fake *f, uint32_t gpadl)
{
	fake_send_id(f, HVP_VMBUS_GPADL_TORNDOWN, gpadl);
}

void fake_modified(struct fake *f, uint32_t id, uint32_t status)
{
	uint32_t words[2] = { id, status };

	fake_send_words(f, HVP_VMBUS_MODIFY_CHANNEL_RESPONSE, words, 2);
}

struct hvp_channel *fake_offered(struct fake *f, uint32_t id)
{
	fake_offer(f, id);
	return fake_event(f, HVP_EV_OFFER).channel;
}

struct hvp_open fake_params(struct fake *f)
{
	return (struct hvp_open){
		.ring = { .byte_count = 8 * 4096, .pfns = f->pfns },
		.downstream_page = 4,
		.target_vp = 1,
		.connection_id = 0x77,
		.event_flag = 0x123,
	};
}

uint32_t fake_ring_id(const struct hvp_channel *ch)
{
	ck_assert_uint_ne(ch->ring, HVP_INDEX_NONE);
	return ch->bus->cfg.gpadls[ch->ring].build.gpadl_id;
}

struct hvp_channel *fake_open(struct fake *f, uint32_t id)
{
	struct hvp_channel *ch = fake_offered(f, id);
	struct hvp_open open = fake_params(f);

	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_tick(f);
	fake_expect(f, HVP_VMBUS_GPADL_HEADER, 20 + 72);
	fake_created(f, id, fake_ring_id(ch), 0);
	(void)fake_next_post(f);
	fake_opened(f, id, ch->open_id, 0);
	ck_assert_int_eq(fake_event(f, HVP_EV_OPENED).status, HVP_OK);
	return ch;
}
