# SPDX-License-Identifier: BSD-2-Clause
# What the library is made of: plain lists, one path a line, so that Kbuild and other build
# systems can read this file with a few lines of their own.

set(HVP_SOURCES
	src/channel/vmbus_codec_channel.c
	src/channel/vmbus_codec_connect.c
	src/channel/vmbus_codec_gpadl.c
	src/channel/vmbus_codec_offer.c
	src/channel/vmbus_codec_pause.c
	src/channel/vmbus_codec_reserved.c
	src/channel/vmbus_codec_socket.c
	src/channel/vmbus_table.c
	src/core/interfaces.c
	src/core/interfaces_table.c
	src/core/msg.c
	src/core/status.c
	src/ring/pipe_codec.c
	src/ring/pipe_table.c
	src/ring/reqids.c
	src/ring/ring_codec.c
	src/ring/ring_place.c
	src/ring/ring_ranges.c
	src/ring/ring_rx.c
	src/ring/ring_table.c
	src/ring/ring_tx.c
	src/ring/synic.c
)

set(HVP_PUBLIC_HEADERS
	include/hvproto/interface.h
	include/hvproto/msg.h
	include/hvproto/port.h
	include/hvproto/rd.h
	include/hvproto/ring.h
	include/hvproto/status.h
	include/hvproto/synic.h
	include/hvproto/wire/hypervisor.h
	include/hvproto/wire/interfaces.h
	include/hvproto/wire/pipe.h
	include/hvproto/wire/pipe_table.h
	include/hvproto/wire/ring.h
	include/hvproto/wire/ring_table.h
	include/hvproto/wire/trace.h
	include/hvproto/wire/vmbus.h
	include/hvproto/wire/vmbus_channel.h
	include/hvproto/wire/vmbus_connect.h
	include/hvproto/wire/vmbus_gpadl.h
	include/hvproto/wire/vmbus_offer.h
	include/hvproto/wire/vmbus_pause.h
	include/hvproto/wire/vmbus_reserved.h
	include/hvproto/wire/vmbus_socket.h
	include/hvproto/wire/vmbus_table.h
	include/hvproto/wr.h
)
