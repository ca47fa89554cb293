/* SPDX-License-Identifier: BSD-2-Clause */
/* Codecs of NDIS structures, against the tables of chapter 20 section 5 and against themselves. */
#include "codec_window.h"

#include <hvproto/wire/ndis.h>
#include <hvproto/wire/ndis_table.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ROOM CW_ROOM

CT_CODEC(ndis, object)
CT_CODEC(ndis, offload)
CT_CODEC(ndis, offload_parameters)
CT_CODEC(ndis, offload_encapsulation)
CT_CODEC(ndis, rss_capabilities)
CT_CODEC(ndis, rss_parameters)
CT_CODEC(ndis, config_parameter)
CT_CODEC(ndis, link_state)
CT_CODEC(ndis, link_speed)

/* Sizes of the revisions; bytes that an object header bounds. */
static const struct record {
	struct ct_codec codec;
	uint32_t sizes[4];
	int bounds;
} records[] = {
	{ CT_CODEC_ENTRY(ndis, object), { 4 }, 0 },
	{ CT_CODEC_ENTRY(ndis, offload), { 112, 144, 156, 180 }, 4 },
	{ CT_CODEC_ENTRY(ndis, offload_parameters), { 20, 22, 28, 32 }, 4 },
	{ CT_CODEC_ENTRY(ndis, offload_encapsulation), { 28 }, 4 },
	{ CT_CODEC_ENTRY(ndis, rss_capabilities), { 16, 18 }, 4 },
	{ CT_CODEC_ENTRY(ndis, link_state), { 40 }, 4 },
	{ CT_CODEC_ENTRY(ndis, link_speed), { 16 }, 0 },
};

static const struct ct_codec rss_codec = CT_CODEC_ENTRY(ndis, rss_parameters);
static const struct ct_codec config_codec = CT_CODEC_ENTRY(ndis, config_parameter);

/* Of revision 1, and with the processors of revision 2. */
static const struct cw_layout rss_layouts[] = {
	{ 28,
	  28,
	  0,
	  { { "indirection_table_offset", 16, "indirection_table_size", 12, 2 },
	    { "hash_secret_key_offset", 24, "hash_secret_key_size", 20, 2 } } },
	{ 40,
	  28,
	  0,
	  { { "indirection_table_offset", 16, "indirection_table_size", 12, 2 },
	    { "hash_secret_key_offset", 24, "hash_secret_key_size", 20, 2 } } },
};

static const struct cw_layout config_layout = {
	20,
	20,
	0,
	{ { "parameter_name_offset", 0, "parameter_name_length", 4, 4 },
	  { "parameter_value_offset", 12, "parameter_value_length", 16, 4 } }
};

static const struct hvp_neg none = { 0, 0 };

static const struct hvp_msg_desc *named(const char *name)
{
	const struct hvp_msg_desc *m = hvp_msg_by_name(&hvp_ndis_proto, name);

	ck_assert_msg(m != NULL, "%s", name);
	return m;
}

static uint32_t revisions_of(const struct record *r)
{
	uint32_t n = 0;

	while (n < 4 && r->sizes[n] > 0)
		n++;
	return n;
}

static void example(const struct record *r, uint8_t *bytes, uint32_t revision, uint32_t *seed)
{
	ct_fill(named(r->codec.name), bytes, ROOM, seed);
	if (r->bounds > 0)
		bytes[1] = (uint8_t)revision;
}

/* Bytes that a decoder takes of a structure of @revision that arrived with @size bytes. */
static size_t taken(const struct record *r, uint32_t revision, size_t size)
{
	uint32_t last = 0;

	for (uint32_t k = 1; k < revisions_of(r) && k < revision && r->sizes[k] <= size; k++)
		last = k;
	return r->sizes[last];
}

START_TEST(every_structure_has_the_sizes_of_its_revisions)
{
	ck_assert_uint_eq(hvp_ndis_proto.msg_count, COUNT(records) + 2);
	ck_assert_uint_eq(hvp_ndis_proto.id_size, 0);
	for (size_t i = 0; i < COUNT(records); i++) {
		const struct hvp_msg_desc *m = named(records[i].codec.name);

		ck_assert_uint_eq(m->min_size, records[i].sizes[0]);
		ck_assert_uint_eq(m->max_size, records[i].sizes[revisions_of(&records[i]) - 1]);
		ck_assert_uint_eq(m->direction, HVP_DIR_BOTH);
	}
	ck_assert_uint_eq(named("rss_parameters")->min_size, 28);
	ck_assert_uint_eq(named("config_parameter")->min_size, 20);
	ck_assert_uint_eq(HVP_NDIS_OFFLOAD_SIZE_REV3, 156);
	ck_assert_uint_eq(HVP_NDIS_OFFLOAD_PARAMETERS_SIZE_REV3, 28);
	ck_assert_uint_eq(HVP_NDIS_RSS_CAPABILITIES_SIZE_REV2, 18);
}
END_TEST

