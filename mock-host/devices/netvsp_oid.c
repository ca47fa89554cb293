/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC: what a host answers to queries (chapter 20 section 5.2). */
#include "netvsp_internal.h"

#define OID(name) HVP_NDIS_OID_##name
#define SPEED_UNIT 100u
#define ETHERNET 14u
#define NDIS_630 30u

/* The first 32 for NDIS 5, 41 for 6, all for 6.30 and later. */
static const uint32_t supported[] = {
	OID(GEN_SUPPORTED_LIST),
	OID(GEN_HARDWARE_STATUS),
	OID(GEN_MEDIA_SUPPORTED),
	OID(GEN_MEDIA_IN_USE),
	OID(GEN_MAXIMUM_LOOKAHEAD),
	OID(GEN_MAXIMUM_FRAME_SIZE),
	OID(GEN_LINK_SPEED),
	OID(GEN_TRANSMIT_BUFFER_SPACE),
	OID(GEN_RECEIVE_BUFFER_SPACE),
	OID(GEN_TRANSMIT_BLOCK_SIZE),
	OID(GEN_RECEIVE_BLOCK_SIZE),
	OID(GEN_VENDOR_ID),
	OID(GEN_VENDOR_DESCRIPTION),
	OID(GEN_CURRENT_PACKET_FILTER),
	OID(GEN_CURRENT_LOOKAHEAD),
	OID(GEN_DRIVER_VERSION),
	OID(GEN_MAXIMUM_TOTAL_SIZE),
	OID(GEN_PROTOCOL_OPTIONS),
	OID(GEN_MAC_OPTIONS),
	OID(GEN_MEDIA_CONNECT_STATUS),
	OID(GEN_MAXIMUM_SEND_PACKETS),
	OID(GEN_VENDOR_DRIVER_VERSION),
	OID(GEN_NETWORK_LAYER_ADDRESSES),
	OID(GEN_FRIENDLY_NAME),
	OID(GEN_RNDIS_CONFIG_PARAMETER),
	OID(802_3_PERMANENT_ADDRESS),
	OID(802_3_CURRENT_ADDRESS),
	OID(802_3_MULTICAST_LIST),
	OID(802_3_MAXIMUM_LIST_SIZE),
	OID(802_3_RCV_ERROR_ALIGNMENT),
	OID(802_3_XMIT_ONE_COLLISION),
	OID(802_3_XMIT_MORE_COLLISIONS),
	OID(GEN_LINK_STATE),
	OID(GEN_MAX_LINK_SPEED),
	OID(GEN_LINK_PARAMETERS),
	OID(GEN_BYTES_RCV),
	OID(GEN_BYTES_XMIT),
	OID(OFFLOAD_ENCAPSULATION),
	OID(TCP_OFFLOAD_CURRENT_CONFIG),
	OID(TCP_OFFLOAD_PARAMETERS),
	OID(TCP_OFFLOAD_HARDWARE_CAPABILITIES),
	OID(GEN_RECEIVE_SCALE_CAPABILITIES),
	OID(GEN_RECEIVE_SCALE_PARAMETERS),
};
#define SUPPORTED_NDIS5 32u
#define SUPPORTED_NDIS6 41u
#define SUPPORTED_ALL (sizeof(supported) / sizeof(supported[0]))

/* Those that are one number, the same for every NIC. */
static const struct {
	uint32_t oid;
	uint32_t size;
	uint32_t value;
} numbers[] = {
	{ OID(GEN_HARDWARE_STATUS), 4, 0 },
	{ OID(GEN_MEDIA_SUPPORTED), 4, 0 },
	{ OID(GEN_MEDIA_IN_USE), 4, 0 },
	{ OID(GEN_TRANSMIT_BUFFER_SPACE), 4, 262144 },
	{ OID(GEN_RECEIVE_BUFFER_SPACE), 4, 262144 },
	{ OID(GEN_VENDOR_ID), 4, 0x155d },
	{ OID(GEN_DRIVER_VERSION), 2, 0x100 },
	{ OID(GEN_VENDOR_DRIVER_VERSION), 2, 0x100 },
	{ OID(GEN_CURRENT_PACKET_FILTER), 4, 0 },
	{ OID(GEN_MAC_OPTIONS), 4,
	  HVP_NDIS_MAC_OPTION_COPY_LOOKAHEAD | HVP_NDIS_MAC_OPTION_TRANSFERS_NOT_PEND |
		  HVP_NDIS_MAC_OPTION_NO_LOOPBACK | HVP_NDIS_MAC_OPTION_802_1P_PRIORITY |
		  HVP_NDIS_MAC_OPTION_802_1Q_VLAN },
	{ OID(GEN_MAXIMUM_SEND_PACKETS), 4, 0xffffffff },
	{ OID(802_3_MAXIMUM_LIST_SIZE), 4, 0 },
	{ OID(802_3_RCV_ERROR_ALIGNMENT), 4, 0 },
	{ OID(802_3_XMIT_ONE_COLLISION), 4, 0 },
	{ OID(802_3_XMIT_MORE_COLLISIONS), 4, 0 },
};

