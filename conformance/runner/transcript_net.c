/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NICs in the transcript: NVSP messages in the packets of network channels, by the version that
 * the peers agreed on, and RNDIS messages, which go through memory.
 */
#include <stdlib.h>
#include <string.h>

#include <hvproto/wire/interfaces.h>
#include <hvproto/wire/nvsp.h>
#include <hvproto/wire/nvsp_table.h>
#include <hvproto/wire/rndis.h>
#include <hvproto/wire/rndis_table.h>

#include "world.h"

#define PACKET_HEADER 16u
#define FRAMES_NOTED 20000u /* entries of the trace beyond which frames are not told any more */
#define NOTE "rndis: "

static bool is_network(struct hvc_world *w, uint32_t id)
{
	static const struct hvp_guid network = HVP_INTERFACE_NETWORK;
	struct hvm_channel *ch = hvm_server_channel(w->server, id);
	struct hvm_channel_info info;

	if (!ch)
		return false;
	hvm_channel_info(ch, &info);
	return memcmp(&info.offer->interface_id, &network, sizeof(network)) == 0;
}

/* The payload of a packet: empty of what is none. */
static struct hvc_span payload_of(const struct hvm_trace_entry *e)
{
	struct hvc_span s = { NULL, 0, 0 };
	size_t body;

	if (e->kind != HVM_TRACE_PACKET || e->size < PACKET_HEADER)
		return s;
	body = (size_t)hvp_get_u16(e->bytes + 2) * 8;
	if (body < PACKET_HEADER || body + 4 > e->size)
		return s;
	s.bytes = e->bytes + body;
	s.size = e->size - body;
	s.base = (unsigned int)body;
	return s;
}

static void watch(struct hvc_world *w, const struct hvc_span *s, uint32_t dir)
{
	uint32_t type = hvp_get_u32(s->bytes);

	if (type == HVP_NVSP_INIT && dir == HVP_DIR_G2H && s->size >= 8) {
		w->nvsp_asked = hvp_get_u32(s->bytes + 4);
		w->nvsp_version = HVP_NVSP_VERSION_1;
	}
	if (type == HVP_NVSP_INIT_COMPLETE && dir == HVP_DIR_H2G && s->size >= 16 &&
	    hvp_get_u32(s->bytes + 12) == HVP_NVSP_STATUS_SUCCESS)
		w->nvsp_version = w->nvsp_asked;
}

void hvc_nvsp_watch(struct hvc_world *w, const struct hvm_trace_entry *e)
{
	struct hvc_span s = payload_of(e);

	if (s.size > 0)
		watch(w, &s, e->direction);
}

bool hvc_nvsp_entry(struct hvc_world *w, json_t *entry, const struct hvm_trace_entry *e)
{
	struct hvc_span s = payload_of(e);
	struct hvp_rd r = hvp_rd_init(s.bytes, s.size);
	const struct hvp_msg_desc *m;
	struct hvp_neg neg = { .version = w->nvsp_version };
	uint8_t *decoded;
	bool known;
	char *name;

	if (s.size == 0 || !is_network(w, e->channel))
		return false;
	watch(w, &s, e->direction);
	m = hvp_msg_find(&hvp_nvsp_proto, hvp_get_u32(s.bytes), e->direction);
	if (!m)
		return false;
	decoded = hvc_alloc(m->struct_size, 1);
	known = m->decode(&r, neg, decoded, NULL) == HVP_OK;
	if (known) {
		name = hvc_printf("nvsp.%s", m->name);
		json_object_set_new(entry, "name", json_string(name));
		hvc_add_fields(entry, m, &s, decoded);
		free(name);
	}
	free(decoded);
	return known;
}

void hvc_note_rndis(struct hvc_world *w, uint32_t dir, struct hvp_rd message, uint32_t version)
{
	uint32_t type = message.len >= 4 ? hvp_get_u32(message.p) : 0;
	const struct hvp_msg_desc *m = hvp_msg_find(&hvp_rndis_proto, type, dir);
	struct hvc_span s = { message.p, message.len, 0 };
	struct hvp_neg neg = { .version = version };
	json_t *entry = json_object();
	uint8_t *decoded;

	if (m && (m->id != HVP_RNDIS_PACKET ||
		  hvm_trace_count(hvm_partition_trace(w->partition)) < FRAMES_NOTED)) {
		decoded = hvc_alloc(m->struct_size, 1);
		hvc_add_fields(entry, m, &s,
			       m->decode(&message, neg, decoded, NULL) == HVP_OK ? decoded : NULL);
		hvc_summarise(entry);
		hvm_note(w->partition, NOTE "%s %s %s", dir == HVP_DIR_G2H ? "g2h" : "h2g", m->name,
			 hvc_text(entry, "summary"));
		free(decoded);
	}
	json_decref(entry);
}

bool hvc_rndis_entry(json_t *entry, const char *note)
{
	char name[64], dir[4];
	char *whole;
	int at = 0;

	if (strncmp(note, NOTE, strlen(NOTE)) != 0 ||
	    sscanf(note + strlen(NOTE), "%3s %63s %n", dir, name, &at) != 2)
		return false;
	whole = hvc_printf("rndis.%s", name);
	json_object_set_new(entry, "kind", json_string("message"));
	json_object_set_new(entry, "direction", json_string(dir));
	json_object_set_new(entry, "name", json_string(whole));
	json_object_set_new(entry, "summary", hvc_json_text(note + strlen(NOTE) + at));
	free(whole);
	return true;
}
