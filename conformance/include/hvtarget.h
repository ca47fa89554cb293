/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvtarget.h - the interface between the conformance runner and a driver under test
 *
 * A vendor builds their VMBus driver as a shared object that exports hvt_driver(), and runs
 * the suites with `hvproto conformance run --target ./driver.so`. The runner gives the driver
 * a virtual machine (struct hvt_machine_ops: memory, hypercalls, MSRs, CPUID, clock) and a
 * handle to it; the driver gives the runner its entry points (struct hvt_driver_ops). The
 * suites then tell the driver what to do (commands), and see what it did on the wire and what
 * it reports (events).
 *
 * Everything runs in one thread on virtual time. The machine never calls the driver from
 * inside a call of the driver to the machine: interrupts are delivered when the driver has
 * returned. A driver must not sleep or spin on anything but what it is called for; it tells
 * the runner by the result of run() when it wants to be called next.
 *
 * Both structures begin with their size, grow at the end only, and are initialised by name.
 */
#ifndef HVTARGET_H
#define HVTARGET_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HVT_ABI 1u
#define HVT_NEVER UINT64_MAX /* no deadline */
#define HVT_PAGE 4096u

/* What happened inside the driver; reported by hvt_machine_ops.event. */
enum hvt_event_type {
	HVT_EV_CONNECTED = 1, /* version, features */
	HVT_EV_CONNECT_FAILED, /* status */
	HVT_EV_DISCONNECTED, /* UNLOAD answered (status 0) or given up (status nonzero) */
	HVT_EV_OFFER, /* channel; interface and instance in guid[0..1]; value: subchannel index */
	HVT_EV_OFFERS_DONE,
	HVT_EV_RESCIND, /* channel: the driver learned that it is gone */
	HVT_EV_OPENED, /* channel, status (0: open) */
	HVT_EV_CLOSED, /* channel: closed and all its memory is the driver's again */
	HVT_EV_PACKET, /* channel, packet_type, flags, id, data: one ring packet received */
	HVT_EV_COMPLETION, /* channel, id (as given with the command), status, data */
	HVT_EV_CHANNEL_ERROR, /* channel, status: ring corrupt, channel stopped */
	HVT_EV_SPACE, /* channel: a send that answered HVT_AGAIN may be tried again */
	HVT_EV_GPADL_CREATED, /* channel, id: gpadl, status */
	HVT_EV_GPADL_TORNDOWN, /* channel, id: gpadl: memory is the driver's again */
	HVT_EV_MODIFIED, /* channel, status */
	HVT_EV_TL_RESULT, /* status; endpoint in guid[0] */
	HVT_EV_DROPPED, /* a message or packet was refused; text says why */
	HVT_EV_DEVICE, /* of a device driver: channel (primary), op, args, data */
};

/*
 * Devices have too many words of their own for one structure. Their commands and events have a
 * name, such as "net.send", named numbers, and bytes; docs/writing-cases.md lists them. A driver
 * answers HVT_UNSUPPORTED to a name, or to an argument, that it does not know.
 */
struct hvt_arg {
	const char *name; /* dies with the call */
	uint64_t value;
};

struct hvt_event {
	uint32_t type;
	uint32_t channel;
	uint32_t status;
	uint32_t version;
	uint32_t features;
	uint32_t packet_type;
	uint32_t flags;
	uint32_t value;
	uint64_t id;
	const void *data; /* dies with the call */
	size_t size;
	uint8_t guid[2][16];
	const char *text;
	const char *op; /* "net.rx"; dies with the call, like args */
	const struct hvt_arg *args;
	size_t arg_count;
};

/* Services of the machine. @m is the handle that create() was given. */
struct hvt_machine_ops {
	size_t size;
	/* @pages zeroed pages, contiguous for the driver, scattered in guest-physical space. */
	void *(*page_alloc)(void *m, size_t pages);
	/* Freeing what the host may still use is what several cases look for. */
	void (*page_free)(void *m, void *va, size_t pages);
	/* Guest-physical address of a byte of memory from page_alloc. */
	uint64_t (*gpa)(void *m, const void *va);
	/* control, input and output as in the x64 convention; returns the result word. */
	uint64_t (*hypercall)(void *m, uint64_t control, uint64_t in, uint64_t out);
	uint64_t (*msr_read)(void *m, uint32_t vp, uint32_t msr);
	void (*msr_write)(void *m, uint32_t vp, uint32_t msr, uint64_t value);
	void (*cpuid)(void *m, uint32_t leaf, uint32_t eax_ebx_ecx_edx[4]);
	uint64_t (*now)(void *m); /* 100 ns */
	void (*event)(void *m, const struct hvt_event *event);
	void (*log)(void *m, const char *text); /* no newline; dies with the call */
	/*
	 * The first @pages pages of a file as guest memory at @gpa, for a driver that lives in a
	 * process of its own and maps the file too. In create(), before anything else takes
	 * those addresses: they are in the middle 1 GiB around 4 GiB. The machine has a mapping
	 * of its own and keeps it until it ends; it returns where it is. NULL: not possible.
	 */
	void *(*page_share)(void *m, int fd, uint64_t gpa, size_t pages);
};

