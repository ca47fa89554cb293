-- SPDX-License-Identifier: BSD-2-Clause
-- Versions, configuration and buffers while a guest attaches: chapter 20 sections 2, 3.2 to 3.9.
local net = include "net.lua"

case "nvsp.attach.order" {
  level = "must", requires = { "NET-REQ-018", "NET-REQ-002" }, bugs = { "BUG-157" },
  doc = "Configuration comes before the receive buffer, buffers before RNDIS, INITIALIZE before all.",
  run = function(host, guest)
    local n = net.up(host, guest)
    local at = function(name) return check(n:place(name) > 0, name .. " was sent") and n:place(name) end
    check(at "nvsp.init" < at "nvsp.ndis_config", "INIT first")
    check(at "nvsp.ndis_config" < at "nvsp.receive_buffer", "NDIS_CONFIG before the receive buffer")
    check(at "nvsp.ndis_version" < at "rndis.initialize", "NDIS_VERSION before RNDIS")
    check(at "nvsp.receive_buffer" < at "rndis.initialize", "receive buffer before RNDIS")
    check(at "rndis.initialize" < at "rndis.query", "INITIALIZE before QUERY")
    check(at "rndis.query" < at "rndis.set", "the address is known before frames are let in")
    for _, m in ipairs(n.log) do
      if m.layer == "nvsp" then check_eq(m.packet.type, 6, "packet type of " .. m.name) end
    end
    check_eq(n:count "nvsp.ndis_config", 1, "NDIS_CONFIG is sent once")
    check_eq(n:count "rndis.initialize", 1, "INITIALIZE is sent once")
    net.alive(guest, n)
  end,
}

for i, version in ipairs(net.versions) do
  case("nvsp.init.settles-at-" .. ({ "6.1", "6.0", "5", "4", "2", "1" })[i]) {
    level = "must", requires = { "NET-REQ-012" }, bugs = { "BUG-146" },
    doc = "Versions are tried from the highest to the lowest on the same open channel.",
    run = function(host, guest)
      local n = net.nic(host, { max_version = version })
      guest:online()
      guest:net(n, "attach", { filter = 0x0d })
      for k = 1, i do n:expect("nvsp.init", { protocol_version = net.versions[k] }) end
      guest:expect_event("net.attached", { status = 0, version = version })
      check_eq(n:count "nvsp.init", i, "INIT messages")
      check_eq(n:count("open_channel"), 1, "opens of the channel")
      net.alive(guest, n)
    end,
  }
end

case "nvsp.init.none-accepted" {
  level = "must", requires = { "NET-REQ-012" },
  doc = "A guest whose versions are all refused gives up, closes, and has its memory back.",
  run = function(host, guest)
    local n = net.nic(host, { min_version = 0x70000, max_version = 0x70000 })
    guest:online()
    guest:net(n, "attach")
    net.refused(guest, n)
    check_eq(n:info().gpadls, 0, "GPADLs that the host still has")
  end,
}

case "nvsp.init.lowest-asked-for" {
  level = "must", requires = { "NET-REQ-012" },
  doc = "A guest that wants version 5 at least does not go below it.",
  run = function(host, guest)
    local n = net.nic(host, { max_version = 0x40000 })
    guest:online()
    guest:net(n, "attach", { min_version = 0x50000 })
    net.refused(guest, n)
    check_eq(n:count("nvsp.init", { protocol_version = 0x40000 }), 0, "INIT for version 4")
  end,
}