START_TEST(every_truncation_is_short_below_revision_1)
{
	uint32_t seed = 0x1234567;
	uint8_t bytes[ROOM];

	for (size_t i = 0; i < COUNT(records); i++)
		for (uint32_t revision = 1; revision <= 5; revision++) {
			example(&records[i], bytes, revision, &seed);
			ct_truncate(named(records[i].codec.name), none, bytes, 190,
				    records[i].sizes[0]);
		}
}
END_TEST

/* Linux says revision 3 and sends 22 bytes of offload_parameters up to NVSP 4. */
START_TEST(what_a_revision_adds_is_read_if_it_is_said_and_there)
{
	uint32_t seed = 0x7e5;
	uint8_t bytes[ROOM];

	for (size_t i = 0; i < COUNT(records); i++)
		for (uint32_t revision = 1; revision <= 5; revision++)
			for (size_t size = records[i].sizes[0]; size <= 190; size++) {
				const struct hvp_msg_desc *m = named(records[i].codec.name);
				struct hvp_rd r = hvp_rd_init(bytes, size);
				void *msg = calloc(1, m->struct_size);

				example(&records[i], bytes, revision, &seed);
				ck_assert_int_eq(m->decode(&r, none, msg, NULL), HVP_OK);
				ck_assert_uint_eq(r.off, taken(&records[i], revision, size));
				ck_assert_uint_eq(records[i].codec.size(msg), r.off);
				free(msg);
			}
}
END_TEST

START_TEST(every_structure_survives_decode_encode_at_every_revision)
{
	uint32_t seed = 0x89abcdef;
	uint8_t bytes[ROOM];

	for (int round = ct_rounds(10); round > 0; round--)
		for (size_t i = 0; i < COUNT(records); i++)
			for (uint32_t k = 0; k < revisions_of(&records[i]); k++) {
				const struct hvp_msg_desc *m = named(records[i].codec.name);

				example(&records[i], bytes, k + 1, &seed);
				ct_round_trip(m, none, bytes, records[i].sizes[k]);
				ct_fits(m, &records[i].codec, none, bytes, records[i].sizes[k]);
			}
}
END_TEST

START_TEST(every_bound_is_enforced_both_ways)
{
	uint32_t seed = 0x5eed;
	uint8_t bytes[ROOM];

	for (size_t i = 0; i < COUNT(records); i++) {
		const struct hvp_msg_desc *m = named(records[i].codec.name);

		example(&records[i], bytes, 1, &seed);
		ck_assert_int_eq(ct_violate(m, none, bytes, 190), records[i].bounds);
		ck_assert_int_eq(ct_invalidate(m, &records[i].codec, none, bytes, 190),
				 records[i].bounds);
	}
}
END_TEST

/* -- groups that do not belong to the revision, or stand on nothing ----------------------- */

