/* SPDX-License-Identifier: BSD-2-Clause */
/* What is on the mock NIC's cable: captures, a network in user mode, tap devices. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "netvsp_guest.h"

#define ROUNDS 2000 /* of a millisecond: the longest wait for the world outside */

static struct nv_guest v;
static char error[HVM_NET_ERROR_SIZE];
static char name[64];

static void setup(void)
{
	nv_attach(&v, NULL, 0x60001);
	nv_filter(&v, 0xd);
	snprintf(name, sizeof(name), "/tmp/hvm-net-%ld.pcap", (long)getpid());
}

static void teardown(void)
{
	nv_done(&v);
	(void)unlink(name);
}

/* ---- captures ---- */

static void send_frame(const uint8_t *bytes, uint32_t size, const uint8_t *ppi, uint32_t ppi_size)
{
	nv_frame(&v, bytes, size, ppi, ppi_size);
}

START_TEST(what_the_guest_sends_can_be_read_back_from_the_file_in_order)
{
	uint8_t f[60] = { 1, 2, 3 }, ppi[16], m[120];
	struct hvm_net_backend *b = hvm_net_pcap(NULL, name, error);
	uint64_t before;
	uint32_t k;

	ck_assert_ptr_nonnull(b);
	hvm_netvsp_set_backend(v.n, b);
	for (k = 0; k < 3; k++) {
		f[59] = (uint8_t)k;
		nv_ppi(ppi, 6, 0x645);
		send_frame(f, 60, ppi, k == 1 ? 16 : 0);
		hvm_sched_run_for(hvm_partition_sched(v.g.p), 10 * HVM_MS);
	}
	hvm_netvsp_set_backend(v.n, hvm_net_pcap(name, NULL, error));
	before = hvm_sched_now(hvm_partition_sched(v.g.p));
	hvm_sched_run_for(hvm_partition_sched(v.g.p), 40 * HVM_MS);
	ck_assert_uint_ge(hvm_sched_now(hvm_partition_sched(v.g.p)) - before, 20 * HVM_MS);
	for (k = 0; k < 3; k++) {
		f[59] = (uint8_t)k;
		if (k == 1) {
			memcpy(m, f, 12);
			memcpy(m + 12, "\x81\0\xa0\x64", 4);
			memcpy(m + 16, f + 12, 48);
			nv_expect_frame(&v, 0, m, 64);
		} else {
			nv_expect_frame(&v, 0, f, 60);
		}
	}
}
END_TEST

START_TEST(frames_of_a_capture_come_at_their_distances)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *d = pcap_dump_open(p, name);
	struct pcap_pkthdr h;
	uint8_t f[60] = { 9 };

	memset(&h, 0, sizeof(h));
	h.caplen = h.len = 60;
	h.ts.tv_sec = 1000;
	pcap_dump((u_char *)d, &h, f);
	h.ts.tv_sec = 1002;
	pcap_dump((u_char *)d, &h, f);
	pcap_dump_close(d);
	pcap_close(p);
	hvm_netvsp_set_backend(v.n, hvm_net_pcap(name, NULL, error));
	hvm_sched_run_for(hvm_partition_sched(v.g.p), HVM_SEC);
	ck_assert_uint_eq(nv_counters(&v).rx_frames, 1);
	hvm_sched_run_for(hvm_partition_sched(v.g.p), HVM_SEC + 5 * HVM_MS);
	ck_assert_uint_eq(nv_counters(&v).rx_frames, 2);
}
END_TEST

START_TEST(a_file_that_is_no_capture_is_an_error_that_can_be_read)
{
	ck_assert_ptr_null(hvm_net_pcap("/nowhere/at/all", NULL, error));
	ck_assert_ptr_nonnull(strstr(error, "/nowhere/at/all"));
	ck_assert_ptr_null(hvm_net_pcap(NULL, "/nowhere/at/all", error));
	ck_assert_ptr_nonnull(strstr(error, "/nowhere/at/all"));
}
END_TEST

/* ---- tap ---- */

START_TEST(a_tap_device_that_cannot_be_had_is_an_error_that_can_be_read)
{
	struct hvm_net_backend *b = hvm_net_tap("a-name-that-is-too-long-for-the-kernel", error);

	/* Where tap devices are allowed the kernel cuts the name and makes one. */
	if (b)
		b->free(b);
	else
		ck_assert_ptr_nonnull(strchr(error, ':'));
}
END_TEST

/* ---- the network in user mode ---- */

static const uint8_t our_mac[6] = { 0x00, 0x15, 0x5d, 0x00, 0x00, 0x01 };

