# SPDX-License-Identifier: BSD-2-Clause
"""Writes traces for tests: pcap files of link type USER0 from vectors of captured bytes."""
import re
import struct

HEADER = struct.Struct("<BBBBIIIQ")
MESSAGE, PACKET, SIGNAL, HYPERCALL, NOTE, POINTED = 1, 2, 3, 4, 5, 6
G2H, H2G = 1, 2
LINE = re.compile(r"^([0-9a-f]{4}): ((?:[0-9a-f]{2} *)+)$")


def blocks(path):
    """(caption, bytes) of each block of a .hex file."""
    out = []
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            match = LINE.match(line.rstrip())
            if line.startswith("#"):
                out.append((line[1:].strip(), bytearray()))
            elif match:
                out[-1][1].extend(bytes.fromhex(match.group(2)))
    return [(caption, bytes(data)) for caption, data in out]


def record(kind, direction, data, channel=0, connection=0, version=0, aux=0, vp=0):
    return HEADER.pack(1, kind, direction, vp, channel, connection, version, aux) + data


def pcap(records):
    """The bytes of a pcap file; one record each microsecond."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 147)]
    for number, data in enumerate(records):
        out.append(struct.pack("<IIII", 0, number, len(data), len(data)))
        out.append(data)
    return b"".join(out)