#define REFUSED(name, m, field) \
	do { \
		static const struct ct_codec refused = CT_CODEC_ENTRY(ndis, name); \
		cw_refused(named(#name), &refused, none, m, field); \
	} while (0)

START_TEST(a_group_of_a_later_revision_is_not_sent)
{
	struct hvp_ndis_offload o = { .object_type = HVP_NDIS_OBJECT_TYPE_OFFLOAD,
				      .revision = 1,
				      .size = 112,
				      .has_ipsec_v2 = true };
	struct hvp_ndis_offload_parameters p = { .object_type = HVP_NDIS_OBJECT_TYPE_DEFAULT,
						 .revision = 1,
						 .size = 20,
						 .has_ipsec_v2 = true };
	struct hvp_ndis_rss_capabilities c = {
		.object_type = HVP_NDIS_OBJECT_TYPE_RSS_CAPABILITIES,
		.revision = 1,
		.size = 16,
		.has_table = true,
	};
	struct hvp_ndis_rss_parameters q = { .revision = 1, .has_processors = true };

	REFUSED(offload, &o, "has_ipsec_v2");
	REFUSED(offload_parameters, &p, "has_ipsec_v2");
	REFUSED(rss_capabilities, &c, "has_table");
	REFUSED(rss_parameters, &q, "has_processors");
	o.revision = p.revision = 2;
	o.has_rsc = p.has_rsc = true;
	REFUSED(offload, &o, "has_rsc");
	REFUSED(offload_parameters, &p, "has_rsc");
	o.revision = p.revision = 3;
	o.has_vxlan = p.has_vxlan = true;
	REFUSED(offload, &o, "has_vxlan");
	REFUSED(offload_parameters, &p, "has_vxlan");
	o.revision = p.revision = 4;
	ck_assert_int_eq(hvp_ndis_offload_validate(&o, none, NULL), HVP_OK);
	ck_assert_int_eq(hvp_ndis_offload_parameters_validate(&p, none, NULL), HVP_OK);
}
END_TEST

START_TEST(a_group_without_the_one_before_it_is_not_sent)
{
	struct hvp_ndis_offload o = { .object_type = HVP_NDIS_OBJECT_TYPE_OFFLOAD,
				      .revision = 4,
				      .size = 180,
				      .has_rsc = true };
	struct hvp_ndis_offload_parameters p = { .object_type = HVP_NDIS_OBJECT_TYPE_DEFAULT,
						 .revision = 4,
						 .size = 32,
						 .has_rsc = true };

	REFUSED(offload, &o, "has_rsc");
	REFUSED(offload_parameters, &p, "has_rsc");
	o.has_ipsec_v2 = p.has_ipsec_v2 = true;
	ck_assert_int_eq(hvp_ndis_offload_validate(&o, none, NULL), HVP_OK);
	ck_assert_int_eq(hvp_ndis_offload_parameters_validate(&p, none, NULL), HVP_OK);
	o.has_vxlan = p.has_vxlan = true;
	o.has_rsc = p.has_rsc = false;
	REFUSED(offload, &o, "has_vxlan");
	REFUSED(offload_parameters, &p, "has_vxlan");
}
END_TEST

/* -- windows ----------------------------------------------------------------------------- */

START_TEST(parameters_of_rss_are_checked_at_every_length_and_window)
{
	const struct hvp_msg_desc *m = named("rss_parameters");
	uint32_t seed = 0x255;
	uint8_t bytes[ROOM];

	for (int round = ct_rounds(100); round > 0; round--)
		for (uint32_t k = 0; k < 2; k++) {
			size_t size;

			ct_fill(m, bytes, ROOM, &seed);
			bytes[1] = (uint8_t)(k + 1);
			size = cw_place(&rss_layouts[k], bytes, &seed);
			cw_truncate(m, &rss_layouts[k], none, bytes, size);
			cw_round_trip(m, &rss_codec, none, bytes, size);
			cw_reach(m, &rss_layouts[k], round % 2, none, bytes);
		}
}
END_TEST

START_TEST(named_settings_are_checked_at_every_length_and_window)
{
	const struct hvp_msg_desc *m = named("config_parameter");
	uint32_t seed = 0x6e6;
	uint8_t bytes[ROOM];

	for (int round = ct_rounds(100); round > 0; round--) {
		size_t size;

		ct_fill(m, bytes, ROOM, &seed);
		size = cw_place(&config_layout, bytes, &seed);
		cw_truncate(m, &config_layout, none, bytes, size);
		cw_round_trip(m, &config_codec, none, bytes, size);
		cw_reach(m, &config_layout, round % 2, none, bytes);
	}
}
END_TEST

START_TEST(a_table_or_key_that_does_not_match_its_fields_is_not_sent)
{
	static uint8_t bytes[4097];
	struct hvp_ndis_rss_parameters good = {
		.revision = 2,
		.indirection_table_size = 16,
		.indirection_table_offset = 40,
		.hash_secret_key_size = 40,
		.hash_secret_key_offset = 56,
		.has_processors = true,
		.table = { bytes, 16, 0 },
		.key = { bytes, 40, 0 },
	};
	struct hvp_ndis_rss_parameters m = good;

	ck_assert_int_eq(hvp_ndis_rss_parameters_validate(&m, none, NULL), HVP_OK);
	ck_assert_uint_eq(hvp_ndis_rss_parameters_size(&m), 96);
	m.indirection_table_size = 12;
	REFUSED(rss_parameters, &m, "table");
	m = good;
	m.hash_secret_key_size = 41;
	REFUSED(rss_parameters, &m, "key");
	m = good;
	m.indirection_table_offset = 39; /* in the processors, which are written last */
	REFUSED(rss_parameters, &m, "indirection_table_offset");
	m.has_processors = false;
	ck_assert_int_eq(hvp_ndis_rss_parameters_validate(&m, none, NULL), HVP_OK);
	m.indirection_table_offset = 27;
	REFUSED(rss_parameters, &m, "indirection_table_offset");
	m = good;
	m.hash_secret_key_offset = 28;
	REFUSED(rss_parameters, &m, "hash_secret_key_offset");
	m.hash_secret_key_offset = 65536;
	REFUSED(rss_parameters, &m, "key");
	m = good;
	m.table.len = m.indirection_table_size = 4097;
	REFUSED(rss_parameters, &m, "table");
	m = good;
	m.key.len = m.hash_secret_key_size = 257;
	REFUSED(rss_parameters, &m, "key");
}
END_TEST

START_TEST(a_name_or_value_of_more_than_255_bytes_is_not_sent)
{
	static uint8_t bytes[256];
	struct hvp_ndis_config_parameter m = {
		.parameter_name_offset = 20,
		.parameter_name_length = 255,
		.parameter_value_offset = 275,
		.parameter_value_length = 255,
		.parameter_name = { bytes, 255, 0 },
		.parameter_value = { bytes, 255, 0 },
	};

	ck_assert_int_eq(hvp_ndis_config_parameter_validate(&m, none, NULL), HVP_OK);
	ck_assert_uint_eq(hvp_ndis_config_parameter_size(&m), 530);
	m.parameter_name_offset = 19;
	REFUSED(config_parameter, &m, "parameter_name_offset");
	m.parameter_name_offset = 20;
	m.parameter_value_offset = 0;
	REFUSED(config_parameter, &m, "parameter_value_offset");
	m.parameter_value_offset = 275;
	m.parameter_name.len = m.parameter_name_length = 256;
	REFUSED(config_parameter, &m, "parameter_name");
	m.parameter_name.len = m.parameter_name_length = 255;
	m.parameter_value.len = m.parameter_value_length = 256;
	REFUSED(config_parameter, &m, "parameter_value");
	m.parameter_value.len = 255;
	REFUSED(config_parameter, &m, "parameter_value");
}
END_TEST

/* -- structures read and written by hand -------------------------------------------------- */

/* Section 5.4: what OpenVMM offers. */
START_TEST(the_offer_of_a_known_host_is_read)
{
	uint8_t b[156] = { 0xa7, 3, 156 };
	struct hvp_ndis_offload m;
	struct hvp_rd r = hvp_rd_init(b, sizeof(b));

	for (uint32_t at = 4; at <= 28; at += 8)
		b[at] = 2;
	ct_put(b + 8, 0x155, 4);
	ct_put(b + 24, 0x55, 4);
	ct_put(b + 80, 2, 4);
	ct_put(b + 84, 0xf53c, 4);
	ct_put(b + 88, 2, 4);
	ct_put(b + 104, 5, 4);
	b[145] = 1;
	ct_put(b + 152, 77, 4);
	ck_assert_int_eq(hvp_ndis_offload_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.size, 156);
	ck_assert_uint_eq(m.checksum_ipv4_tx_encapsulation, HVP_NDIS_ENCAPSULATION_802_3);
	ck_assert_uint_eq(m.checksum_ipv6_rx_encapsulation, HVP_NDIS_ENCAPSULATION_802_3);
	ck_assert_uint_eq(m.checksum_ipv4_tx,
			  HVP_NDIS_IPV4_CHECKSUM_IP_OPTIONS | HVP_NDIS_IPV4_CHECKSUM_TCP_OPTIONS |
				  HVP_NDIS_IPV4_CHECKSUM_TCP | HVP_NDIS_IPV4_CHECKSUM_UDP |
				  HVP_NDIS_IPV4_CHECKSUM_IP);
	ck_assert_uint_eq(m.checksum_ipv6_tx, 0x55);
	ck_assert_uint_eq(m.lso_v2_ipv4_max_offload_size, HVP_NDIS_LSO_MAX);
	ck_assert_uint_eq(m.lso_v2_ipv4_min_segment_count, 2);
	ck_assert_uint_eq(m.lso_v2_ipv6,
			  HVP_NDIS_LSO_IPV6_IP_EXTENSION_HEADERS | HVP_NDIS_LSO_IPV6_TCP_OPTIONS);
	ck_assert(m.has_ipsec_v2 && m.has_rsc && !m.has_vxlan);
	ck_assert_uint_eq(m.rsc_ipv4_enabled, 0);
	ck_assert_uint_eq(m.rsc_ipv6_enabled, 1);
	ck_assert_uint_eq(m.encapsulated_max_header_size, 77);
}
END_TEST

START_TEST(the_wishes_of_a_known_guest_are_written)
{
	static const uint8_t want[28] = { 0x80, 3, 28, 0, 1, 4,	       4,	4,
					  4,	0, 0,  2, 2, [22] = 2, [23] = 1 };
	struct hvp_ndis_offload_parameters m = {
		.object_type = HVP_NDIS_OBJECT_TYPE_DEFAULT,
		.revision = 3,
		.size = HVP_NDIS_OFFLOAD_PARAMETERS_SIZE_REV3,
		.ipv4_checksum = HVP_NDIS_OFFLOAD_CHECKSUM_OFF,
		.tcp_ipv4_checksum = HVP_NDIS_OFFLOAD_CHECKSUM_BOTH,
		.udp_ipv4_checksum = HVP_NDIS_OFFLOAD_CHECKSUM_BOTH,
		.tcp_ipv6_checksum = HVP_NDIS_OFFLOAD_CHECKSUM_BOTH,
		.udp_ipv6_checksum = HVP_NDIS_OFFLOAD_CHECKSUM_BOTH,
		.lso_v2_ipv4 = HVP_NDIS_OFFLOAD_SWITCH_ON,
		.lso_v2_ipv6 = HVP_NDIS_OFFLOAD_SWITCH_ON,
		.has_ipsec_v2 = true,
		.has_rsc = true,
		.rsc_ipv4 = HVP_NDIS_OFFLOAD_SWITCH_ON,
		.rsc_ipv6 = HVP_NDIS_OFFLOAD_SWITCH_OFF,
	};
	uint8_t buf[32];
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));

	ck_assert_int_eq(hvp_ndis_offload_parameters_encode(&w, none, &m, NULL), HVP_OK);
	ck_assert_uint_eq(w.off, sizeof(want));
	ck_assert_mem_eq(buf, want, sizeof(want));
}
END_TEST

