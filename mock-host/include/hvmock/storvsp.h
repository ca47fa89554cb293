/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvmock/storvsp.h - a storage controller from the host's side: SCSI, IDE or Fibre Channel
 *
 * Offers the controller's channels, speaks VSTOR as chapter 30 says a host does, and gives SCSI
 * requests to the units that are attached to it. Any command can be made to fail or to wait.
 *
 * Thread rule: one thread per partition. Ownership: the caller owns the controller and frees it
 * before the server and before the units that are attached to it.
 */
#ifndef HVMOCK_STORVSP_H
#define HVMOCK_STORVSP_H

#include <hvmock/disk.h>
#include <hvmock/scripted.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HVM_STORAGE_QUEUES_MAX 64u
#define HVM_STORAGE_LUNS_MAX 256u

struct hvm_storvsp;

enum hvm_storage_kind {
	HVM_STORAGE_SCSI,
	HVM_STORAGE_IDE, /* one disk, no sub-channels */
	HVM_STORAGE_FC,
};

/**
 * struct hvm_storvsp_config - what kind of controller this is
 * @size:         sizeof(struct hvm_storvsp_config)
 * @kind:         enum hvm_storage_kind
 * @instance_id:  of the device; all zero: one made of @ide_channel and @ide_device, or a fixed one
 * @ide_channel:  0 or 1
 * @ide_device:   0 or 1
 * @min_version:  lowest version accepted; 0 means 2.0
 * @max_version:  highest; 0 means 6.2
 * @max_subs:     sub-channels that the guest may ask for, 0..63
 * @max_transfer: bytes of one request; 0 means 256 KiB
 * @depth:        requests of a channel in flight, above which its ring is not read; 0 means 256
 * @delay:        of every answer to a request that is not an SRB, 100 ns
 * @io_delay:     of every SRB
 * @wwn:          primary port, primary node, secondary port, secondary node; FC only
 * @secondary:    the secondary pair is the live one
 */
struct hvm_storvsp_config {
	size_t size;
	enum hvm_storage_kind kind;
	struct hvp_guid instance_id;
	uint32_t ide_channel;
	uint32_t ide_device;
	uint32_t min_version;
	uint32_t max_version;
	uint32_t max_subs;
	uint32_t max_transfer;
	uint32_t depth;
	uint64_t delay;
	uint64_t io_delay;
	uint8_t wwn[4][8];
	bool secondary;
};

#define HVM_STORVSP_CONFIG_INIT \
	{ \
		.size = sizeof(struct hvm_storvsp_config) \
	}

/** hvm_storvsp_new() - offer a controller's primary channel; NULL as hvm_server_offer() */
struct hvm_storvsp *hvm_storvsp_new(struct hvm_server *s, const struct hvm_storvsp_config *cfg);

/** hvm_storvsp_free() - take its channels back and forget it; may be NULL */
void hvm_storvsp_free(struct hvm_storvsp *n);

/**
 * hvm_storvsp_attach() - plug a unit in
 * @n:      controller
 * @l:      unit; outlives the controller, or is detached
 * @path:   bus
 * @target: target
 * @lun:    0..255
 *
 * A guest that is ready is told, if its version has ENUMERATE_BUS.
 * Return: HVP_OK; HVP_ARG if the place is taken, or outside of what an IDE disk has.
 */
enum hvp_status hvm_storvsp_attach(struct hvm_storvsp *n, struct hvm_lun *l, uint8_t path,
				   uint8_t target, uint8_t lun);

/** hvm_storvsp_detach() - pull a unit; HVP_ARG if none is there. The guest is told likewise */
enum hvp_status hvm_storvsp_detach(struct hvm_storvsp *n, uint8_t path, uint8_t target,
				   uint8_t lun);

/**
 * struct hvm_storage_fault - what to do to commands
 * @any_opcode:  to all of them, else to those with @opcode
 * @opcode:      first byte of the CDB
 * @skip:        commands of the kind that are left alone first
 * @count:       commands that are hit then; 0 means all
 * @delay:       they wait so long, 100 ns
 * @fail:        they do nothing and are answered with what follows; false: they only wait
 * @srb_status:  with autosense_valid if there is sense data
 * @scsi_status: as the SCSI standard says
 * @key:         sense key, with @asc and @ascq; 0: no sense data
 * @asc:         additional sense code
 * @ascq:        its qualifier
 */
struct hvm_storage_fault {
	bool any_opcode;
	uint8_t opcode;
	uint32_t skip;
	uint32_t count;
	uint64_t delay;
	bool fail;
	uint8_t srb_status;
	uint8_t scsi_status;
	uint8_t key;
	uint8_t asc;
	uint8_t ascq;
};

/** hvm_storvsp_fault() - add one; the first that fits a command is used */
void hvm_storvsp_fault(struct hvm_storvsp *n, const struct hvm_storage_fault *f);

/** hvm_storvsp_clear_faults() - forget them all */
void hvm_storvsp_clear_faults(struct hvm_storvsp *n);

/** hvm_storvsp_queue() - the device behind a channel, for raw access; its packets are not yours */
struct hvm_scripted *hvm_storvsp_queue(struct hvm_storvsp *n, uint32_t queue);

enum hvm_storage_state {
	HVM_STORAGE_CLOSED,
	HVM_STORAGE_BEGIN,
	HVM_STORAGE_QUERY_VERSION,
	HVM_STORAGE_QUERY_PROPERTIES,
	HVM_STORAGE_END_INIT,
	HVM_STORAGE_READY,
	HVM_STORAGE_STOPPED, /* the guest broke a rule that ends the service until it closes */
};

/**
 * struct hvm_storvsp_info - how things stand
 * @state:       enum hvm_storage_state
 * @reason:      why the service stopped; NULL if it did not
 * @version:     agreed on; 0: none
 * @queues:      channels that were offered
 * @open_queues: channels that are open
 * @outstanding: requests in flight
 * @requests:    SRBs carried out
 * @failed:      of them without success
 * @read_bytes:  moved to the guest
 * @written_bytes: moved from the guest
 * @notices:     ENUMERATE_BUS that was sent
 * @stops:       times that the service stopped
 */
struct hvm_storvsp_info {
	enum hvm_storage_state state;
	const char *reason;
	uint32_t version;
	uint32_t queues;
	uint32_t open_queues;
	uint32_t outstanding;
	uint64_t requests;
	uint64_t failed;
	uint64_t read_bytes;
	uint64_t written_bytes;
	uint64_t notices;
	uint64_t stops;
};

/** hvm_storvsp_info() - fill @out */
void hvm_storvsp_info(const struct hvm_storvsp *n, struct hvm_storvsp_info *out);

/** hvm_storage_state_name() - "end-init" */
const char *hvm_storage_state_name(enum hvm_storage_state state);

#ifdef __cplusplus
}
#endif

#endif /* HVMOCK_STORVSP_H */