struct reply {
	uint8_t f[2048];
	uint32_t size;
};

static void put16(uint8_t *p, uint32_t x)
{
	p[0] = (uint8_t)(x >> 8);
	p[1] = (uint8_t)x;
}

static void put32(uint8_t *p, uint32_t x)
{
	put16(p, x >> 16);
	put16(p + 2, x);
}

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static void millisecond(void)
{
	struct timespec t = { 0, 1000000 };

	nanosleep(&t, NULL);
}

/* The next frame that @want says yes to; others are completed and forgotten. */
static void await(struct reply *out, bool (*want)(const struct reply *r))
{
	uint8_t done[8] = { 108, 0, 0, 0, 1 };
	struct nv_got got;
	int k;

	for (k = 0; k < ROUNDS; k++) {
		hvm_sched_run_for(hvm_partition_sched(v.g.p), HVM_MS);
		while (nv_take(&v, 0, &got)) {
			if (got.p.type != HVP_PACKET_XFER_PAGES)
				continue;
			out->size = hvp_get_u32(got.rndis + 12);
			memcpy(out->f, got.rndis + 8 + hvp_get_u32(got.rndis + 8), out->size);
			nv_complete(&v, 0, got.p.transaction_id, done, 8);
			if (want(out))
				return;
		}
		millisecond();
	}
	ck_abort_msg("the frame that was waited for did not come");
}

/* Ethernet and IPv4 before @size bytes of the layer above; checksums are the host's work. */
static void ip_send(const uint8_t *dst_mac, uint32_t src, uint32_t dst, uint8_t proto,
		    const uint8_t *body, uint32_t size)
{
	uint8_t f[1514] = { 0 }, ppi[16], m[1600];

	memcpy(f, dst_mac, 6);
	memcpy(f + 6, our_mac, 6);
	put16(f + 12, 0x0800);
	f[14] = 0x45;
	put16(f + 16, 20 + size);
	f[22] = 64;
	f[23] = proto;
	put32(f + 26, src);
	put32(f + 30, dst);
	memcpy(f + 34, body, size);
	nv_ppi(ppi, 0, 34u << 16 | (proto == 6 ? 0x15u : 0x19u));
	nv_rndis(&v, 0, m, nv_packet(m, f, 34 + size, ppi, 16));
}

static bool is_dhcp(const struct reply *r)
{
	return r->size > 282 && get16(r->f + 12) == 0x0800 && r->f[23] == 17 &&
	       get16(r->f + 34) == 67 && get16(r->f + 36) == 68;
}

static void dhcp(uint8_t type, uint32_t wanted, struct reply *out)
{
	static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	uint8_t u[8 + 300] = { 0 };
	uint8_t *o = u + 8 + 240;

	put16(u, 68);
	put16(u + 2, 67);
	put16(u + 4, sizeof(u));
	u[8] = 1;
	u[9] = 1;
	u[10] = 6;
	put32(u + 12, 0x12345678);
	memcpy(u + 8 + 28, our_mac, 6);
	put32(u + 8 + 236, 0x63825363);
	*o++ = 53;
	*o++ = 1;
	*o++ = type;
	if (wanted) {
		*o++ = 50;
		*o++ = 4;
		put32(o, wanted);
		o += 4;
	}
	*o = 255;
	ip_send(all, 0, 0xffffffff, 17, u, sizeof(u));
	await(out, is_dhcp);
}

static uint8_t dhcp_type(const struct reply *r)
{
	const uint8_t *o = r->f + 14 + 20 + 8 + 240, *end = r->f + r->size;

	while (o + 2 < end && *o != 255) {
		if (*o == 53)
			return o[2];
		o += 2 + o[1];
	}
	return 0;
}

static struct hvm_net_backend *slirp(void)
{
	struct hvm_net_backend *b = hvm_net_slirp(error);

	ck_assert_msg(b != NULL, "%s", error);
	return b;
}

/* The address that the lease gives. */
static uint32_t lease(void)
{
	struct reply r;
	uint32_t ip;

	dhcp(1, 0, &r);
	ck_assert_uint_eq(dhcp_type(&r), 2);
	ip = get32(r.f + 14 + 20 + 8 + 16);
	dhcp(3, ip, &r);
	ck_assert_uint_eq(dhcp_type(&r), 5);
	ck_assert_uint_eq(get32(r.f + 14 + 20 + 8 + 16), ip);
	return ip;
}

START_TEST(dhcp_gives_an_address)
{
	hvm_netvsp_set_backend(v.n, slirp());
	ck_assert_uint_eq(lease(), 0x0a00020f);
}
END_TEST

