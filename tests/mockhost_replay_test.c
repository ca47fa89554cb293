/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The channel messages of unmodified Linux drivers, against the mock host's channel server.
 *
 * Each run's README lists the whole conversation by name; the capture keeps the bytes of most
 * guest messages and leaves out repeats. Every message of the guest is posted in that order;
 * every message of the host that the list has must have come from the server by itself, and
 * nothing else. What was left out is made up as Linux makes it:
 * - GPADL bodies: page numbers that go on from the last one, in full bodies up to the header's
 *   range_buf_len;
 * - a GPADL_HEADER: the channel's earlier one that has as many bodies, under the next number of
 *   Linux's counter;
 * - OPEN_CHANNEL: the channel's earlier one, on the GPADL announced last;
 * - GPADL_TEARDOWN: of the channel's GPADLs the oldest that is left;
 * - CLOSE_CHANNEL, REL_ID_RELEASED and MODIFY_CHANNEL: nothing but numbers that the name tells.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "mockhost_guest.h"

#define RUNS "/linux/"
#define MAX_CHANNEL 16
#define MAX_GPADLS 256
#define MAX_WAITING 64

struct kept { /* a GPADL that the guest has announced */
	uint32_t id, channel;
	uint8_t header[240];
	size_t header_size;
	unsigned int bodies; /* that follow the header */
	bool alive;
};

struct replay {
	struct guest g;
	const char *run;
	uint8_t *memory[1 << 15];
	size_t pages;
	struct hvm_scripted *dev[64];
	size_t devs;
	struct kept gpadl[MAX_GPADLS];
	size_t gpadls;
	uint8_t open[MAX_CHANNEL][148];
	bool is_open[MAX_CHANNEL], revoked[MAX_CHANNEL];
	struct bytes waiting[MAX_WAITING]; /* from the server, not yet asked for */
	size_t n;
	uint64_t next_pfn;
	unsigned int made_up, posted;
};

static struct replay rp;

/* ---- names ---- */

static const char *const devices[] = {
	"",	    "heartbeat", "netvsc", "storvsc", "synthvid", "keyboard",	 "mouse",
	"shutdown", "timesync",	 "kvp",	   "vss",     "balloon",  "netvsc-sub1", "storvsc-sub1",
};

struct verb {
	const char *name;
	uint32_t type;
};

static const struct verb verbs[] = {
	{ "initiate-contact", HVP_VMBUS_INITIATE_CONTACT },
	{ "version-response", HVP_VMBUS_VERSION_RESPONSE },
	{ "request-offers", HVP_VMBUS_REQUEST_OFFERS },
	{ "all-offers-delivered", HVP_VMBUS_ALL_OFFERS_DELIVERED },
	{ "offer-channel-", HVP_VMBUS_OFFER_CHANNEL },
	{ "rescind-channel-offer-", HVP_VMBUS_RESCIND_CHANNEL_OFFER },
	{ "gpadl-header-", HVP_VMBUS_GPADL_HEADER },
	{ "gpadl-body-", HVP_VMBUS_GPADL_BODY },
	{ "gpadl-created-", HVP_VMBUS_GPADL_CREATED },
	{ "gpadl-teardown-", HVP_VMBUS_GPADL_TEARDOWN },
	{ "gpadl-torndown-", HVP_VMBUS_GPADL_TORNDOWN },
	{ "open-channel-result-", HVP_VMBUS_OPEN_CHANNEL_RESULT },
	{ "open-channel-", HVP_VMBUS_OPEN_CHANNEL },
	{ "close-channel-", HVP_VMBUS_CLOSE_CHANNEL },
	{ "relid-released-", HVP_VMBUS_REL_ID_RELEASED },
	{ "modify-channel-response-", HVP_VMBUS_MODIFY_CHANNEL_RESPONSE },
	{ "modify-channel-", HVP_VMBUS_MODIFY_CHANNEL },
	{ "tl-connect-request", HVP_VMBUS_TL_CONNECT_REQUEST },
	{ "tl-connect-result", HVP_VMBUS_TL_CONNECT_REQUEST_RESULT },
	{ "unload-response", HVP_VMBUS_UNLOAD_COMPLETE },
	{ "unload", HVP_VMBUS_UNLOAD },
};