/* How the machine looks; the driver copies what it needs in create(). */
struct hvt_config {
	size_t size;
	uint32_t vps; /* virtual processors, indices 0..vps-1 */
	uint32_t max_version; /* highest VMBus version to offer; 0: the driver's own */
	uint32_t features; /* feature flags to request at 6.0; 0: the driver's own */
	uint32_t isolation; /* 0 none, else CPUID isolation type */
	uint32_t rng_seed;
};

/* What a case asks of the driver. */
enum hvt_command_type {
	HVT_CMD_CONNECT = 1, /* negotiate and request offers */
	HVT_CMD_UNLOAD,
	HVT_CMD_CRASH_UNLOAD, /* unload by polling, as from a panic: returns when done */
	HVT_CMD_OPEN, /* channel, tx_pages, rx_pages (data pages), target_vp, user data */
	HVT_CMD_CLOSE, /* channel */
	HVT_CMD_RELEASE, /* channel: the owner of a rescinded channel lets go of it */
	HVT_CMD_SEND, /* channel, flags bit 0: completion wanted, id: caller's, data */
	HVT_CMD_SEND_GPA, /* as SEND; pages, byte_offset, byte_count: one range of new pages */
	HVT_CMD_COMPLETE, /* channel, id: of the packet received, data */
	HVT_CMD_GPADL_CREATE, /* channel, pages; id: caller's handle, reported back */
	HVT_CMD_GPADL_TEARDOWN, /* channel, id */
	HVT_CMD_MODIFY, /* channel, target_vp */
	HVT_CMD_RX_PAUSE, /* channel: stop reading the incoming ring */
	HVT_CMD_RX_RESUME, /* channel */
	HVT_CMD_TL_CONNECT, /* endpoint in guid[0], service in guid[1] */
	HVT_CMD_OPEN_RESERVED, /* channel, target_vp, value: sint */
	HVT_CMD_CLOSE_RESERVED, /* channel, target_vp, value: sint */
	HVT_CMD_DEVICE, /* channel (primary), id, op, args, data */
};

#define HVT_OK 0
#define HVT_AGAIN 1 /* no room or no id now; HVT_EV_SPACE will follow */
#define HVT_UNSUPPORTED 2 /* the driver has no such ability: the case is skipped, visibly */
#define HVT_FAILED 3 /* refused; text in hvt_machine_ops.log */

struct hvt_command {
	size_t size;
	uint32_t type;
	uint32_t channel;
	uint32_t flags;
	uint32_t tx_pages;
	uint32_t rx_pages;
	uint32_t target_vp;
	uint32_t pages;
	uint32_t byte_offset;
	uint32_t byte_count;
	uint32_t value;
	uint64_t id;
	const void *data;
	size_t data_size;
	uint8_t guid[2][16];
	const char *op;
	const struct hvt_arg *args;
	size_t arg_count;
};

/* Entry points of the driver. @d is what create() returned. */
struct hvt_driver_ops {
	size_t size;
	uint32_t abi; /* HVT_ABI */
	const char *name; /* "hvproto"; names the expected-failure list */
	const char *version;
	/* NULL: failed, reason in ops->log. */
	void *(*create)(const struct hvt_machine_ops *ops, void *m, const struct hvt_config *cfg);
	/* Release everything; the runner then counts pages that were not freed. */
	void (*destroy)(void *d);
	/* The SINT's vector fired on a VP: scan message and event pages of that VP. */
	void (*interrupt)(void *d, uint32_t vp, uint32_t sint);
	/* Do what is due; returns the time (100 ns) of the next call, or HVT_NEVER. */
	uint64_t (*run)(void *d);
	/* HVT_OK, HVT_AGAIN, HVT_UNSUPPORTED or HVT_FAILED; results come as events. */
	int (*command)(void *d, const struct hvt_command *cmd);
};

/* The one symbol a driver exports. */
const struct hvt_driver_ops *hvt_driver(void);
typedef const struct hvt_driver_ops *(*hvt_driver_fn)(void);

#ifdef __cplusplus
}
#endif

#endif /* HVTARGET_H */
