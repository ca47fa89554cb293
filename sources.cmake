# SPDX-License-Identifier: BSD-2-Clause
# What the library is made of: plain lists, one path a line, so that Kbuild and other build
# systems can read this file with a few lines of their own.

set(HVP_SOURCES
	src/core/interfaces.c
	src/core/interfaces_table.c
	src/core/msg.c
	src/core/status.c
	src/ring/reqids.c
	src/ring/ring_place.c
	src/ring/ring_ranges.c
	src/ring/ring_rx.c
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
	include/hvproto/wire/trace.h
	include/hvproto/wr.h
)