static uint32_t put_u32(uint8_t *out, uint64_t value)
{
	hvp_put_u32(out, value > UINT32_MAX ? UINT32_MAX : (uint32_t)value);
	return 4;
}

static uint32_t put_list(const struct hvm_netvsp *n, uint8_t *out, uint32_t *size)
{
	size_t count = n->ss.ndis_minor >= NDIS_630 ? SUPPORTED_ALL : SUPPORTED_NDIS6, k;

	if (n->ss.ndis_major != 5 && n->ss.ndis_major != 6)
		return HVP_RNDIS_STATUS_BAD_VERSION;
	if (n->ss.ndis_major == 5)
		count = SUPPORTED_NDIS5;
	for (k = 0; k < count; k++)
		hvp_put_u32(out + 4 * k, supported[k]);
	*size = (uint32_t)(4 * count);
	return HVP_RNDIS_STATUS_SUCCESS;
}

static uint32_t put_text(const char *text, uint8_t *out)
{
	size_t k, len = strlen(text);

	memset(out, 0, HVP_NDIS_FRIENDLY_NAME_BYTES);
	for (k = 0; k < len && 2 * k + 1 < HVP_NDIS_FRIENDLY_NAME_BYTES; k++)
		out[2 * k] = (uint8_t)text[k];
	return HVP_NDIS_FRIENDLY_NAME_BYTES;
}

static uint32_t put_link_state(const struct hvm_netvsp *n, uint8_t *out)
{
	struct hvp_wr w = hvp_wr_init(out, NV_ANSWER_MAX);
	struct hvp_ndis_link_state s;

	memset(&s, 0, sizeof(s));
	s.object_type = HVP_NDIS_OBJECT_TYPE_DEFAULT;
	s.revision = HVP_NDIS_REVISION_1;
	s.size = HVP_NDIS_LINK_STATE_MAX_SIZE;
	s.media_connect_state = n->link_up ? 1 : 2;
	s.xmit_link_speed = n->link_speed;
	s.rcv_link_speed = n->link_speed;
	return hvp_ndis_link_state_encode(&w, hvm_nv_neg(n), &s, NULL) == HVP_OK ? (uint32_t)w.off
										 : 0;
}

static uint32_t put_encapsulation(const struct hvm_netvsp *n, uint8_t *out)
{
	struct hvp_wr w = hvp_wr_init(out, NV_ANSWER_MAX);
	struct hvp_ndis_offload_encapsulation e = {
		HVP_NDIS_OBJECT_TYPE_OFFLOAD_ENCAPSULATION,
		HVP_NDIS_REVISION_1,
		HVP_NDIS_OFFLOAD_ENCAPSULATION_MAX_SIZE,
		1,
		HVP_NDIS_ENCAPSULATION_802_3,
		ETHERNET,
		1,
		HVP_NDIS_ENCAPSULATION_802_3,
		ETHERNET,
	};

	return hvp_ndis_offload_encapsulation_encode(&w, hvm_nv_neg(n), &e, NULL) == HVP_OK
		       ? (uint32_t)w.off
		       : 0;
}

/* A table size of 0 confuses a known driver (NET-REQ-082). */
static uint32_t put_rss(const struct hvm_netvsp *n, uint8_t *out)
{
	struct hvp_wr w = hvp_wr_init(out, NV_ANSWER_MAX);
	struct hvp_ndis_rss_capabilities c;

	memset(&c, 0, sizeof(c));
	c.object_type = HVP_NDIS_OBJECT_TYPE_RSS_CAPABILITIES;
	c.revision = HVP_NDIS_REVISION_2;
	c.size = 18;
	c.capabilities_flags = HVP_NDIS_RSS_CAPABILITY_TOEPLITZ | HVP_NDIS_RSS_CAPABILITY_TCP_IPV4 |
			       HVP_NDIS_RSS_CAPABILITY_TCP_IPV6;
	c.number_of_interrupt_messages = 1;
	c.number_of_receive_queues = n->cfg.max_queues;
	c.has_table = true;
	c.number_of_indirection_table_entries = (uint16_t)n->cfg.hash_table;
	return hvp_ndis_rss_capabilities_encode(&w, hvm_nv_neg(n), &c, NULL) == HVP_OK
		       ? (uint32_t)w.off
		       : 0;
}

