/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * glue.h - what an operating system adds to hvproto, here for the conformance runner
 *
 * The library has the protocol; this folder has memory, registers, interrupts and the
 * runner's commands. It is the example of how thin that layer is, so read it in this order:
 * synic.c (the way to the hypervisor), driver.c (the loop), events.c (what the bus says),
 * channel.c (memory of a channel), data.c (its rings).
 */
#ifndef GLUE_H
#define GLUE_H

#include <hvproto/bus.h>
#include <hvproto/ring.h>
#include <hvproto/synic.h>
#include <hvproto/wire/hypervisor.h>

#include <hvtarget.h>

#define GLUE_CHANNELS 2047u /* every id that a host can offer */
#define GLUE_GPADLS 4096u
#define GLUE_TLS 16u
#define GLUE_REQUESTS 256u /* in flight on a channel */
#define GLUE_BATCH 64u /* packets or messages in one go (CORE-SEC-53) */
#define GLUE_PACKET 65536u /* largest packet taken, descriptor included */
#define GLUE_SINT HVP_HV_SINT_VMBUS
#define GLUE_POLL 10000u /* 1 ms: look for room where the host does not tell */

/* Memory of the machine with the page numbers that the host needs. */
struct glue_memory {
	uint8_t *va;
	uint64_t *pfns;
	uint32_t pages;
};

/* A request on a ring; also one that asks for no completion but lends pages to the host. */
struct glue_request {
	uint64_t caller_id;
	struct glue_memory memory;
	struct glue_request *next;
};

/* An extra GPADL of the runner. */
struct glue_buffer {
	uint64_t id;
	struct glue_memory memory;
	struct hvp_gpadl_range range;
	struct hvp_gpadl *gpadl;
	struct glue_channel *channel;
	struct glue_buffer *next;
	bool created;
};

struct glue_channel {
	struct glue *g;
	struct glue_channel *next;
	struct hvp_channel *ch;
	struct glue_memory ring;
	struct hvp_ring_tx tx;
	struct hvp_ring_rx rx;
	uint8_t user_data[120];
	struct hvp_reqids ids;
	struct hvp_reqid_slot slots[GLUE_REQUESTS];
	struct glue_request *lent; /* pages without a completion to wait for */
	struct glue_request *in_flight;
	struct glue_buffer *reserved; /* ring of a reserved opening */
	uint32_t reserved_vp;
	uint32_t reserved_sint;
	uint32_t reserved_split;
	uint32_t id;
	uint32_t waiting; /* bytes that a refused packet needs */
	bool wants_id;
	bool open;
	bool paused;
	bool broken;
	bool again; /* the batch ended before the ring did */
};

struct glue_net;

struct glue_vp {
	uint8_t *message_page;
	uint8_t *event_page;
};

struct glue {
	struct hvt_machine_ops ops;
	void *m;
	struct hvt_config config;
	struct hvp_bus bus;
	struct hvp_os_ops os;
	struct hvp_channel *channels;
	struct hvp_gpadl *gpadls;
	struct hvp_tl_request tls[GLUE_TLS];
	struct glue_vp *vps;
	struct glue_channel *all;
	struct glue_buffer *buffers;
	struct glue_net *nets;
	uint8_t *hypercall_page;
	uint8_t *post_page;
	uint8_t *interrupt_page;
	uint8_t *monitor_pages;
	uint8_t packet[GLUE_PACKET];
	bool synic_on;
	bool silent; /* being destroyed: no more reports */
};

/* synic.c */
bool glue_synic_start(struct glue *g);
void glue_synic_stop(struct glue *g);
void glue_synic_interrupt(struct glue *g, uint32_t vp);
void glue_synic_poll_messages(struct glue *g);
uint16_t glue_post_message(void *os, uint32_t connection_id, const uint8_t *bytes, size_t size);
uint16_t glue_signal_event(void *os, uint32_t connection_id, uint16_t flag);

/* driver.c */
void glue_turn(struct glue *g);
void glue_report(struct glue *g, const struct hvt_event *event);
void glue_dropped(struct glue *g, uint32_t channel, const char *why);
uint32_t glue_status(enum hvp_status status, uint32_t host_status);

/* events.c */
void glue_take_events(struct glue *g);

/* channel.c */
bool glue_alloc(struct glue *g, struct glue_memory *mem, uint32_t pages);
void glue_release_memory(struct glue *g, struct glue_memory *mem);
struct glue_channel *glue_channel_new(struct glue *g, struct hvp_channel *ch);
int glue_open(struct glue_channel *c, const struct hvt_command *cmd);
int glue_open_reserved(struct glue_channel *c, const struct hvt_command *cmd);
void glue_reserved_created(struct glue_channel *c, uint32_t status);
void glue_closed(struct glue_channel *c);
int glue_gpadl_create(struct glue_channel *c, const struct hvt_command *cmd);
int glue_gpadl_teardown(struct glue_channel *c, uint64_t id);
void glue_buffer_free(struct glue *g, struct glue_buffer *b);
void glue_free_all(struct glue *g);

/* data.c */
enum hvp_status glue_rings_start(struct glue_channel *c, uint32_t tx_pages, uint32_t rx_pages);
void glue_rings_stop(struct glue_channel *c);
int glue_send(struct glue_channel *c, const struct hvt_command *cmd);
int glue_send_gpa(struct glue_channel *c, const struct hvt_command *cmd);
int glue_complete(struct glue_channel *c, const struct hvt_command *cmd);
void glue_channel_signalled(struct glue_channel *c);
bool glue_polls(const struct glue_channel *c);

/* net.c, net_command.c: NICs */
bool glue_net_start(struct glue *g);
int glue_net_command(struct glue_channel *c, const struct hvt_command *cmd);
bool glue_net_bus_event(struct glue *g, const struct hvp_event *ev);
bool glue_net_signalled(struct glue_channel *c);
bool glue_net_turn(struct glue *g);
uint64_t glue_net_deadline(const struct glue *g, uint64_t now);
void glue_net_free_all(struct glue *g);

#endif /* GLUE_H */
