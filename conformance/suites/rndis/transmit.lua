-- SPDX-License-Identifier: BSD-2-Clause
-- PACKET messages of the guest: chapter 20 sections 4.4 to 4.6, 4.9.
local net = include "net.lua"

local function sent(host, guest, args, frame)
  local n = net.up(host, guest)
  guest:net(n, "send", net.merge({ id = 1, data = frame }, args))
  local f = n:expect_frame()
  check(f.bytes == frame, "the frame arrives as it was sent")
  check(f.ppi, "its information can be walked")
  return f, n
end

case "rndis.send.header" {
  level = "must", requires = { "NET-REQ-061", "NET-REQ-059", "NET-SEC-28" }, bugs = { "BUG-173", "BUG-139" },
  doc = "A plain frame: 44 bytes of header, no OOB, no VC, the information's offset behind the header.",
  run = function(host, guest)
    local f = sent(host, guest, {}, net.frame(60))
    check_eq(f.message_length, 104, "message_length")
    check_eq(f.data_offset, 36, "data_offset")
    check_eq(f.data_length, 60, "data_length")
    check_eq(f.per_packet_info_length, 0, "per_packet_info_length")
    check(f.per_packet_info_offset == 36 or f.per_packet_info_offset == 0, "per_packet_info_offset")
    check_eq(f.raw:sub(17, 28), zeros(12), "OOB fields")
    check_eq(f.raw:sub(37, 44), zeros(8), "vc_handle and reserved")
  end,
}