case "nvsp.init.bytes" {
  level = "must", requires = { "NET-SEC-28" },
  doc = "INIT names the version twice, asks for a completion and is padded with zeros.",
  run = function(host, guest)
    local n = net.up(host, guest)
    local m = n:messages "nvsp.init"[1]
    check_eq(m.protocol_version, m.protocol_version2, "both versions")
    check_eq(m.packet.flags & 1, 1, "completion requested")
    check(#m.bytes >= 28, "INIT is padded to the message size")
    check(not m.bytes:find("[^\0]", 13), "padding is zero")
  end,
}

-- What a completion of INIT looks like: hostile ones end in a failure within a limit.
local odd_inits = {
  { "answer-too-short", { truncate = 8, no_pad = true }, "BUG-107" },
  { "answer-empty", { bytes = "" } },
  { "answer-of-another-type", { poke = { [0] = u32(102) } } },
}
for _, t in ipairs(odd_inits) do
  case("nvsp.init." .. t[1]) {
    level = "must", requires = { "NET-SEC-06", "NET-SEC-17" }, bugs = { t[3] or "BUG-107" },
    doc = "An answer to INIT that is not one is dropped; the wait for it has a limit.",
    run = function(host, guest)
      local n = net.nic(host)
      n:answer("nvsp.init", nil, t[2])
      guest:online()
      guest:net(n, "attach")
      net.refused(guest, n)
    end,
  }
end

case "nvsp.init.no-answer" {
  level = "must", requires = { "NET-SEC-17" },
  doc = "A host that never answers INIT does not keep the guest waiting for ever.",
  run = function(host, guest)
    local n = net.nic(host)
    n:ignore "nvsp.init"
    guest:online()
    guest:net(n, "attach")
    net.refused(guest, n)
  end,
}

case "nvsp.init.answer-long" {
  level = "must", requires = { "NET-SEC-06" },
  doc = "Answers longer than their body are taken, whatever is behind it.",
  run = function(host, guest)
    local n = net.nic(host)
    for _, name in ipairs { "init", "receive_buffer", "send_buffer" } do
      n:answer("nvsp." .. name, nil, { append = pattern(64, 5) })
    end
    guest:online()
    guest:net(n, "attach", { filter = 0x0d })
    guest:expect_event("net.attached", { status = 0 })
    net.alive(guest, n)
  end,
}

case "nvsp.config.mtu-and-capabilities" {
  level = "must", requires = { "NET-REQ-018", "NET-SEC-28" },
  doc = "NDIS_CONFIG carries the frame size without FCS; unknown capability bits are zero.",
  run = function(host, guest)
    local n = net.up(host, guest, { mtu = 1400 })
    local m = n:messages "nvsp.ndis_config"[1]
    check_eq(m.mtu, 1414, "mtu")
    check_eq(m.capabilities & ~0xff, 0, "capability bits 8 to 63")
    check_eq(get_u32(m.bytes, 8), 0, "the reserved word")
    check(not m.bytes:find("[^\0]", 21), "padding is zero")
  end,
}

for i, version in ipairs { 0x60001, 0x60000, 0x50000, 0x40000, 0x30002 } do
  case("nvsp.config.rsc-bit-at-" .. ({ "6.1", "6.0", "5", "4", "2" })[i]) {
    level = "must", requires = { "NET-REQ-023" },
    doc = "The capability of coalesced segments is claimed at version 6.1 at most.",
    run = function(host, guest)
      local n = net.up(host, guest, nil, { max_version = version })
      local m = n:messages "nvsp.ndis_config"[1]
      if version ~= 0x60001 then check_eq(m.capabilities & 0x80, 0, "rsc_over_vmbus")
      else check(m.capabilities & 0x80 == 0x80 or m.capabilities & 0x80 == 0, "a bit") end
    end,
  }
end

case "nvsp.config.absent-at-version-1" {
  level = "must", requires = { "NET-REQ-023" }, bugs = { "BUG-143" },
  doc = "A guest at version 1 sends nothing that version 1 does not know.",
  run = function(host, guest)
    local n = net.up(host, guest, { queues = 4 }, { max_version = 2, queues = 4 })
    for _, m in ipairs(n.log) do
      if m.layer == "nvsp" then check(get_u32(m.bytes, 0) <= 108, "message " .. m.name) end
    end
    net.alive(guest, n)
  end,
}

for i, version in ipairs(net.versions) do
  case("nvsp.message-size.at-" .. ({ "6.1", "6.0", "5", "4", "2", "1" })[i]) {
    level = "should", requires = { "NET-SEC-28" },
    doc = "Messages are padded with zeros to the message size, and no stale bytes go out.",
    run = function(host, guest)
      local n = net.up(host, guest, nil, { max_version = version })
      guest:net(n, "send", { id = 1, data = net.frame(60) })
      n:expect_frame(net.frame(60))
      for _, m in ipairs(n.log) do
        local bytes = m.packet.payload
        check(#bytes >= 28, m.name .. " has " .. #bytes .. " bytes")
        if get_u32(bytes, 0) == 107 then
          check(not bytes:find("[^\0]", 17), "107 is padded with zeros")
        end
      end
    end,
  }
end

-- Receive buffer: what the host says of its slots -------------------------------------------------

local function section(slot, count, offset, last)
  return u32(offset or 0) .. u32(slot) .. u32(count) .. u32(last or slot * count)
end

local bad_slots = {
  { "slot-size-0", 1, section(0, 100) },
  { "slot-below-68", 1, section(67, 100) },
  { "no-slots", 1, section(1806, 0) },
  { "more-than-the-buffer", 1, section(4096, 100000) },
  { "product-wraps-32-bits", 1, section(0x10000, 0x10001) },
  { "product-wraps-to-zero", 1, section(0x80000000, 2) },
  { "huge-slots", 1, section(0xffffffff, 0xffffffff) },
  { "offset-not-zero", 1, section(1806, 100, 8) },
  { "no-sections", 0, "" },
  { "section-missing", 1, "" },
  { "count-of-sections-lies", 0x10000000, section(1806, 100) },
}
for _, t in ipairs(bad_slots) do
  case("nvsp.receive-buffer." .. t[1]) {
    level = "must", requires = { "NET-REQ-026", "NET-SEC-12" }, bugs = { "BUG-103" },
    doc = "Slots that the buffer cannot have are refused, and the guest takes its memory back.",
    run = function(host, guest)
      local n = net.nic(host)
      n:respond("nvsp.receive_buffer", function(m)
        n:complete_packet(m, u32(102) .. u32(1) .. u32(t[2]) .. t[3]
                          .. (#t[3] > 0 and zeros(12) or ""))
        return true
      end)
      guest:online()
      guest:net(n, "attach")
      net.refused(guest, n)
      check_eq(n:info().gpadls, 0, "GPADLs that the host still has")
    end,
  }
end

case "nvsp.receive-buffer.two-sections" {
  level = "should", requires = { "NET-SEC-12" },
  doc = "A second section, which no host has, does not lead to use of memory outside the buffer.",
  run = function(host, guest)
    local n = net.nic(host)
    n:answer("nvsp.receive_buffer", { num_sections = 2,
      sections = section(1806, 100) .. section(1806, 100000, 0xfffff000) })
    guest:online()
    guest:net(n, "attach")
    guest:expect_event("net.attached", { status = function() return true end }, "60s")
  end,
}

case "nvsp.receive-buffer.refused" {
  level = "must", requires = { "NET-REQ-026" }, bugs = { "BUG-133", "BUG-145" },
  doc = "A refused receive buffer ends the attach; it is not revoked, since it never was shared.",
  run = function(host, guest)
    local n = net.nic(host)
    n:answer("nvsp.receive_buffer", { status = 2 })
    guest:online()
    guest:net(n, "attach")
    net.refused(guest, n)
    check_eq(n:count "nvsp.revoke_receive_buffer", 0, "revokes")
  end,
}

case "nvsp.receive-buffer.zero-is-no-success" {
  level = "must", requires = { "NET-REQ-026" }, bugs = { "BUG-145" },
  doc = "Status 0 is no success; 1 is.",
  run = function(host, guest)
    local n = net.nic(host)
    n:answer("nvsp.receive_buffer", { status = 0 })
    guest:online()
    guest:net(n, "attach")
    net.refused(guest, n)
  end,
}

local odd_slots = {
  { "exactly-the-buffer", { slot = 4096 } },
  { "odd-slot-size", { slot = 1807 } },
  { "few-slots", { slots = 20 } },
  { "large-slots", { slot = 16384, slots = 40 } },
}
for _, t in ipairs(odd_slots) do
  case("nvsp.receive-buffer." .. t[1]) {
    level = "must", requires = { "NET-REQ-026" }, bugs = { "BUG-103" },
    doc = "Slots of any legal size and number are used, RNDIS messages at any alignment.",
    run = function(host, guest)
      local n = net.up(host, guest, nil, t[2])
      for i = 1, 60 do
        local f = net.frame(60 + i * 17, i)
        local id = n:deliver(f)
        guest:expect_event("net.rx", { data = f })
        n:expect_done(id, 1)
      end
    end,
  }
end

case "nvsp.receive-buffer.end-offset-ignored" {
  level = "must", requires = { "NET-SEC-12" },
  doc = "The end of the section is said twice; a second value that is wrong is not used.",
  run = function(host, guest)
    local n = net.nic(host)
    n:answer("nvsp.receive_buffer", { sections = section(1806, 64, 0, 0xfffffff0) })
    guest:online()
    guest:net(n, "attach", { filter = 0x0d })
    guest:expect_event("net.attached", { status = 0 })
    net.alive(guest, n)
  end,
}

case "nvsp.receive-buffer.shared-whole" {
  level = "must", requires = { "NET-REQ-026" },
  doc = "The receive buffer's GPADL begins on a page, has whole pages and the size asked for.",
  run = function(host, guest)
    local n = net.up(host, guest, { receive_buffer = 1 << 20 })
    local m = n:messages "nvsp.receive_buffer"[1]
    local g = check(n:gpadl(m.gpadl_handle), "the GPADL is known")
    check_eq(#g.ranges, 1, "ranges")
    check_eq(g.ranges[1].byte_offset, 0, "offset in its first page")
    check_range(g.ranges[1].byte_count, 4096, 1 << 20, "bytes")
    check_eq(m.packet.flags & 1, 1, "completion requested")
  end,
}

-- Send buffer -----------------------------------------------------------------------------------

local odd_sections = {
  { "section-size-0", 0 }, { "section-below-68", 67 }, { "section-above-the-buffer", 1 << 24 },
  { "section-size-huge", 0xffffffff },
}
for _, t in ipairs(odd_sections) do
  case("nvsp.send-buffer." .. t[1]) {
    level = "must", requires = { "NET-SEC-13" }, bugs = { "BUG-104" },
    doc = "Sections of an impossible size are not used: no send buffer, or no NIC.",
    run = function(host, guest)
      local n = net.nic(host, { section_size = t[2] })
      guest:online()
      guest:net(n, "attach", { filter = 0x0d })
      local e = guest:expect_event("net.attached", nil, "60s")
      if e.status ~= 0 then return guest:expect_event("net.detached", nil, "60s") end
      guest:net(n, "send", { id = 1, data = net.frame(60) })
      check_eq(n:expect_frame(net.frame(60)).section, 0xffffffff, "section")
    end,
  }
end

case "nvsp.send-buffer.answer-too-short" {
  level = "must", requires = { "NET-SEC-06", "NET-SEC-17" }, bugs = { "BUG-107" },
  doc = "An answer without the section size is none; the attach ends, one way or the other.",
  run = function(host, guest)
    local n = net.nic(host)
    n:answer("nvsp.send_buffer", nil, { truncate = 8, no_pad = true })
    guest:online()
    guest:net(n, "attach")
    guest:expect_event("net.attached", nil, "60s")
  end,
}

case "nvsp.send-buffer.refused" {
  level = "must", requires = { "NET-REQ-029" }, bugs = { "BUG-133" },
  doc = "Without a send buffer frames go by reference, and it is not revoked at the end.",
  run = function(host, guest)
    local n = net.nic(host)
    n:answer("nvsp.send_buffer", { status = 2 })
    guest:online()
    guest:net(n, "attach", { filter = 0x0d })
    guest:expect_event("net.attached", { status = 0 })
    guest:net(n, "send", { id = 1, data = net.frame(60) })
    local f = n:expect_frame(net.frame(60))
    check_eq(f.section, 0xffffffff, "section")
    check(f.ranges > 0, "the frame came in ranges")
    guest:net(n, "detach")
    guest:expect_event("net.detached", { status = 0 })
    check_eq(n:count "nvsp.revoke_send_buffer", 0, "revokes of the send buffer")
    check_eq(n:count "nvsp.revoke_receive_buffer", 1, "revokes of the receive buffer")
  end,
}

case "nvsp.send-buffer.not-wanted" {
  level = "must", requires = { "NET-REQ-029" },
  doc = "A guest may have no send buffer: none is announced, all frames go by reference.",
  run = function(host, guest)
    local n = net.up(host, guest, { send_buffer = 0 })
    check_eq(n:count "nvsp.send_buffer", 0, "SEND_SEND_BUFFER")
    for i = 1, 40 do
      guest:net(n, "send", { id = i, data = net.frame(14 + i * 31, i) })
      check_eq(n:expect_frame(net.frame(14 + i * 31, i)).section, 0xffffffff, "section")
    end
    net.alive(guest, n)
  end,
}

for _, size in ipairs { 68, 100, 1024, 65536 } do
  case("nvsp.send-buffer.sections-of-" .. size) {
    level = "must", requires = { "NET-SEC-13" }, bugs = { "BUG-104" },
    doc = "Sections of any legal size: what fits goes by section, what does not by reference.",
    run = function(host, guest)
      local n = net.up(host, guest, nil, { section_size = size })
      for i, bytes in ipairs { 14, 24, 25, 60, 600, 1514 } do
        guest:net(n, "send", { id = i, data = net.frame(bytes, i) })
        local f = n:expect_frame(net.frame(bytes, i))
        if bytes + 44 > size then check_eq(f.section, 0xffffffff, "section") end
        guest:expect_event("net.tx_done", { id = i, status = 1 })
      end
    end,
  }
end

case "nvsp.attach.rescinded-half-way" {
  level = "must", requires = { "NET-SEC-17" }, bugs = { "BUG-134" },
  doc = "A NIC that is taken back while its guest attaches ends the attach and frees all memory.",
  run = function(host, guest)
    local n = net.nic(host)
    n:ignore "nvsp.receive_buffer"
    guest:online()
    guest:net(n, "attach")
    n:expect "nvsp.receive_buffer"
    n:revoke()
    guest:expect_event("net.attached", { status = function(s) return s ~= 0 end })
    guest:expect_event("net.detached")
  end,
}