static uint32_t type_of(const char *name, const char **rest)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		size_t n = strlen(verbs[i].name);

		if (!strncmp(name, verbs[i].name, n)) {
			*rest = name + n;
			return verbs[i].type;
		}
	}
	ck_abort_msg("unknown name %s", name);
	return 0;
}

/* Longest match first: netvsc-sub1 begins with netvsc. */
static uint32_t channel_of(const char *rest)
{
	size_t i = sizeof(devices) / sizeof(devices[0]);

	while (--i > 0) {
		if (!strncmp(rest, devices[i], strlen(devices[i])))
			return (uint32_t)i;
	}
	return 0;
}

/* ---- files ---- */

/* First section of a capture file; 0 bytes when there is no such file. */
static size_t load(unsigned int number, const char *name, uint8_t *out, uint32_t *connection)
{
	char path[512], line[256];
	unsigned int b, sections = 0;
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), HVP_TEST_VECTORS RUNS "%s/%04u-g2h-vmbus-%s.hex", rp.run,
		 number, name);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		char *at = strchr(line, ':');
		int used;

		if (line[0] == '#' && ++sections > 1)
			break;
		if (line[0] == '#') {
			ck_assert_int_eq(sscanf(line, "# HvPostMessage payload, connection id %u,",
						connection),
					 1);
			continue;
		}
		while (at && sscanf(at + 1, " %2x%n", &b, &used) == 1 && n < 240) {
			out[n++] = (uint8_t)b;
			at += used;
		}
	}
	if (f)
		fclose(f);
	return n;
}

/* ---- guest memory: whatever the capture names is RAM ---- */

static void make_ram(uint64_t pfn)
{
	uint8_t *page;

	if (hvm_mem_ptr(rp.g.p, pfn * HVM_PAGE, 1))
		return;
	ck_assert_uint_lt(rp.pages, sizeof(rp.memory) / sizeof(rp.memory[0]));
	page = aligned_alloc(HVM_PAGE, HVM_PAGE);
	memset(page, 0, HVM_PAGE);
	rp.memory[rp.pages++] = page;
	ck_assert_int_eq(hvm_mem_map(rp.g.p, pfn * HVM_PAGE, page, 1), HVP_OK);
}

static void make_words_ram(const uint8_t *m, size_t at, size_t size)
{
	for (; at + 8 <= size; at += 8) {
		rp.next_pfn = hvp_get_u64(m + at) + 1;
		make_ram(rp.next_pfn - 1);
	}
}

/* ---- the host's side of the list ---- */

static void collect(void)
{
	while (rp.n < MAX_WAITING && guest_take(&rp.g, &rp.waiting[rp.n]))
		rp.n++;
	ck_assert_uint_lt(rp.n, MAX_WAITING);
}

static uint32_t channel_in(const struct bytes *m)
{
	uint32_t type = hvp_get_u32(m->b);
	size_t i;

	if (type == HVP_VMBUS_OFFER_CHANNEL)
		return hvp_get_u32(m->b + 184);
	if (type != HVP_VMBUS_GPADL_TORNDOWN)
		return m->n >= 12 ? hvp_get_u32(m->b + 8) : 0;
	for (i = 0; i < rp.gpadls; i++) {
		if (rp.gpadl[i].id == hvp_get_u32(m->b + 8))
			return rp.gpadl[i].channel;
	}
	return 0;
}

static bool status_fits(const struct bytes *m, const char *rest)
{
	switch (hvp_get_u32(m->b)) {
	case HVP_VMBUS_VERSION_RESPONSE:
		return m->b[8] == (strstr(rest, "accepted") != NULL);
	case HVP_VMBUS_GPADL_CREATED:
	case HVP_VMBUS_OPEN_CHANNEL_RESULT:
		return hvp_get_u32(m->b + 16) == 0;
	case HVP_VMBUS_MODIFY_CHANNEL_RESPONSE:
		return hvp_get_u32(m->b + 12) == 0;
	default:
		return true;
	}
}

