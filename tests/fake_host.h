/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake_host.h - a host for unit tests of src/channel: it records what the engine posts and
 * says what the test tells it to say. Messages are written byte by byte here, from chapter 10
 * section 4, so that the tests do not share an error with the generated codecs.
 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <hvproto/bus.h>
#include <hvproto/wire/hypervisor.h>
#include <hvproto/wire/interfaces.h>

#define FAKE_CHANNELS 12
#define FAKE_GPADLS 16
#define FAKE_TLS 3
#define FAKE_POSTS 4096
#define FAKE_PAGES 16 /* of a ring */
#define FAKE_CONNECTION 0x24u /* what VERSION_RESPONSE names */

struct fake_post {
	uint32_t connection_id;
	size_t size;
	uint8_t bytes[240];
};

struct fake {
	struct hvp_bus bus;
	struct hvp_channel channels[FAKE_CHANNELS];
	struct hvp_gpadl gpadls[FAKE_GPADLS];
	struct hvp_tl_request tls[FAKE_TLS];
	struct hvp_os_ops ops;
	struct hvp_bus_config cfg;
	uint64_t now;
	struct fake_post posts[FAKE_POSTS];
	unsigned int posted;
	unsigned int read;
	unsigned int attempts;
	uint16_t answer; /* of post_message */
	unsigned int answers; /* how often before SUCCESS again; 0: for ever */
	unsigned int fail_after; /* so many posts succeed, then the answer is this */
	uint16_t fail_with;
	uint16_t signal_answer;
	unsigned int signals;
	uint32_t signal_connection;
	uint16_t signal_flag;
	unsigned int shared;
	unsigned int made_private;
	bool refuse_share;
	bool refuse_private;
	unsigned int logs;
	uint64_t pfns[FAKE_PAGES];
	_Alignas(4096) uint8_t interrupt_page[4096];
	_Alignas(4096) uint8_t monitor_page[4096];
};

/* Set up, without and with hvp_bus_init(); then up to CONNECTED at a version. */
struct fake *fake_new(void);
void fake_start(struct fake *f);
struct fake *fake_connected(uint32_t version, uint32_t features);
void fake_connect(struct fake *f, uint32_t version, uint32_t features);
void fake_free(struct fake *f);

/* The engine's turn; what it posted. */
void fake_tick(struct fake *f);
void fake_sleep(struct fake *f, uint64_t ticks);
const struct fake_post *fake_next_post(struct fake *f);
const uint8_t *fake_expect(struct fake *f, uint32_t type, size_t size);
void fake_expect_nothing(struct fake *f);
void fake_skip_posts(struct fake *f);

/* What the owner sees. */
struct hvp_event fake_event(struct fake *f, enum hvp_event_type type);
void fake_no_event(struct fake *f);
void fake_skip_events(struct fake *f);

/* What the host says; each is followed by a tick. */
void fake_send(struct fake *f, const void *bytes, size_t size);
void fake_send_header(struct fake *f, uint32_t type);
void fake_send_id(struct fake *f, uint32_t type, uint32_t id);
void fake_send_words(struct fake *f, uint32_t type, const uint32_t *words, size_t count);
void fake_version(struct fake *f, uint8_t supported, uint8_t state, uint32_t connection);
void fake_version_6(struct fake *f, uint32_t features);
void fake_offer_bytes(uint8_t out[196], uint32_t id, const struct hvp_guid *class,
		      uint32_t instance, uint16_t sub);
void fake_offer(struct fake *f, uint32_t id);
void fake_offer_sub(struct fake *f, uint32_t id, uint32_t instance, uint16_t sub);
void fake_rescind(struct fake *f, uint32_t id);
void fake_opened(struct fake *f, uint32_t id, uint32_t open_id, uint32_t status);
void fake_created(struct fake *f, uint32_t id, uint32_t gpadl, uint32_t status);
void fake_torndown(struct fake *f, uint32_t gpadl);
void fake_modified(struct fake *f, uint32_t id, uint32_t status);

/* Sequences: offered and seen by the owner; the whole way to OPEN. */
struct hvp_channel *fake_offered(struct fake *f, uint32_t id);
struct hvp_open fake_params(struct fake *f);
struct hvp_channel *fake_open(struct fake *f, uint32_t id);
uint32_t fake_ring_id(const struct hvp_channel *ch);

static inline uint32_t fake_u32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t fake_u64(const uint8_t *p)
{
	return fake_u32(p) | (uint64_t)fake_u32(p + 4) << 32;
}

#endif /* FAKE_HOST_H */
