/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvproto/interface.h - look-ups among device classes and well-known instances
 *
 * The tables are generated from spec/interfaces.yaml; the ids themselves are the macros of
 * hvproto/wire/interfaces.h. A driver that compares one GUID does not link the tables.
 *
 * Thread rule: constants and pure functions. Ownership: what is returned is static.
 */
#ifndef HVPROTO_INTERFACE_H
#define HVPROTO_INTERFACE_H

#include <hvproto/msg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bits of hvp_interface.flags. */
#define HVP_INTERFACE_F_PIPE 0x01u /* packets carry the pipe header */
#define HVP_INTERFACE_F_PIPE_MESSAGE 0x02u /* pipe_type 4: one packet is one message */
#define HVP_INTERFACE_F_PIPE_BYTE 0x04u /* pipe_type 0: a byte stream */
#define HVP_INTERFACE_F_PIPE_UNKNOWN 0x08u /* whether packets are framed is not known */
#define HVP_INTERFACE_F_MULTI 0x10u /* more than one instance in a VM */
#define HVP_INTERFACE_F_SUBCHANNELS 0x20u /* the device may ask for more channels */
#define HVP_INTERFACE_F_ISOLATION 0x40u /* a guest in an isolation VM accepts it */
#define HVP_INTERFACE_F_PORT 0x80u /* data1 is a port number: any value matches */

/**
 * struct hvp_interface - one device class
 * @name:  "network"; stable, used in conformance scripts
 * @title: name for people
 * @guid:  interface_id
 * @flags: HVP_INTERFACE_F_*
 */
struct hvp_interface {
	const char *name;
	const char *title;
	struct hvp_guid guid;
	uint32_t flags;
};

/**
 * struct hvp_instance - one well-known device
 * @name:       "com1"
 * @class_name: name of its class
 * @guid:       instance_id
 */
struct hvp_instance {
	const char *name;
	const char *class_name;
	struct hvp_guid guid;
};

/* Ended by an entry whose name is NULL. */
extern const struct hvp_interface hvp_interfaces[];
extern const struct hvp_instance hvp_instances[];

/**
 * hvp_interface_by_guid() - the class with an interface_id
 * @guid: as in the offer
 *
 * Context: any. Return: the class, hv_sock for any port of AF_VSOCK, or NULL.
 */
const struct hvp_interface *hvp_interface_by_guid(const struct hvp_guid *guid);

/**
 * hvp_interface_by_name() - the class with a name
 * @name: NUL-terminated
 *
 * Context: any. Return: the class or NULL.
 */
const struct hvp_interface *hvp_interface_by_name(const char *name);

/**
 * hvp_instance_by_guid() - the well-known device with an instance_id
 * @guid: as in the offer
 *
 * Context: any. Return: the device or NULL.
 */
const struct hvp_instance *hvp_instance_by_guid(const struct hvp_guid *guid);

/**
 * hvp_guid_equal() - whether two ids are the same
 * @a: one
 * @b: other
 *
 * Context: any. Return: true when all 16 bytes agree.
 */
bool hvp_guid_equal(const struct hvp_guid *a, const struct hvp_guid *b);

#ifdef __cplusplus
}
#endif

#endif /* HVPROTO_INTERFACE_H */