/* Linux: table at 40, key at 552, 592 bytes in all. */
START_TEST(the_rss_parameters_of_a_known_guest_are_read)
{
	static uint8_t b[592] = { 0x89, 2, 40, 0, 0, 0, 0, 0, 0x01, 0x17 };
	struct hvp_ndis_rss_parameters m;
	struct hvp_rd r = hvp_rd_init(b, sizeof(b));

	ct_put(b + 12, 512, 2);
	ct_put(b + 16, 40, 4);
	ct_put(b + 20, HVP_NDIS_RSS_KEY_SIZE, 2);
	ct_put(b + 24, 552, 4);
	for (uint32_t i = 0; i < HVP_NDIS_RSS_TABLE_MAX; i++)
		ct_put(b + 40 + 4 * i, i % 5, 4);
	ck_assert_int_eq(hvp_ndis_rss_parameters_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.hash_information, HVP_NDIS_HASH_TOEPLITZ | HVP_NDIS_HASH_IPV4 |
						      HVP_NDIS_HASH_TCP_IPV4 | HVP_NDIS_HASH_IPV6 |
						      HVP_NDIS_HASH_TCP_IPV6);
	ck_assert(m.has_processors);
	ck_assert_ptr_eq(m.table.p, b + 40);
	ck_assert_uint_eq(m.table.len, 512);
	ck_assert_ptr_eq(m.key.p, b + 552);
	ck_assert_uint_eq(m.key.len, 40);
	for (uint32_t i = 0; i < HVP_NDIS_RSS_TABLE_MAX; i++)
		ck_assert_uint_eq(hvp_get_u32(hvp_rd_take(&m.table, 4)), i % 5);
}
END_TEST