static void host_says(uint32_t type, const char *name, const char *rest)
{
	uint32_t channel = channel_of(rest);
	size_t i;

	for (i = 0; i < rp.n; i++) {
		const struct bytes *m = &rp.waiting[i];

		if (hvp_get_u32(m->b) != type || (channel && channel_in(m) != channel))
			continue;
		ck_assert_msg(status_fits(m, rest), "%s: %s has the wrong status", rp.run, name);
		rp.n--;
		memmove(&rp.waiting[i], &rp.waiting[i + 1], (rp.n - i) * sizeof(*m));
		return;
	}
	ck_abort_msg("%s: the server did not send %s", rp.run, name);
}

static void offer(uint32_t channel)
{
	/* Sub-channels are of the device of the same name. */
	uint32_t device = channel == 12 ? 2 : channel == 13 ? 3 : channel;
	struct hvm_offer o = offer_of(0x100 + device, device);

	o.channel_id = channel;
	o.connection_id = 0x10000 + channel;
	o.subchannel_index = channel != device;
	rp.dev[rp.devs] = hvm_scripted_new(rp.g.s, &o);
	ck_assert_ptr_nonnull(rp.dev[rp.devs++]);
	rp.revoked[channel] = false;
}

/* What this host does of itself: it takes channels back, and offers some later. */
static void host_acts(uint32_t type, uint32_t channel)
{
	if (type == HVP_VMBUS_RESCIND_CHANNEL_OFFER) {
		hvm_channel_revoke(hvm_server_channel(rp.g.s, channel));
		rp.revoked[channel] = true;
		rp.is_open[channel] = false;
	} else if (type == HVP_VMBUS_OFFER_CHANNEL && !hvm_server_channel(rp.g.s, channel)) {
		offer(channel);
	}
	collect();
}

/* ---- the guest's side ---- */

static uint32_t next_gpadl_id(void)
{
	return rp.gpadl[rp.gpadls - 1].id + 1;
}

static struct kept *last_of(uint32_t channel)
{
	size_t i = rp.gpadls;

	while (i-- > 0) {
		if (rp.gpadl[i].channel == channel)
			return &rp.gpadl[i];
	}
	return NULL;
}

static unsigned int bodies_of(const uint8_t *header)
{
	unsigned int words = hvp_get_u16(header + 16) / 8u;

	return words > 27 ? (words - 27 + 27) / 28 : 0;
}

static size_t make_header(uint32_t channel, unsigned int bodies, uint8_t *m)
{
	size_t i = rp.gpadls;

	while (i-- > 0) {
		const struct kept *k = &rp.gpadl[i];

		if (k->channel == channel && k->bodies == bodies) {
			memcpy(m, k->header, k->header_size);
			hvp_put_u32(m + 12, next_gpadl_id());
			return k->header_size;
		}
	}
	return 0;
}

static size_t make_body(uint32_t channel, uint8_t *m)
{
	const struct hvm_gpadl *g = hvm_channel_gpadl(hvm_server_channel(rp.g.s, channel),
						      last_of(channel)->id);
	size_t i, left;

	ck_assert(g && g->state == HVM_GPADL_IN_PROGRESS);
	left = (size_t)(g->words_total - g->words_have);
	hvp_put_u32(m, HVP_VMBUS_GPADL_BODY);
	hvp_put_u32(m + 12, g->id);
	for (i = 0; i < left && i < 28; i++)
		hvp_put_u64(m + 16 + i * 8, rp.next_pfn + i);
	return 16 + i * 8;
}

static size_t make_teardown(uint32_t channel, uint8_t *m)
{
	size_t i;

	for (i = 0; i < rp.gpadls; i++) {
		if (rp.gpadl[i].channel == channel && rp.gpadl[i].alive) {
			hvp_put_u32(m + 12, rp.gpadl[i].id);
			return 16;
		}
	}
	return 0;
}

static size_t make_open(uint32_t channel, uint8_t *m)
{
	memcpy(m, rp.open[channel], sizeof(rp.open[channel]));
	hvp_put_u32(m + 16, last_of(channel)->id);
	return sizeof(rp.open[channel]);
}

