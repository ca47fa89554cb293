/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine against captured bytes of Debian's Linux guest (tests/vectors/linux): given the
 * same host and the same memory, it must post the same messages in the same order, byte for
 * byte.
 */
#include <dirent.h>
#include <stdio.h>

#include "fake_host.h"

struct captured {
	uint8_t bytes[240];
	size_t size;
	uint32_t connection;
};

static char *find_file(const char *run, const char *number)
{
	static char path[512];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/linux/%s", HVP_TEST_VECTORS, run);
	dir = opendir(path);
	ck_assert_msg(dir != NULL, "%s is missing", path);
	while ((e = readdir(dir)) != NULL)
		if (strncmp(e->d_name, number, strlen(number)) == 0)
			break;
	ck_assert_msg(e != NULL, "%s has no %s", path, number);
	snprintf(path, sizeof(path), "%s/linux/%s/%.200s", HVP_TEST_VECTORS, run, e->d_name);
	closedir(dir);
	return path;
}

/* The first section of a file: its caption and its hex lines. */
static struct captured load(const char *run, const char *number)
{
	FILE *in = fopen(find_file(run, number), "r");
	struct captured c = { .size = 0 };
	char line[256];
	unsigned int v;
	int n;

	ck_assert_ptr_nonnull(in);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), in));
	ck_assert_int_eq(sscanf(line, "# HvPostMessage payload, connection id %u", &c.connection),
			 1);
	while (fgets(line, sizeof(line), in) && line[0] != '#') {
		char *p = strchr(line, ':');

		ck_assert_ptr_nonnull(p);
		for (p++; sscanf(p, "%2x%n", &v, &n) == 1; p += n)
			c.bytes[c.size++] = (uint8_t)v;
	}
	fclose(in);
	ck_assert_uint_ge(c.size, 8);
	return c;
}

static void same(struct fake *f, const struct captured *want)
{
	const struct fake_post *got = fake_next_post(f);

	ck_assert_uint_eq(got->connection_id, want->connection);
	ck_assert_uint_eq(got->size, want->size);
	ck_assert_mem_eq(got->bytes, want->bytes, want->size);
}

static void same_as(struct fake *f, const char *run, const char *number)
{
	struct captured want = load(run, number);

	same(f, &want);
}

/* A fake with the memory and processors of the captured boot, connected as it was. */
static struct fake *connect_as(const char *run, const char *contact, const char *offers)
{
	struct captured c = load(run, contact);
	struct fake *f = fake_new();

	f->cfg.max_version = fake_u32(c.bytes + 8);
	f->cfg.target_vp = fake_u32(c.bytes + 12);
	f->cfg.monitor_gpa[0] = fake_u64(c.bytes + 24);
	f->cfg.monitor_gpa[1] = fake_u64(c.bytes + 32);
	if (f->cfg.max_version < HVP_VMBUS_VERSION_5_0) {
		f->cfg.interrupt_page_gpa = fake_u64(c.bytes + 16);
		f->cfg.interrupt_page = f->interrupt_page;
	}
	fake_start(f);
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	same(f, &c);
	fake_version(f, 1, 0, 1);
	same_as(f, run, offers);
	fake_event(f, HVP_EV_CONNECTED);
	return f;
}

/*
 * Opens the channel of a captured header with its ids and pages. Of long lists the captures
 * keep the first bodies; the pages of the others are unknown, and those bodies not compared.
 */
static struct hvp_channel *open_as(struct fake *f, const char *run, const char *const *numbers,
				   const char *open_number)
{
	struct captured header = load(run, numbers[0]);
	struct captured result = load(run, open_number);
	uint64_t *pfns = calloc(8192, sizeof(*pfns));
	struct hvp_open open = { .target_vp = fake_u32(result.bytes + 20) };
	uint32_t id = fake_u32(header.bytes + 8);
	struct hvp_channel *ch = fake_offered(f, id);
	size_t n = 0;

	for (size_t at = 28; at < header.size; at += 8)
		pfns[n++] = fake_u64(header.bytes + at);
	for (size_t i = 1; numbers[i]; i++) {
		struct captured body = load(run, numbers[i]);

		for (size_t at = 16; at < body.size; at += 8)
			pfns[n++] = fake_u64(body.bytes + at);
	}
	open.ring.byte_count = fake_u32(header.bytes + 20);
	open.ring.pfns = pfns;
	open.downstream_page = fake_u32(result.bytes + 24);
	open.user_data = result.bytes + 28;
	f->bus.next_gpadl_id = fake_u32(header.bytes + 12);
	ck_assert_int_eq(hvp_channel_open(ch, &open), HVP_OK);
	fake_tick(f);
	for (size_t i = 0; numbers[i]; i++)
		same_as(f, run, numbers[i]);
	fake_skip_posts(f);
	fake_created(f, id, fake_ring_id(ch), 0);
	same(f, &result);
	fake_opened(f, id, ch->open_id, 0);
	ck_assert_int_eq(fake_event(f, HVP_EV_OPENED).status, HVP_OK);
	free(pfns);
	return ch;
}