static uint32_t put_speeds(const struct hvm_netvsp *n, uint8_t *out)
{
	hvp_put_u64(out, n->link_speed);
	hvp_put_u64(out + 8, n->link_speed);
	return 16;
}

static uint32_t put_bytes(uint8_t *out, const void *bytes, uint32_t size)
{
	memcpy(out, bytes, size);
	return size;
}

/* Those that depend on this NIC; 0: none of them. */
static uint32_t put_own(const struct hvm_netvsp *n, uint32_t oid, uint8_t *out)
{
	switch (oid) {
	case OID(GEN_MAXIMUM_LOOKAHEAD):
	case OID(GEN_CURRENT_LOOKAHEAD):
	case OID(GEN_MAXIMUM_FRAME_SIZE):
		return put_u32(out, n->ss.mtu - ETHERNET);
	case OID(GEN_MAXIMUM_TOTAL_SIZE):
	case OID(GEN_TRANSMIT_BLOCK_SIZE):
	case OID(GEN_RECEIVE_BLOCK_SIZE):
		return put_u32(out, n->ss.mtu);
	case OID(GEN_LINK_SPEED):
		return put_u32(out, n->link_speed / SPEED_UNIT);
	case OID(GEN_MEDIA_CONNECT_STATUS):
		return put_u32(out, !n->link_up);
	case OID(GEN_VENDOR_DESCRIPTION):
		return put_bytes(out, "Microsoft Corporation", 21);
	case OID(GEN_FRIENDLY_NAME):
		return put_text(n->friendly_name, out);
	case OID(802_3_PERMANENT_ADDRESS):
	case OID(802_3_CURRENT_ADDRESS):
		return put_bytes(out, n->cfg.mac, 6);
	case OID(GEN_LINK_STATE):
		return put_link_state(n, out);
	case OID(GEN_MAX_LINK_SPEED):
		return put_speeds(n, out);
	case OID(TCP_OFFLOAD_HARDWARE_CAPABILITIES):
		return hvm_nv_offload_put(hvm_nv_offload_all(n), out);
	case OID(TCP_OFFLOAD_CURRENT_CONFIG):
		return hvm_nv_offload_put(n->ss.offloads, out);
	case OID(OFFLOAD_ENCAPSULATION):
		return put_encapsulation(n, out);
	case OID(GEN_RECEIVE_SCALE_CAPABILITIES):
		return put_rss(n, out);
	default:
		return 0;
	}
}

uint32_t hvm_nv_query(struct hvm_netvsp *n, uint32_t oid, uint8_t *out, uint32_t *size)
{
	size_t k;

	*size = 0;
	if (oid == OID(GEN_SUPPORTED_LIST))
		return put_list(n, out, size);
	for (k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
		if (numbers[k].oid == oid) {
			hvp_put_u32(out, numbers[k].value);
			*size = numbers[k].size;
			return HVP_RNDIS_STATUS_SUCCESS;
		}
	}
	*size = put_own(n, oid, out);
	return *size ? HVP_RNDIS_STATUS_SUCCESS : HVP_RNDIS_STATUS_NOT_SUPPORTED;
}

/* ---- other answers ---- */

const struct nv_oid *hvm_nv_oid(const struct hvm_netvsp *n, uint32_t oid)
{
	size_t k;

	for (k = 0; k < n->oid_n; k++)
		if (n->oids[k].oid == oid)
			return &n->oids[k];
	return NULL;
}

void hvm_netvsp_clear_oid(struct hvm_netvsp *n, uint32_t oid)
{
	size_t k;

	for (k = 0; k < n->oid_n; k++) {
		if (n->oids[k].oid == oid) {
			free(n->oids[k].bytes);
			n->oid_n = hvm_vec_remove(n->oids, n->oid_n, k, sizeof(*n->oids));
			return;
		}
	}
}

void hvm_netvsp_set_oid(struct hvm_netvsp *n, uint32_t oid, uint32_t status, const void *bytes,
			size_t size)
{
	struct nv_oid o = { oid, status, hvm_xcopy(bytes, size), size };

	hvm_netvsp_clear_oid(n, oid);
	n->oids = hvm_vec_grow(n->oids, n->oid_n, &n->oid_cap, sizeof(*n->oids));
	n->oids[n->oid_n++] = o;
}