/* A message that the capture left out. */
static size_t make_up(uint32_t type, const char *rest, unsigned int bodies, uint8_t *m)
{
	uint32_t channel = channel_of(rest);

	rp.made_up++;
	memset(m, 0, 240);
	hvp_put_u32(m, type);
	hvp_put_u32(m + 8, channel);
	switch (type) {
	case HVP_VMBUS_GPADL_HEADER:
		return make_header(channel, bodies, m);
	case HVP_VMBUS_GPADL_BODY:
		return make_body(channel, m);
	case HVP_VMBUS_GPADL_TEARDOWN:
		return make_teardown(channel, m);
	case HVP_VMBUS_OPEN_CHANNEL:
		return make_open(channel, m);
	case HVP_VMBUS_CLOSE_CHANNEL:
	case HVP_VMBUS_REL_ID_RELEASED:
		return 12;
	case HVP_VMBUS_MODIFY_CHANNEL:
		hvp_put_u32(m + 12, (uint32_t)(strstr(rest, "-vp")[3] - '0'));
		return 16;
	default:
		return 0;
	}
}

static void announced(const uint8_t *m, size_t size)
{
	struct kept *k = &rp.gpadl[rp.gpadls++];

	ck_assert_uint_le(rp.gpadls, MAX_GPADLS);
	k->channel = hvp_get_u32(m + 8);
	k->id = hvp_get_u32(m + 12);
	k->header_size = size;
	k->bodies = bodies_of(m);
	k->alive = true;
	memcpy(k->header, m, size);
	make_words_ram(m, 28, size);
}

static void torn(uint32_t channel, uint32_t id)
{
	size_t i;

	for (i = 0; i < rp.gpadls; i++) {
		if (rp.gpadl[i].channel == channel && (!id || rp.gpadl[i].id == id))
			rp.gpadl[i].alive = false;
	}
}

static void contact(const uint8_t *m)
{
	make_ram(hvp_get_u64(m + 24) / HVM_PAGE);
	make_ram(hvp_get_u64(m + 32) / HVM_PAGE);
}

/* What the list lets one expect, kept apart from what the server believes. */
static void remember(uint32_t type, const uint8_t *m, size_t size)
{
	uint32_t channel = size >= 12 ? hvp_get_u32(m + 8) : 0;

	switch (type) {
	case HVP_VMBUS_INITIATE_CONTACT:
		contact(m);
		break;
	case HVP_VMBUS_GPADL_HEADER:
		announced(m, size);
		break;
	case HVP_VMBUS_GPADL_BODY:
		make_words_ram(m, 16, size);
		break;
	case HVP_VMBUS_OPEN_CHANNEL:
		memcpy(rp.open[channel], m, sizeof(rp.open[channel]));
		rp.is_open[channel] = true;
		break;
	case HVP_VMBUS_CLOSE_CHANNEL:
		rp.is_open[channel] = false;
		break;
	case HVP_VMBUS_GPADL_TEARDOWN:
		torn(channel, hvp_get_u32(m + 12));
		break;
	case HVP_VMBUS_REL_ID_RELEASED:
		torn(channel, 0);
		break;
	default:
		break;
	}
}

static void guest_says(unsigned int number, const char *name, unsigned int bodies)
{
	const char *rest;
	uint32_t type = type_of(name, &rest);
	uint32_t connection = 1;
	uint8_t m[240];
	size_t size = load(number, name, m, &connection);

	if (!size)
		size = make_up(type, rest, bodies, m);
	ck_assert_msg(size >= 8 && hvp_get_u32(m) == type, "%s: %04u %s cannot be made up", rp.run,
		      number, name);
	remember(type, m, size);
	ck_assert_uint_eq(guest_post_raw(&rp.g, connection, m, size), 0);
	rp.posted++;
	collect();
}

/* ---- a run ---- */

struct line {
	unsigned int number, times;
	bool from_guest;
	char name[80];
};

static bool parse(const char *text, struct line *l)
{
	char dir[4];
	int n;

	l->times = 1;
	n = sscanf(text, "%4u %3s vmbus %79s x%u", &l->number, dir, l->name, &l->times);
	l->from_guest = n >= 3 && !strcmp(dir, "g2h");
	return n >= 3 && (l->from_guest || !strcmp(dir, "h2g"));
}