START_TEST(contact_to_open_of_all_devices_is_as_linux_has_it)
{
	static const char *const heartbeat[] = { "0016", NULL };
	static const char *const shutdown[] = { "0026", NULL };
	static const char *const time_sync[] = { "0032", NULL };
	static const char *const kvp[] = { "0042", NULL };
	static const char *const vss[] = { "0047", NULL };
	static const char *const keyboard[] = { "0439", NULL };
	static const char *const mouse[] = { "0446", NULL };
	static const char *const netvsc[] = { "0055", "0056", "0057", NULL };
	struct fake *f = connect_as("r1", "0001", "0003");

	open_as(f, "r1", heartbeat, "0018");
	open_as(f, "r1", shutdown, "0028");
	open_as(f, "r1", time_sync, "0034");
	open_as(f, "r1", kvp, "0044");
	open_as(f, "r1", vss, "0049");
	open_as(f, "r1", netvsc, "0066");
	open_as(f, "r1", keyboard, "0441");
	open_as(f, "r1", mouse, "0448");
	fake_expect_nothing(f);
	fake_free(f);
}
END_TEST

/* Refused from 5.3 down to 4.0; below 5.0 Linux names its interrupt page. */
START_TEST(the_walk_to_3_0_is_as_linux_has_it)
{
	static const char *const contacts[] = {
		"0001", "0003", "0005", "0007", "0009", "0011", "0013",
	};
	struct captured old = load("r3b", "0009");
	struct fake *f = fake_new();

	f->cfg.max_version = HVP_VMBUS_VERSION_5_3;
	f->cfg.target_vp = 0;
	f->cfg.interrupt_page_gpa = fake_u64(old.bytes + 16);
	f->cfg.monitor_gpa[0] = fake_u64(old.bytes + 24);
	f->cfg.monitor_gpa[1] = fake_u64(old.bytes + 32);
	fake_start(f);
	ck_assert_int_eq(hvp_bus_connect(&f->bus), HVP_OK);
	fake_tick(f);
	for (size_t i = 0; i < 7; i++) {
		same_as(f, "r3b", contacts[i]);
		fake_version(f, i == 6 ? 1 : 0, 0, 0);
	}
	same_as(f, "r3b", "0015");
	ck_assert_uint_eq(fake_event(f, HVP_EV_CONNECTED).version, HVP_VMBUS_VERSION_3_0);
	fake_free(f);
}
END_TEST

START_TEST(a_connect_request_is_as_linux_has_it)
{
	struct captured want = load("r1", "0920");
	struct fake *f = connect_as("r1", "0001", "0003");
	struct hvp_guid endpoint;
	struct hvp_guid service;

	memcpy(endpoint.b, want.bytes + 8, 16);
	memcpy(service.b, want.bytes + 24, 16);
	ck_assert_int_eq(hvp_bus_tl_connect(&f->bus, &endpoint, &service, NULL), HVP_OK);
	fake_tick(f);
	same(f, &want);
	fake_free(f);
}
END_TEST

/* Linux closes a rescinded channel first, which is optional (chapter 10 section 6.4). */
START_TEST(closing_rescind_and_unload_are_as_linux_has_them)
{
	static const char *const heartbeat[] = { "0016", NULL };
	static const char *const mouse[] = { "0446", NULL };
	struct fake *f = connect_as("r5", "0001", "0003");
	struct hvp_channel *hb = open_as(f, "r5", heartbeat, "0018");
	struct hvp_channel *ch = open_as(f, "r5", mouse, "0448");

	fake_rescind(f, hvp_channel_id(hb));
	fake_skip_events(f);
	ck_assert_int_eq(hvp_channel_release(hb), HVP_OK);
	fake_tick(f);
	same_as(f, "r5", "1015");
	ck_assert_int_eq(hvp_channel_close(ch), HVP_OK);
	fake_tick(f);
	same_as(f, "r5", "1033");
	same_as(f, "r5", "1034");
	fake_torndown(f, fake_ring_id(ch));
	ck_assert_int_eq(hvp_bus_unload(&f->bus), HVP_OK);
	fake_tick(f);
	same_as(f, "r5", "1056");
	fake_free(f);
}
END_TEST

START_TEST(sub_channels_and_moving_are_as_linux_has_them)
{
	static const char *const primary[] = { "0055", "0056", "0057", NULL };
	static const char *const sub[] = { "0275", NULL };
	struct fake *f = connect_as("r4", "0001", "0003");
	struct hvp_channel *ch = open_as(f, "r4", primary, "0066");
	struct captured modify = load("r4", "1042");

	open_as(f, "r4", sub, "0286");
	if (hvp_channel_id(ch) != fake_u32(modify.bytes + 8))
		ch = hvp_bus_channel(&f->bus, fake_u32(modify.bytes + 8));
	ck_assert_int_eq(hvp_channel_modify(ch, fake_u32(modify.bytes + 12)), HVP_OK);
	fake_tick(f);
	same(f, &modify);
	fake_modified(f, hvp_channel_id(ch), 0);
	ck_assert(fake_event(f, HVP_EV_MODIFIED).confirmed);
	ck_assert_int_eq(hvp_channel_modify(ch, 0), HVP_OK);
	fake_tick(f);
	same_as(f, "r4", "1044");
	fake_free(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("linux_replay");
	TCase *tc = tcase_create("linux");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, contact_to_open_of_all_devices_is_as_linux_has_it);
	tcase_add_test(tc, the_walk_to_3_0_is_as_linux_has_it);
	tcase_add_test(tc, a_connect_request_is_as_linux_has_it);
	tcase_add_test(tc, closing_rescind_and_unload_are_as_linux_has_them);
	tcase_add_test(tc, sub_channels_and_moving_are_as_linux_has_them);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