case "rndis.send.nothing-stale" {
  level = "must", requires = { "NET-SEC-28" }, bugs = { "BUG-139", "BUG-170" },
  doc = "A plain frame after one with all kinds of information has none of it.",
  run = function(host, guest)
    local n = net.up(host, guest)
    for i = 1, 30 do
      guest:net(n, "send", { id = 2 * i, data = net.frame(80, i), vlan = 5, hash = 7, csum = 3, gpa = i % 2 })
      guest:net(n, "send", { id = 2 * i + 1, data = net.frame(60, i), gpa = i % 2 })
      check_eq(#n:expect_frame(net.frame(80, i)).ppi.order, 3, "elements of the first")
      local f = n:expect_frame(net.frame(60, i))
      check_eq(#f.ppi.order, 0, "elements of the second")
      check_eq(f.per_packet_info_length, 0, "per_packet_info_length")
      guest:expect_event("net.tx_done", { id = 2 * i })
      guest:expect_event("net.tx_done", { id = 2 * i + 1 })
    end
  end,
}

case "rndis.send.checksum-tcp4" {
  level = "must", requires = { "NET-REQ-069" }, bugs = { "BUG-170" },
  doc = "TCP over IPv4 with its header at 34 asks for 0x00220005.",
  run = function(host, guest)
    local f = sent(host, guest, { csum = 2, l4_offset = 34 }, net.frame(90))
    check_eq(get_u32(f.ppi[net.CSUM], 0), 0x00220005, "checksum request")
  end,
}
case "rndis.send.checksum-udp4-and-ip" {
  level = "must", requires = { "NET-REQ-069" }, bugs = { "BUG-170" },
  doc = "UDP and IP header checksum together; never TCP and UDP at once.",
  run = function(host, guest)
    local f = sent(host, guest, { csum = 5, l4_offset = 34 }, net.frame(90))
    check_eq(get_u32(f.ppi[net.CSUM], 0) & 0xffff, 0x0019, "checksum request")
  end,
}
case "rndis.send.checksum-tcp6" {
  level = "must", requires = { "NET-REQ-069" }, bugs = { "BUG-170" },
  doc = "Over IPv6 there is no IP header checksum; the header is at 54.",
  run = function(host, guest)
    local f = sent(host, guest, { csum = 3, ipv6 = 1, l4_offset = 54 }, net.frame(90))
    check_eq(get_u32(f.ppi[net.CSUM], 0), 0x00360006, "checksum request")
  end,
}
case "rndis.send.vlan" {
  level = "must", requires = { "NET-REQ-070" },
  doc = "Id 100 with priority 5 is 0x645.",
  run = function(host, guest)
    local f = sent(host, guest, { vlan = 0xa064 }, net.frame(60))
    check_eq(get_u32(f.ppi[net.VLAN], 0), 0x645, "tag")
    check_eq(f.message_length, 120, "message_length")
  end,
}
case "rndis.send.vlan-dei" {
  level = "must", requires = { "NET-REQ-070" },
  doc = "The drop-eligible bit of the tag becomes bit 3.",
  run = function(host, guest)
    local f = sent(host, guest, { vlan = 0x1fff }, net.frame(60))
    check_eq(get_u32(f.ppi[net.VLAN], 0), 0xfff8, "tag")
  end,
}
case "rndis.send.worked-example" {
  level = "must", requires = { "NET-REQ-061", "NET-REQ-070" },
  doc = "60 bytes with checksum and tag: 136 bytes, frame at 68, list of 32.",
  run = function(host, guest)
    local f = sent(host, guest, { vlan = 0xa064, csum = 2 }, net.frame(60))
    check_eq(f.message_length, 136, "message_length")
    check_eq(f.data_offset, 68, "data_offset")
    check_eq(f.per_packet_info_offset, 36, "per_packet_info_offset")
    check_eq(f.per_packet_info_length, 32, "per_packet_info_length")
  end,
}

for _, v in ipairs { 4, 6 } do
  case("rndis.send.lso-v2-ipv" .. v) {
    level = "must", requires = { "NET-REQ-068" }, bugs = { "BUG-166" },
    doc = "A large send names mss and header, has type 1, and zero lengths in its template header.",
    run = function(host, guest)
      local n = net.up(host, guest)
      local eth = net.mac .. hex "02 00 00 00 00 01"
      local ip = v == 4
        and hex "08 00 45 00 ff ff 00 01 40 00 40 06 12 34 0a 00 00 01 0a 00 00 02"
        or hex "86 dd 60 00 00 00 ff ff 06 40" .. pattern(16, 1) .. pattern(16, 2)
      local tcp = hex "04 00 00 50 00 00 00 01 00 00 00 02 50 10 ff ff ab cd 00 00"
      local frame = eth .. ip .. tcp .. pattern(9000, 3)
      local l4 = v == 4 and 34 or 54
      local r = guest:net(n, "send", { id = 1, data = frame, mss = 1448, l4_offset = l4,
        ipv6 = v == 6, segments = 5 }, { may_fail = true })
      if r ~= "ok" then skip("the target does no large send for this IP version") end
      local f = n:expect_frame()
      local value = get_u32(f.ppi[net.LSO], 0)
      check_eq(value, 1448 | l4 << 20 | 1 << 30 | (v == 6 and 1 << 31 or 0), "large send request")
      check_eq(get_u16(f.bytes, v == 4 and 16 or 18), 0, "length in the IP header")
      if v == 4 then check_eq(get_u16(f.bytes, 24), 0, "IP header checksum") end
      check_eq(#f.bytes, #frame, "size")
      check(f.bytes:sub(l4 + 21) == frame:sub(l4 + 21), "payload")
    end,
  }
end

case "rndis.send.checksum-not-offered" {
  level = "must", requires = { "NET-REQ-078" }, bugs = { "BUG-163" },
  doc = "What the host does not offer is not asked for.",
  run = function(host, guest)
    local n = net.nic(host)
    n:oid(0xfc01020d, { status = 0, data = net.offload { tx4 = 0, tx6 = 0 } })
    guest:online()
    guest:net(n, "attach", { filter = 0x0d })
    guest:expect_event("net.attached", { status = 0 })
    local r = guest:net(n, "send", { id = 1, data = net.frame(90), csum = 2 }, { may_fail = true })
    if r == "ok" then check(not n:expect_frame().ppi[net.CSUM], "no request") end
    net.alive(guest, n)
  end,
}

-- Several frames in a packet ---------------------------------------------------------------------

for _, t in ipairs { { "8-of-8", 8, 3 }, { "3-at-a-time", 3, 3 }, { "alignment-64", 8, 6 },
                     { "alignment-1", 8, 0 } } do
  case("rndis.aggregate." .. t[1]) {
    level = "must", requires = { "NET-REQ-062", "NET-REQ-064", "NET-SEC-28" },
    doc = "Messages in one section: aligned, zero-padded, no more than the host takes, all there.",
    run = function(host, guest)
      local n = net.up(host, guest, nil, { max_packets = t[2], alignment = t[3] })
      for i = 1, 20 do
        guest:net(n, "send", { id = i, data = net.frame(61 + i, i), more = i < 20 and 1 or 0 })
      end
      for i = 1, 20 do
        local f = n:expect_frame(net.frame(61 + i, i))
        check(f.count <= t[2], f.count .. " frames in a packet")
        check_eq(f.at % (1 << t[3]), 0, "place of message " .. f.index)
        local tail = f.raw:sub(8 + f.data_offset + f.data_length + 1)
        check(not tail:find("[^\0]"), "padding is zero")
        check(f.index < f.count or tail == "" or #tail < 1 << t[3], "the last one")
        guest:expect_event("net.tx_done", { id = i, status = 1 })
      end
    end,
  }
end

case "rndis.aggregate.worked-example" {
  level = "should", requires = { "NET-REQ-064" },
  doc = "After a frame of 61 bytes the second message begins at 112.",
  run = function(host, guest)
    local n = net.up(host, guest)
    guest:net(n, "send", { id = 1, data = net.frame(61, 1), more = 1 })
    guest:net(n, "send", { id = 2, data = net.frame(60, 2) })
    local a, b = n:expect_frame(net.frame(61, 1)), n:expect_frame(net.frame(60, 2))
    if a.count == 1 then skip("the target sends each frame in its own packet") end
    check_eq(a.message_length, 112, "message_length of the first")
    check_eq(b.at, 112, "place of the second")
    check_eq(b.message_length, 104, "message_length of the second")
  end,
}

case "rndis.aggregate.within-a-section" {
  level = "must", requires = { "NET-REQ-064", "NET-SEC-19" },
  doc = "Frames that would leave their section go into the next.",
  run = function(host, guest)
    local n = net.up(host, guest, nil, { section_size = 2048 })
    for i = 1, 12 do
      guest:net(n, "send", { id = i, data = net.frame(900, i), more = i < 12 and 1 or 0 })
    end
    for i = 1, 12 do
      local f = n:expect_frame(net.frame(900, i))
      check(f.at + f.message_length <= 2048, "end of message " .. i)
    end
  end,
}

case "rndis.aggregate.max-transfer" {
  level = "must", requires = { "NET-REQ-064" },
  doc = "Messages together stay within what the host takes in one transfer.",
  run = function(host, guest)
    local n = net.up(host, guest, nil, { max_transfer = 1600 })
    for i = 1, 12 do
      guest:net(n, "send", { id = i, data = net.frame(500, i), more = i < 12 and 1 or 0 })
    end
    for i = 1, 12 do
      local f = n:expect_frame(net.frame(500, i))
      check(f.at + f.message_length <= 1600, "end of message " .. i)
    end
  end,
}