/* Section 5.7: the name at 20, twelve digits at 48, 72 bytes. */
START_TEST(a_change_of_the_mac_is_a_named_setting)
{
	static const char name[] = "NetworkAddress", mac[] = "00155D123456";
	uint8_t want[72] = { 20, 0, 0, 0, 28, 0, 0, 0, 2, 0, 0, 0, 48, 0, 0, 0, 24 }, buf[72];
	struct hvp_ndis_config_parameter m = { 20,
					       28,
					       HVP_NDIS_PARAMETER_TYPE_STRING,
					       48,
					       24,
					       { want + 20, 28, 0 },
					       { want + 48, 24, 0 } };
	struct hvp_wr w = hvp_wr_init(buf, sizeof(buf));

	for (size_t i = 0; i < 14; i++)
		want[20 + 2 * i] = (uint8_t)name[i];
	for (size_t i = 0; i < 12; i++)
		want[48 + 2 * i] = (uint8_t)mac[i];
	ck_assert_int_eq(hvp_ndis_config_parameter_encode(&w, none, &m, NULL), HVP_OK);
	ck_assert_uint_eq(w.off, 72);
	ck_assert_mem_eq(buf, want, 72);
}
END_TEST

START_TEST(the_state_of_a_link_is_read)
{
	uint8_t b[40] = { 0x80, 1, 40, 0, 1 };
	struct hvp_ndis_link_state m;
	struct hvp_rd r = hvp_rd_init(b, sizeof(b));

	ct_put(b + 16, 10000000000, 8);
	ct_put(b + 24, 1000000000, 8);
	ck_assert_int_eq(hvp_ndis_link_state_decode(&r, none, &m, NULL), HVP_OK);
	ck_assert_uint_eq(m.media_connect_state, 1);
	ck_assert(m.xmit_link_speed == 10000000000 && m.rcv_link_speed == 1000000000);
}
END_TEST

