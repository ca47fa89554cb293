-- SPDX-License-Identifier: BSD-2-Clause
-- The mock host's NIC against guests that keep no rule: chapter 20 sections 3, 7.1, 7.3.
local net, raw = include "net.lua", include "rawnet.lua"

local names = { [0x60001] = "6.1", [0x60000] = "6.0", [0x50000] = "5", [0x40000] = "4",
                [0x30002] = "2", [0x2] = "1" }

for _, version in ipairs(net.versions) do
  case("nvsp.host.version-" .. names[version]) {
    level = "must", side = "host", requires = { "NET-REQ-014", "NET-REQ-015", "NET-REQ-020", "NET-REQ-021" },
    doc = "Each version is accepted, answered in its message size, and works.",
    run = function(host, rg)
      local g = raw.open(host, rg)
      check(#g:init(version) >= 28, "INIT_COMPLETE is padded")
      if version > 2 then check_eq(g:config(), "", "completion of NDIS_CONFIG") end
      check_eq(g:ndis(), "", "completion of NDIS_VERSION")
      check_eq(#g:receive_buffer(), version == 0x60001 and 40 or 32, "size of the answer")
      g:send_buffer()
      check_eq(g:control(u32(2) .. u32(24) .. u32(1) .. u32(1) .. u32(0) .. u32(0x4000)), 1, "INITIALIZE")
      g:rndis()
      g:alive()
    end,
  }
end

for _, version in ipairs { 0, 1, 3, 0x10002, 0x30003, 0x40001, 0x60002, 0x70000, 0xffffffff } do
  case(string.format("nvsp.host.version-unknown-%x", version)) {
    level = "must", side = "host", requires = { "NET-REQ-011" },
    doc = "An unknown version is refused, and another INIT may follow.",
    run = function(host, rg)
      local g = raw.open(host, rg)
      check_ne(get_u32(g:init(version), 12), 1, "status")
      check_eq(get_u32(g:init(0x50000), 12), 1, "status of version 5")
    end,
  }
end

local function fatal(name, requires, before, bytes, opts)
  case("nvsp.host." .. name) {
    level = "must", side = "host", requires = requires,
    doc = "A message that is out of order, too short or not of the version ends the service.",
    run = function(host, rg)
      local g = before(host, rg)
      g:request(type(bytes) == "function" and bytes(g) or bytes, opts)
      g:expect_stopped()
    end,
  }
end

local opened = function(host, rg) return raw.open(host, rg) end
local function accepted(host, rg)
  local g = raw.open(host, rg)
  g:init(0x60001)
  return g
end
local up = function(host, rg) return raw.up(host, rg) end

fatal("config-before-init", { "NET-REQ-107", "NET-SEC-18" }, opened, u32(125) .. u32(1514) .. zeros(32))
fatal("frame-before-init", { "NET-REQ-107", "NET-SEC-18" }, opened, u32(107) .. zeros(36))
fatal("completion-before-init", { "NET-REQ-107", "NET-REQ-095" }, opened, u32(108) .. u32(1), { type = "completion", flags = 0 })
fatal("empty-before-init", { "NET-SEC-01", "NET-REQ-107" }, opened, "")
fatal("init-too-short", { "NET-SEC-01" }, opened, u32(1) .. u32(0))
fatal("second-init", { "NET-REQ-013", "NET-SEC-18" }, accepted, u32(1) .. u32(0x60001) .. u32(0x60001) .. zeros(28))
fatal("empty", { "NET-SEC-01" }, up, "")
fatal("short-config", { "NET-SEC-01" }, accepted, u32(125) .. u32(1514))
fatal("second-config", { "NET-REQ-022" }, up, u32(125) .. u32(1514) .. zeros(32))
fatal("second-config-at-once", { "NET-REQ-022" }, function(host, rg)
  local g = accepted(host, rg)
  g:config()
  return g
end, u32(125) .. u32(1514) .. zeros(32))
fatal("second-ndis-version", { "NET-REQ-022" }, up, u32(100) .. u32(6) .. u32(30) .. zeros(28))
fatal("second-receive-buffer", { "NET-REQ-028", "NET-SEC-25" }, up, function(g) return g:pad(u32(101) .. u32(g.rx_gpadl) .. u32(0xcafe)) end)
fatal("second-send-buffer", { "NET-REQ-028", "NET-SEC-25" }, up, function(g) return g:pad(u32(104) .. u32(g.tx_gpadl) .. u32(1)) end)
fatal("receive-buffer-before-config", { "NET-REQ-018", "NET-SEC-18" }, accepted, function(g)
  local _, id = g:buffer(64)
  return g:pad(u32(101) .. u32(id) .. u32(1))
end)
for _, id in ipairs { 0, 3, 99, 109, 119, 120, 123, 126, 127, 128, 130, 134, 135, 136, 137, 0xffffffff } do
  fatal("unknown-message-" .. (id == 0xffffffff and "huge" or id), { "NET-REQ-017", "NET-REQ-050", "NET-SEC-18" },
        up, u32(id) .. zeros(36))
end
fatal("section-behind-the-buffer", { "NET-REQ-031", "NET-SEC-19" }, up, function(g) return g:pad(u32(107) .. u32(0) .. u32(10) .. u32(6144)) end)
fatal("section-index-huge", { "NET-REQ-031", "NET-SEC-19" }, up, function(g) return g:pad(u32(107) .. u32(0) .. u32(0xfffffffe) .. u32(100)) end)
fatal("section-size-huge", { "NET-REQ-031", "NET-SEC-19" }, up, function(g) return g:pad(u32(107) .. u32(0) .. u32(0) .. u32(0xffffffff)) end)
fatal("section-offset-wraps", { "NET-REQ-031", "NET-SEC-19" }, up, function(g) return g:pad(u32(107) .. u32(0) .. u32(0x2aaaaaab) .. u32(100)) end)
fatal("completion-unknown", { "NET-REQ-095", "NET-SEC-22" }, up, u32(108) .. u32(1), { type = "completion", flags = 0, id = 0x55 })
fatal("completion-id-huge", { "NET-REQ-095", "NET-SEC-22" }, up, u32(108) .. u32(1), { type = "completion", flags = 0, id = -1 })

case("nvsp.host.completion-twice") {
  level = "must", side = "host", requires = { "NET-REQ-095", "NET-REQ-096", "NET-SEC-22" },
  doc = "A slot comes back once; a second completion of it ends the service.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    check_eq(g.nic:deliver(net.frame(60)), "OK", "delivery")
    local _, k = g:rndis()
    g:complete(k.id)
    g:expect_stopped()
  end,
}

for _, t in ipairs { { "unknown", function() return 0x7777 end },
                     { "zero", function() return 0 end },
                     { "one-page", function(g) return select(2, g:buffer(1)) end } } do
  case("nvsp.host.receive-buffer-gpadl-" .. t[1]) {
    level = "must", side = "host", requires = { "NET-SEC-21", "NET-REQ-027" }, bugs = { "BUG-121" },
    doc = "A receive buffer that is unknown or too small is not taken.",
    run = function(host, rg)
      local g = accepted(host, rg)
      g:config()
      g:request(g:pad(u32(101) .. u32(t[2](g)) .. u32(0xcafe)))
      host:run_for("10ms")
      check_eq(g.nic:nic_info().receive_slots, 0, "slots")
    end,
  }
end

for _, mtu in ipairs { 0, 1, 1513, 9217, 0x7fffffff, 0xffffffff } do
  case("nvsp.host.mtu-" .. mtu) {
    level = "must", side = "host", requires = { "NET-REQ-019", "NET-SEC-27" },
    doc = "A frame size that no host takes becomes 1514.",
    run = function(host, rg)
      local g = accepted(host, rg)
      g:config(mtu)
      check_eq(g.nic:nic_info().mtu, 1514, "mtu")
      local p = g:receive_buffer()
      check_eq(get_u32(p, 4), 1, "status")
      check_eq(get_u32(p, 8), 1, "num_sections")
      check_eq(get_u32(p, 12), 0, "offset")
      check_eq(get_u32(p, 24), get_u32(p, 16) * get_u32(p, 20), "end_offset")
      check_eq(get_u32(p, 16), 1806, "sub_allocation_size")
    end,
  }
end

for _, mtu in ipairs { 1514, 9216 } do
  case("nvsp.host.mtu-taken-" .. mtu) {
    level = "must", side = "host", requires = { "NET-REQ-025", "NET-REQ-024" },
    doc = "A frame size within the bounds is taken, and slots are made for it.",
    run = function(host, rg)
      local g = accepted(host, rg)
      g:config(mtu)
      check_eq(get_u32(g:receive_buffer(), 16), 256 + mtu + 36, "sub_allocation_size")
    end,
  }
end

for _, t in ipairs { { "operation-0", 0, 1 }, { "operation-2", 2, 1 }, { "too-many", 1, 4 },
                     { "count-huge", 1, 0xffffffff } } do
  case("nvsp.host.sub-channel-" .. t[1]) {
    level = "must", side = "host", requires = { "NET-REQ-045", "NET-SEC-20" }, bugs = { "BUG-118" },
    doc = "Channels that cannot be granted: status 2, none, and the NIC works on.",
    run = function(host, rg)
      local g = raw.up(host, rg, nil, { max_queues = 4 })
      local p = g:ask(g:pad(u32(133) .. u32(t[2]) .. u32(t[3])))
      check_eq(get_u32(p, 0), 133, "type")
      check_eq(get_u32(p, 4), 2, "status")
      check_eq(get_u32(p, 8), 0, "granted")
      g:alive()
    end,
  }
end

case "nvsp.host.oid-query-ex" {
  level = "must", side = "host", requires = { "NET-REQ-044" },
  doc = "OID_QUERY_EX is answered as not supported.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    local p = g:ask(g:pad(u32(131) .. u8(0x96) .. u8(1) .. u16(8) .. u32(0x01010101)))
    check_eq(get_u32(p, 0), 132, "type")
    check_eq(get_u32(p, 4), 0xc00000bb, "status")
    check_eq(get_u32(p, 8), 0, "bytes")
    g:alive()
  end,
}

case "nvsp.host.switch-without-vf" {
  level = "must", side = "host", requires = { "NET-REQ-042", "NET-REQ-041" },
  doc = "A switch to a VF that was never there is completed at once, without a switch.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    check_eq(g:ask(g:pad(u32(129) .. u32(1))), "", "completion")
    check_eq(g.nic:nic_info().data_path, 0, "data path")
    g:alive()
  end,
}

case "nvsp.host.vf-needs-the-capability" {
  level = "must", side = "host", requires = { "NET-REQ-039" }, bugs = { "BUG-125" },
  doc = "A guest that did not ask for VFs is not told of one.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    g.nic:vf(true, 3)
    g.ring:expect_no_packet "2s"
  end,
}

case "nvsp.host.payload-longer" {
  level = "must", side = "host", requires = { "NET-REQ-016" },
  doc = "Messages longer than their body are taken.",
  run = function(host, rg)
    local g = raw.open(host, rg)
    g:init(0x50000)
    check_eq(g:ask(u32(125) .. u32(1514) .. u32(0) .. u64(0) .. pattern(100)), "", "completion")
    g:receive_buffer()
    check(g.nic:nic_info().receive_slots > 0, "slots")
  end,
}

case "nvsp.host.revoke" {
  level = "must", side = "host", requires = { "NET-SEC-24", "NET-REQ-097" },
  doc = "After the revoke of the receive buffer nothing is written into it.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    g:request(g:pad(u32(103) .. u16(raw.RX_ID)), { flags = 0 })
    host:run_for("1ms")
    local before = g.rx:read(0, 64 * 4096)
    g.nic:deliver(net.frame(200, 9))
    host:run_for("10ms")
    check(g.rx:read(0, 64 * 4096) == before, "the buffer is untouched")
  end,
}

case "nvsp.host.first-frame-ends-configuration" {
  level = "must", side = "host", requires = { "NET-REQ-030", "NET-REQ-029" },
  doc = "Without a send buffer the first RNDIS packet ends the configuration, and is served.",
  run = function(host, rg)
    local g = raw.open(host, rg)
    g:init(0x60001)
    g:config()
    g:ndis()
    g:receive_buffer()
    local m = rg:alloc(1)
    m:write(0, u32(2) .. u32(24) .. u32(1) .. u32(1) .. u32(0) .. u32(0x4000))
    local p = g:ask(g:pad(u32(107) .. u32(1) .. u32(0xffffffff) .. u32(0)),
                    { type = "gpa_direct", extra = gpa_direct { { 0, 24, m.pfns } } })
    check_eq(get_u32(p, 4), 1, "NVSP status")
    check_eq(get_u32((g:rndis()), 0), 0x80000002, "the reply")
  end,
}

case "nvsp.host.status-of-completions-means-nothing" {
  level = "must", side = "host", requires = { "NET-REQ-036", "NET-REQ-007" },
  doc = "Whatever status the guest completes frames with, they go on.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    for i = 1, 6 do
      g.nic:deliver(net.frame(60, i))
      local b, k = g:rndis(nil, true)
      check_eq(get_u32(b, 12), 60, "data_length")
      g:complete(k.id, u32(108) .. u32(i))
    end
    g:alive()
  end,
}

case "nvsp.host.vf-serial" {
  level = "must", side = "host", requires = { "NET-REQ-040", "NET-REQ-039" }, bugs = { "BUG-125" },
  doc = "A VF goes under the serial number under which it came.",
  run = function(host, rg)
    local g = raw.open(host, rg)
    g:init(0x60001)
    g:config(1514, 4)
    g:ndis()
    g:receive_buffer()
    g:send_buffer()
    check_eq(g:control(u32(2) .. u32(24) .. u32(1) .. u32(1) .. u32(0) .. u32(0x4000)), 1, "INITIALIZE")
    g:rndis()
    for _, present in ipairs { 1, 0 } do
      g.nic:vf(present == 1, 0x4711)
      local k = g.ring:expect({ type = 6 })
      check_eq(get_u32(k.payload, 0), 128, "type")
      check_eq(get_u32(k.payload, 4), present, "vf_allocated")
      check_eq(get_u32(k.payload, 8), 0x4711, "serial_number")
    end
  end,
}

case "nvsp.host.again-after-close" {
  level = "must", side = "host", requires = { "NET-REQ-097" },
  doc = "A channel that is opened again begins with INIT.",
  run = function(host, rg)
    local g = raw.up(host, rg)
    rg:say("close_channel", { channel_id = g.nic.id })
    host:run_for("10ms")
    check_eq(g.nic:nic_info().version, 0, "version")
    g.ring, g.kept = rg:open(g.nic, { tx_pages = 8, rx_pages = 8 }), nil
    check_eq(get_u32(g:init(0x50000), 12), 1, "status")
    check_eq(g:config(), "", "completion of NDIS_CONFIG")
  end,
}

case "nvsp.host.offer" {
  level = "must", side = "host", requires = { "NET-REQ-001" },
  doc = "The NIC is offered as a network device, its primary channel under index 0.",
  run = function(host, rg)
    local nic = host:nic()
    local offers = rg:online()
    check_eq(#offers, 1, "offers")
    check_eq(offers[1].interface_id, "f8615163-df3e-46c5-913f-f2d2f965ed0e", "interface")
    check_eq(offers[1].subchannel_index, 0, "sub-channel index")
    check_eq(offers[1].channel_id, nic.id, "channel")
  end,
}

-- Sub-channels -------------------------------------------------------------------------------

for _, version in ipairs { 0x50000, 0x60000, 0x60001 } do
  local size = version == 0x60001 and 40 or 32 -- 28 and the padding of the ring

  case("nvsp.host.sub-channels-" .. names[version]) {
    level = "must", side = "host", requires = { "NET-REQ-047", "NET-REQ-007", "NET-REQ-015" }, bugs = { "BUG-119" },
    doc = "The table comes when the last sub-channel is open; on each, messages have the version's size.",
    run = function(host, rg)
      local g = raw.up(host, rg, version, { max_queues = 4 })
      local subs = g:sub_channels(3, function() g.ring:expect_no_packet "10ms" end)
      local table = g.ring:expect { type = 6 }
      check_eq(get_u32(table.payload, 0), 134, "SEND_INDIRECTION_TABLE")
      check_eq(get_u32(table.payload, 4), 16, "entries")
      local at, seen = get_u32(table.payload, 8), {}
      for i = 0, 15 do seen[get_u32(table.payload, at + 4 * i)] = true end
      for q = 0, 3 do check(seen[q], "queue " .. q .. " is in the table") end
      check(not seen[4], "no other queue is")
      for q, sub in ipairs(subs) do
        sub.tx:write(6144 * q, net.rndis_packet(net.frame(100, q)))
        local p = sub:ask(sub:pad(u32(107) .. u32(0) .. u32(q) .. u32(144)))
        check_eq(#p, size, "bytes of the completion")
        check_eq(get_u32(p, 4), 1, "status of the frame")
        check_eq(g.nic:frames()[q].queue, q, "queue of the frame")
        check_eq(g.nic:deliver(net.frame(200, q), { queue = q }), "OK", "delivery")
        local bytes, k = sub:rndis()
        check_eq(#k.payload, size, "bytes of the message with the frame")
        local at_frame = 8 + get_u32(bytes, 8)
        check(bytes:sub(at_frame + 1, at_frame + 200) == net.frame(200, q), "the frame")
      end
      g:alive()
    end,
  }
end

case "nvsp.host.sub-channel-control" {
  level = "must", side = "host", requires = { "NET-REQ-093", "NET-REQ-051" },
  doc = "A control message on a sub-channel is not served, status 2; all channels go on.",
  run = function(host, rg)
    local g = raw.up(host, rg, nil, { max_queues = 2 })
    local sub = g:sub_channels(1)[1]
    g.ring:expect { type = 6 }
    for i, bytes in ipairs { u32(4) .. u32(28) .. u32(7) .. u32(0x01010101) .. zeros(12),
                             u32(5) .. u32(32) .. u32(8) .. u32(0x0001010e) .. u32(4) .. u32(20) .. u32(0) .. u32(0),
                             u32(8) .. u32(12) .. u32(9), u32(3) .. u32(12) .. u32(10) } do
      check_eq(sub:control(bytes), 2, "status of message " .. i)
      sub.ring:expect_no_packet "10ms"
    end
    check_eq(g.nic:nic_info().filter, 0x0d, "filter")
    check_eq(sub:control(net.rndis_packet(net.frame(60)), { kind = 0 }), 1, "a frame")
    g:alive()
  end,
}