static size_t read_list(struct line *lines, size_t max)
{
	char path[512], text[256];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), HVP_TEST_VECTORS RUNS "%s/README.md", rp.run);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (n < max && fgets(text, sizeof(text), f)) {
		if (parse(text, &lines[n]))
			n++;
	}
	fclose(f);
	return n;
}

static void play(const struct line *l, const struct line *next)
{
	const char *rest;
	uint32_t type = type_of(l->name, &rest);
	unsigned int i;

	if (!l->from_guest) {
		host_acts(type, channel_of(rest));
		host_says(type, l->name, rest);
		return;
	}
	for (i = 0; i < l->times; i++)
		guest_says(l->number + i, l->name,
			   next && strstr(next->name, "gpadl-body") ? next->times : 0);
}

static void start(const char *run, uint32_t max_version)
{
	struct hvm_partition_config pc = HVM_PARTITION_CONFIG_INIT;
	struct hvm_server_config sc = HVM_SERVER_CONFIG_INIT;
	uint32_t ch;

	memset(&rp, 0, sizeof(rp));
	rp.run = run;
	pc.from_zero = true;
	sc.max_version = max_version;
	sc.connection_id = 1;
	if (max_version < HVP_VMBUS_VERSION_5_0) {
		/* The capturing host knew connection 4 and refused the versions above its own. */
		sc.max_version = HVP_VMBUS_VERSION_5_3;
		sc.accept_version = max_version;
	}
	guest_init(&rp.g, &pc, &sc);
	for (ch = 1; ch <= 11; ch++)
		offer(ch);
}

static void finish(void)
{
	size_t i;

	ck_assert_uint_eq(hvm_violation_count(rp.g.p), 0);
	guest_done(&rp.g);
	for (i = 0; i < rp.devs; i++)
		hvm_scripted_free(rp.dev[i]);
	for (i = 0; i < rp.pages; i++)
		free(rp.memory[i]);
}

static void replay(const char *run, uint32_t max_version)
{
	static struct line lines[2048];
	size_t i, n;

	start(run, max_version);
	n = read_list(lines, sizeof(lines) / sizeof(lines[0]));
	ck_assert_uint_gt(n, 10);
	for (i = 0; i < n; i++)
		play(&lines[i], i + 1 < n ? &lines[i + 1] : NULL);
}

/* The host of the captures left a refused TL_CONNECT_REQUEST without an answer. */
static void check_no_more(uint32_t extra)
{
	if (extra)
		host_says(extra, "its answer", "");
	ck_assert_msg(rp.n == 0, "%s: the server sent %zu messages more", rp.run, rp.n);
}

/* Every message that the capture keeps was posted. */
static void check_all_used(void)
{
	unsigned int files = 0;
	struct dirent *e;
	char path[512];
	DIR *d;

	snprintf(path, sizeof(path), HVP_TEST_VECTORS RUNS "%s", rp.run);
	d = opendir(path);
	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)))
		files += strstr(e->d_name, "-g2h-vmbus-") != NULL;
	closedir(d);
	ck_assert_uint_gt(files, 3);
	ck_assert_uint_eq(rp.posted - rp.made_up, files);
}

/* Channels and GPADLs are as the list leaves them. */
static void check_connected(uint32_t version)
{
	struct hvm_conn_info info;
	uint32_t ch;
	size_t i;

	hvm_server_info(rp.g.s, &info);
	ck_assert_int_eq(info.state, HVM_CONN_CONNECTED);
	ck_assert_uint_eq(info.version, version);
	for (ch = 1; ch < MAX_CHANNEL; ch++) {
		if (rp.is_open[ch])
			ck_assert_int_eq(state_of(&rp.g, ch), HVM_CH_OPEN);
		else if (hvm_server_channel(rp.g.s, ch))
			ck_assert_int_eq(state_of(&rp.g, ch), HVM_CH_CLOSED);
	}
	for (i = 0; i < rp.gpadls; i++)
		ck_assert_int_eq(gpadl_state(&rp.g, rp.gpadl[i].channel, rp.gpadl[i].id),
				 rp.gpadl[i].alive ? HVM_GPADL_ACCEPTED : HVM_GPADL_NONE);
	for (i = 0; i < HVM_DROPS; i++)
		ck_assert_uint_eq(hvm_server_dropped(rp.g.s, (enum hvm_drop)i), 0);
}