static bool is_arp(const struct reply *r)
{
	return r->size >= 42 && get16(r->f + 12) == 0x0806 && get16(r->f + 20) == 2;
}

static void gateway_mac(uint32_t ip, uint8_t *mac)
{
	uint8_t f[42] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, m[128];
	struct reply r;

	memcpy(f + 6, our_mac, 6);
	put16(f + 12, 0x0806);
	memcpy(f + 14, "\0\1\x08\0\6\4\0\1", 8);
	memcpy(f + 22, our_mac, 6);
	put32(f + 28, ip);
	put32(f + 38, 0x0a000202);
	nv_rndis(&v, 0, m, nv_packet(m, f, sizeof(f), NULL, 0));
	await(&r, is_arp);
	memcpy(mac, r.f + 22, 6);
}

static uint16_t server_port;

static bool is_tcp(const struct reply *r)
{
	return r->size >= 54 && get16(r->f + 12) == 0x0800 && r->f[23] == 6 &&
	       get16(r->f + 34) == server_port;
}

static bool is_tcp_data(const struct reply *r)
{
	return is_tcp(r) && get16(r->f + 16) > 20u + (r->f[46] >> 4) * 4u;
}

static void tcp_send(const uint8_t *mac, uint32_t ip, uint32_t seq, uint32_t ack, uint8_t flags,
		     const char *text)
{
	uint8_t t[256] = { 0 };

	put16(t, 40000);
	put16(t + 2, server_port);
	put32(t + 4, seq);
	put32(t + 8, ack);
	t[12] = 0x50;
	t[13] = flags;
	put16(t + 14, 60000);
	memcpy(t + 20, text, strlen(text));
	ip_send(mac, ip, 0x0a000202, 6, t, 20 + (uint32_t)strlen(text));
}

static int listener(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	server_port = ntohs(a.sin_port);
	return fd;
}

START_TEST(a_tcp_connection_reaches_a_server_on_the_loopback)
{
	struct hvm_net_backend *b = slirp();
	int fd = listener(), peer;
	uint8_t mac[6], text[16] = { 0 };
	uint32_t ip, ack;
	struct reply r;

	hvm_netvsp_set_backend(v.n, b);
	ip = lease();
	gateway_mac(ip, mac);
	tcp_send(mac, ip, 100, 0, 0x02, "");
	await(&r, is_tcp);
	ck_assert_uint_eq(r.f[47] & 0x12, 0x12);
	ck_assert_uint_eq(get32(r.f + 42), 101);
	ack = get32(r.f + 38) + 1;
	tcp_send(mac, ip, 101, ack, 0x10, "");
	tcp_send(mac, ip, 101, ack, 0x18, "hello host");
	await(&r, is_tcp);
	peer = accept(fd, NULL, NULL);
	ck_assert_int_ge(peer, 0);
	ck_assert_int_eq(recv(peer, text, 10, MSG_WAITALL), 10);
	ck_assert_str_eq((char *)text, "hello host");
	ck_assert_int_eq(send(peer, "hello guest", 11, 0), 11);
	await(&r, is_tcp_data);
	ck_assert_mem_eq(r.f + 14 + 20 + (r.f[46] >> 4) * 4, "hello guest", 11);
	close(peer);
	close(fd);
}
END_TEST

#define SKIPPED 77 /* as ctest is told */

static bool has_slirp(void)
{
	struct hvm_net_backend *b = hvm_net_slirp(error);

	if (b)
		b->free(b);
	return b != NULL;
}

static int run(bool user_mode)
{
	Suite *s = suite_create("mock NIC: backends");
	TCase *t = tcase_create("backends");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	if (user_mode) {
		tcase_add_test(t, dhcp_gives_an_address);
		tcase_add_test(t, a_tcp_connection_reaches_a_server_on_the_loopback);
	} else {
		tcase_add_test(t, what_the_guest_sends_can_be_read_back_from_the_file_in_order);
		tcase_add_test(t, frames_of_a_capture_come_at_their_distances);
		tcase_add_test(t, a_file_that_is_no_capture_is_an_error_that_can_be_read);
		tcase_add_test(t, a_tap_device_that_cannot_be_had_is_an_error_that_can_be_read);
	}
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* With the argument "slirp" those that need libslirp, or a skip that ctest counts. */
int main(int argc, char **argv)
{
	bool user_mode = argc > 1 && strcmp(argv[1], "slirp") == 0;

	if (user_mode && !has_slirp()) {
		printf("skipped: %s\n", error);
		return SKIPPED;
	}
	return run(user_mode);
}
