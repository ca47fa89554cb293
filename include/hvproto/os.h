/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hvproto/os.h - what a kernel supplies at run time: two hypercalls, page visibility, a log
 *
 * One structure of function pointers for each instance. The library owns the policy (when a
 * message is posted again, what a refused post means); the kernel only carries it out.
 *
 * Thread rule: each member says in which calls of the library it is called. No member may
 * call back into the instance that calls it.
 * Ownership rule: arguments die with the call.
 *
 *	static const struct hvp_os_ops ops = {
 *		.size = sizeof(ops),
 *		.post_message = my_post_message,
 *		.signal_event = my_signal_event,
 *	};
 */
#ifndef HVPROTO_OS_H
#define HVPROTO_OS_H

#include <hvproto/gpadl.h>
#include <hvproto/port.h>
#include <hvproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum hvp_log_level {
	HVP_LOG_ERROR = 1, /* a connection or channel is lost */
	HVP_LOG_WARNING, /* the host broke the protocol; rate limited by the library */
	HVP_LOG_INFO, /* slow progress of something that takes long */
};

/**
 * struct hvp_os_ops - services that one instance needs from its kernel
 * @size:         sizeof(struct hvp_os_ops) as the caller knows it. Members that a caller
 *                compiled against an older header does not know count as NULL.
 * @post_message: HvPostMessage (call 0x5c): message_type 1, the @size (8..240) payload bytes
 *                at @bytes, to @connection_id. Returns the status field, bits 15:0, of the
 *                hypercall result, unchanged and without a retry of its own.
 *                Called from hvp_bus_tick() only. It must not sleep if hvp_bus_tick() is
 *                called where sleeping is not allowed.
 * @signal_event: HvSignalEvent (call 0x5d, fast form) with @connection_id and @flag.
 *                Returns the status field. Called from hvp_channel_signal() only, in any context
 *                that is called from; must not sleep.
 * @make_shared:  optional; needed only where pages of the guest are private to it by
 *                default. Make all pages of @ranges visible to the host, then zero them.
 *                HVP_OK: done; any other status: nothing was changed.
 *                Called from the call that starts a GPADL; may sleep if that caller may.
 * @make_private: optional, present exactly if @make_shared is. The reverse, after the host
 *                has given the pages up. A status other than HVP_OK means that the pages
 *                must never be used again; the event that returns them says so.
 *                Called from hvp_bus_next_event() only; may sleep if that caller may.
 * @log:          optional. @text has no newline and is static. Any context of the library.
 *
 * @os of each member is hvp_bus_config.os.
 */
struct hvp_os_ops {
	size_t size;
	uint16_t (*post_message)(void *os, uint32_t connection_id, const uint8_t *bytes,
				 size_t size);
	uint16_t (*signal_event)(void *os, uint32_t connection_id, uint16_t flag);
	enum hvp_status (*make_shared)(void *os, const struct hvp_gpadl_range *ranges,
				       uint32_t range_count);
	enum hvp_status (*make_private)(void *os, const struct hvp_gpadl_range *ranges,
					uint32_t range_count);
	void (*log)(void *os, enum hvp_log_level level, const char *text);
};

/**
 * hvp_os_ops_check() - is the structure usable? Asked once, when an instance starts
 * @ops: may be NULL (then it is not)
 *
 * Context: any.
 * Return: HVP_OK; HVP_ARG if @size does not cover the two hypercalls, one of them is NULL, or
 * only one of @make_shared and @make_private is given.
 */
HVP_MUST_CHECK
enum hvp_status hvp_os_ops_check(const struct hvp_os_ops *ops);

#ifdef __cplusplus
}
#endif

#endif /* HVPROTO_OS_H */