static unsigned int count_open(void)
{
	unsigned int n = 0;
	uint32_t ch;

	for (ch = 0; ch < MAX_CHANNEL; ch++)
		n += rp.is_open[ch];
	return n;
}

struct expected {
	const char *run;
	uint32_t version;
	unsigned int open;
	uint32_t extra;
};

static const struct expected runs[] = {
	{ "r1", HVP_VMBUS_VERSION_5_3, 9, HVP_VMBUS_TL_CONNECT_REQUEST_RESULT },
	{ "r2", HVP_VMBUS_VERSION_5_3, 10, 0 },
	{ "r3a", HVP_VMBUS_VERSION_4_0, 10, 0 },
	{ "r3b", HVP_VMBUS_VERSION_3_0, 9, 0 },
	{ "r4", HVP_VMBUS_VERSION_5_3, 11, 0 },
	{ "r7", HVP_VMBUS_VERSION_5_3, 1, 0 },
	{ "r8", HVP_VMBUS_VERSION_5_3, 6, 0 },
};

START_TEST(a_run_of_linux_leaves_the_channels_open_that_its_readme_tells)
{
	const struct expected *e = &runs[_i];

	replay(e->run, e->version);
	check_no_more(e->extra);
	check_all_used();
	check_connected(e->version);
	ck_assert_uint_eq(count_open(), e->open);
	finish();
}
END_TEST

/* r4 ends with MODIFY_CHANNEL of netvsc to VP 1 and of storvsc to VP 1. */
START_TEST(modified_channels_interrupt_on_the_processor_named_last)
{
	struct hvm_channel_info info;

	replay("r4", HVP_VMBUS_VERSION_5_3);
	hvm_channel_info(hvm_server_channel(rp.g.s, 2), &info);
	ck_assert_uint_eq(info.open.target_vp, 1);
	hvm_channel_info(hvm_server_channel(rp.g.s, 3), &info);
	ck_assert_uint_eq(info.open.target_vp, 1);
	finish();
}
END_TEST

START_TEST(the_run_that_unloads_ends_disconnected_with_nothing_shared)
{
	struct hvm_conn_info info;
	size_t i;

	replay("r5", HVP_VMBUS_VERSION_5_3);
	check_no_more(0);
	hvm_server_info(rp.g.s, &info);
	ck_assert_int_eq(info.state, HVM_CONN_DISCONNECTED);
	ck_assert_uint_eq(info.version, 0);
	/* Both rescinded channels were released and are forgotten, the others are offerable. */
	ck_assert_ptr_null(hvm_server_channel(rp.g.s, 1));
	ck_assert_ptr_null(hvm_server_channel(rp.g.s, 2));
	for (i = 3; i <= 11; i++)
		ck_assert_int_eq(state_of(&rp.g, (uint32_t)i), HVM_CH_RELEASED);
	for (i = 0; i < rp.gpadls; i++)
		ck_assert_int_eq(gpadl_state(&rp.g, rp.gpadl[i].channel, rp.gpadl[i].id),
				 HVM_GPADL_NONE);
	for (i = 0; i < rp.pages; i++)
		ck_assert_uint_eq(hvm_mem_held(rp.g.p, i), 0);
	/* Linux releases nine ids after it has unloaded; nobody listens any more. */
	ck_assert_uint_eq(hvm_server_dropped(rp.g.s, HVM_DROP_STATE), 9);
	check_all_used();
	finish();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mockhost replay");
	TCase *t = tcase_create("replay");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, a_run_of_linux_leaves_the_channels_open_that_its_readme_tells, 0,
			    (int)(sizeof(runs) / sizeof(runs[0])));
	tcase_add_test(t, modified_channels_interrupt_on_the_processor_named_last);
	tcase_add_test(t, the_run_that_unloads_ends_disconnected_with_nothing_shared);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
