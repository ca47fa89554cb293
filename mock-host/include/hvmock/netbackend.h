/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvmock/netbackend.h - what is at the other end of a mock NIC's cable
 *
 * A backend takes the frames that a guest sends and brings frames for it. Frames come to a
 * backend as they would stand on a wire: large sends are cut into segments and the checksums
 * that the guest asked for are filled in; only a VLAN tag is still beside the frame.
 *
 * Thread rule: one thread per partition. Ownership: a NIC that was given a backend frees it.
 */
#ifndef HVMOCK_NETBACKEND_H
#define HVMOCK_NETBACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct hvm_net_wire_frame - a frame on the cable
 * @bytes:    from the destination address on, without check sequence
 * @size:     bytes
 * @has_vlan: @vlan is its tag
 * @vlan:     tag as on the wire: priority in bits 13..15, id in bits 0..11
 */
struct hvm_net_wire_frame {
	const uint8_t *bytes;
	size_t size;
	bool has_vlan;
	uint16_t vlan;
};

/* Where a backend puts frames for the guest. */
typedef void (*hvm_net_deliver_fn)(void *ctx, const struct hvm_net_wire_frame *frame);

/**
 * struct hvm_net_backend - the interface that every backend fills
 * @name:    "echo"
 * @deliver: set by the NIC before the first frame; NULL until then
 * @deliver_ctx: given to @deliver
 * @send:    a frame of the guest, at virtual time @now (100 ns)
 * @poll:    look for frames and let timers run; called as time goes by. May be NULL
 * @free:    forget the backend
 */
struct hvm_net_backend {
	const char *name;
	hvm_net_deliver_fn deliver;
	void *deliver_ctx;
	void (*send)(struct hvm_net_backend *b, const struct hvm_net_wire_frame *frame,
		     uint64_t now);
	void (*poll)(struct hvm_net_backend *b, uint64_t now);
	void (*free)(struct hvm_net_backend *b);
};

/* Room for the reason why a backend cannot be had. */
#define HVM_NET_ERROR_SIZE 256u

/**
 * hvm_net_echo() - every frame comes back
 * @swap_macs: with source and destination address exchanged
 */
struct hvm_net_backend *hvm_net_echo(bool swap_macs);

/**
 * hvm_net_pcap() - frames of a capture file in, frames of the guest into another
 * @in:    Ethernet capture to deliver, in its order and at the distances of its times; NULL:
 *         none
 * @out:   file to write; NULL: none
 * @error: HVM_NET_ERROR_SIZE bytes for the reason
 *
 * Tags of frames are in the frames in both files. Return: the backend, or NULL.
 */
struct hvm_net_backend *hvm_net_pcap(const char *in, const char *out, char *error);

/**
 * hvm_net_slirp() - a network of its own in user mode: 10.0.2.0/24, gateway and DHCP server
 *                   10.0.2.2, name server 10.0.2.3, first lease 10.0.2.15; the host's loopback is
 *                   reached at the gateway
 * @error: HVM_NET_ERROR_SIZE bytes for the reason
 *
 * Return: the backend, or NULL: this library was built without libslirp.
 */
struct hvm_net_backend *hvm_net_slirp(char *error);

/**
 * hvm_net_tap() - a tap device of the kernel
 * @name:  of the interface; NULL: the kernel chooses
 * @error: HVM_NET_ERROR_SIZE bytes for the reason
 *
 * Return: the backend, or NULL: not allowed here, or no such device.
 */
struct hvm_net_backend *hvm_net_tap(const char *name, char *error);

#ifdef __cplusplus
}
#endif

#endif /* HVMOCK_NETBACKEND_H */
