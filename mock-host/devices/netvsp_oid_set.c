/* SPDX-License-Identifier: BSD-2-Clause */
/* The mock NIC: what a guest may set (chapter 20 section 5.3). */
#include "netvsp_internal.h"

#define NAME_MAX_BYTES 255u /* of a parameter's name and of its value */
#define ETHERNET 14u

static uint32_t set_filter(struct hvm_netvsp *n, const struct hvp_rd *in)
{
	if (hvp_rd_left(in) < 4)
		return HVP_RNDIS_STATUS_INVALID_DATA;
	n->ss.filter = hvp_get_u32(in->p + in->off);
	return HVP_RNDIS_STATUS_SUCCESS;
}

static bool family_ok(uint32_t enabled, uint32_t encapsulation, uint32_t header)
{
	return enabled != 1 ||
	       (encapsulation == HVP_NDIS_ENCAPSULATION_802_3 && header == ETHERNET);
}

static uint32_t set_encapsulation(struct hvm_netvsp *n, const struct hvp_rd *in)
{
	struct hvp_ndis_offload_encapsulation e;
	struct hvp_rd r = *in;

	if (hvp_ndis_offload_encapsulation_decode(&r, hvm_nv_neg(n), &e, NULL) != HVP_OK)
		return HVP_RNDIS_STATUS_INVALID_DATA;
	return family_ok(e.ipv4_enabled, e.ipv4_encapsulation, e.ipv4_header_size) &&
			       family_ok(e.ipv6_enabled, e.ipv6_encapsulation, e.ipv6_header_size)
		       ? HVP_RNDIS_STATUS_SUCCESS
		       : HVP_RNDIS_STATUS_NOT_SUPPORTED;
}

/* ---- named parameters ---- */

static bool is_name(const struct hvp_rd *name, const char *text)
{
	const uint8_t *p = name->p + name->off;
	size_t k, len = strlen(text);

	if (hvp_rd_left(name) != 2 * len)
		return false;
	for (k = 0; k < len; k++)
		if (p[2 * k] != (uint8_t)text[k] || p[2 * k + 1])
			return false;
	return true;
}

/* The first character as a digit; a letter is no number, also where an address was meant. */
static bool number(const struct hvp_ndis_config_parameter *m, uint32_t *out)
{
	const uint8_t *p = m->parameter_value.p + m->parameter_value.off;
	size_t size = hvp_rd_left(&m->parameter_value);

	if (m->parameter_type == HVP_NDIS_PARAMETER_TYPE_INTEGER) {
		if (size < 4)
			return false;
		*out = hvp_get_u32(p);
		return true;
	}
	if (size < 2 || size % 2 || p[0] < '0' || p[0] > '9' || p[1])
		return false;
	*out = (uint32_t)(p[0] - '0');
	return true;
}

static const struct {
	const char *name;
	uint32_t tx, rx; /* bits 0 and 1 of the value */
} names[] = {
	{ "*IPChecksumOffloadIPv4", HVM_NET_OFFLOAD_TX_IPV4, HVM_NET_OFFLOAD_RX_IPV4 },
	{ "*TCPChecksumOffloadIPv4", HVM_NET_OFFLOAD_TX_TCP4, HVM_NET_OFFLOAD_RX_TCP4 },
	{ "*TCPChecksumOffloadIPv6", HVM_NET_OFFLOAD_TX_TCP6, HVM_NET_OFFLOAD_RX_TCP6 },
	{ "*UDPChecksumOffloadIPv4", HVM_NET_OFFLOAD_TX_UDP4, HVM_NET_OFFLOAD_RX_UDP4 },
	{ "*UDPChecksumOffloadIPv6", HVM_NET_OFFLOAD_TX_UDP6, HVM_NET_OFFLOAD_RX_UDP6 },
	{ "*LsoV2IPv4", HVM_NET_OFFLOAD_LSO4, HVM_NET_OFFLOAD_LSO4 },
	{ "*LsoV2IPv6", HVM_NET_OFFLOAD_LSO6, HVM_NET_OFFLOAD_LSO6 },
};

static void apply(struct hvm_netvsp *n, size_t k, uint32_t value)
{
	uint32_t on = 0;

	if (names[k].tx == names[k].rx)
		on = value ? names[k].tx : 0;
	else
		on = (value & 1 ? names[k].tx : 0) | (value & 2 ? names[k].rx : 0);
	n->ss.offloads &= ~(names[k].tx | names[k].rx);
	n->ss.offloads |= on & hvm_nv_offload_all(n);
}

uint32_t hvm_nv_config_parameter(struct hvm_netvsp *n, const struct hvp_rd *in)
{
	struct hvp_ndis_config_parameter m;
	struct hvp_rd r = *in;
	uint32_t value = 0;
	size_t k;

	if (hvp_ndis_config_parameter_decode(&r, hvm_nv_neg(n), &m, NULL) != HVP_OK ||
	    m.parameter_name_length > NAME_MAX_BYTES || m.parameter_value_length > NAME_MAX_BYTES)
		return HVP_RNDIS_STATUS_INVALID_DATA;
	if (m.parameter_name_length % 2)
		return HVP_RNDIS_STATUS_INVALID_DATA;
	if (m.parameter_type != HVP_NDIS_PARAMETER_TYPE_INTEGER &&
	    m.parameter_type != HVP_NDIS_PARAMETER_TYPE_STRING)
		return HVP_RNDIS_STATUS_SUCCESS;
	if (!number(&m, &value))
		return HVP_RNDIS_STATUS_INVALID_DATA;
	for (k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		if (is_name(&m.parameter_name, names[k].name))
			apply(n, k, value);
	return HVP_RNDIS_STATUS_SUCCESS;
}

/* Whatever is not here is not supported, above all what carries addresses (CVE-2021-28476). */
uint32_t hvm_nv_set(struct hvm_netvsp *n, uint32_t oid, const struct hvp_rd *in)
{
	switch (oid) {
	case HVP_NDIS_OID_GEN_CURRENT_PACKET_FILTER:
		return set_filter(n, in);
	case HVP_NDIS_OID_TCP_OFFLOAD_PARAMETERS:
		return hvm_nv_offload_set(n, in);
	case HVP_NDIS_OID_OFFLOAD_ENCAPSULATION:
		return set_encapsulation(n, in);
	case HVP_NDIS_OID_GEN_RNDIS_CONFIG_PARAMETER:
		return hvm_nv_config_parameter(n, in);
	case HVP_NDIS_OID_GEN_RECEIVE_SCALE_PARAMETERS:
		return hvm_nv_rss_set(n, in);
	case HVP_NDIS_OID_GEN_NETWORK_LAYER_ADDRESSES:
		return HVP_RNDIS_STATUS_SUCCESS;
	case HVP_NDIS_OID_802_3_MULTICAST_LIST:
		return hvp_rd_left(in) % 6 ? HVP_RNDIS_STATUS_INVALID_DATA
					   : HVP_RNDIS_STATUS_SUCCESS;
	default:
		return HVP_RNDIS_STATUS_NOT_SUPPORTED;
	}
}