START_TEST(oids_have_the_numbers_of_the_facts)
{
	ck_assert_uint_eq(HVP_NDIS_OID_GEN_SUPPORTED_LIST, 0x00010101);
	ck_assert_uint_eq(HVP_NDIS_OID_GEN_LINK_SPEED, 0x00010107);
	ck_assert_uint_eq(HVP_NDIS_OID_GEN_CURRENT_PACKET_FILTER, 0x0001010e);
	ck_assert_uint_eq(HVP_NDIS_OID_GEN_MEDIA_CONNECT_STATUS, 0x00010114);
	ck_assert_uint_eq(HVP_NDIS_OID_GEN_RECEIVE_SCALE_CAPABILITIES, 0x00010203);
	ck_assert_uint_eq(HVP_NDIS_OID_GEN_RECEIVE_SCALE_PARAMETERS, 0x00010204);
	ck_assert_uint_eq(HVP_NDIS_OID_GEN_RNDIS_CONFIG_PARAMETER, 0x0001021b);
	ck_assert_uint_eq(HVP_NDIS_OID_SWITCH_NIC_REQUEST, 0x00010270);
	ck_assert_uint_eq(HVP_NDIS_OID_GEN_FRIENDLY_NAME, 0x00020216);
	ck_assert_uint_eq(HVP_NDIS_OID_802_3_PERMANENT_ADDRESS, 0x01010101);
	ck_assert_uint_eq(HVP_NDIS_OID_802_3_MULTICAST_LIST, 0x01010103);
	ck_assert_uint_eq(HVP_NDIS_OID_OFFLOAD_ENCAPSULATION, 0x0101010a);
	ck_assert_uint_eq(HVP_NDIS_OID_TCP_OFFLOAD_PARAMETERS, 0xfc01020c);
	ck_assert_uint_eq(HVP_NDIS_OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES, 0xfc01020d);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ndis_codec");
	TCase *tc = tcase_create("ndis_codec");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_structure_has_the_sizes_of_its_revisions);
	tcase_add_test(tc, every_truncation_is_short_below_revision_1);
	tcase_add_test(tc, what_a_revision_adds_is_read_if_it_is_said_and_there);
	tcase_add_test(tc, every_structure_survives_decode_encode_at_every_revision);
	tcase_add_test(tc, every_bound_is_enforced_both_ways);
	tcase_add_test(tc, a_group_of_a_later_revision_is_not_sent);
	tcase_add_test(tc, a_group_without_the_one_before_it_is_not_sent);
	tcase_add_test(tc, parameters_of_rss_are_checked_at_every_length_and_window);
	tcase_add_test(tc, named_settings_are_checked_at_every_length_and_window);
	tcase_add_test(tc, a_table_or_key_that_does_not_match_its_fields_is_not_sent);
	tcase_add_test(tc, a_name_or_value_of_more_than_255_bytes_is_not_sent);
	tcase_add_test(tc, the_offer_of_a_known_host_is_read);
	tcase_add_test(tc, the_wishes_of_a_known_guest_are_written);
	tcase_add_test(tc, the_rss_parameters_of_a_known_guest_are_read);
	tcase_add_test(tc, a_change_of_the_mac_is_a_named_setting);
	tcase_add_test(tc, the_state_of_a_link_is_read);
	tcase_add_test(tc, oids_have_the_numbers_of_the_facts);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
