-- SPDX-License-Identifier: BSD-2-Clause
-- Opening and closing as a host does it, and where its interrupts go: chapter 10 sections 2.10,
-- 4.6, 5.4 and 6.2.

local function free(host, gpa) return host:held_page(gpa) == 0 end
local function failure(s) return s ~= 0 end

local function online(host, rg, opts)
  local nic = host:offer { interface = "network" }
  rg:online(opts or {})
  return nic
end

-- Rings that are shared; OPEN_CHANNEL is left to the case.
local function shared(rg, nic, id)
  local ring = rg:rings()
  ring:poke { side = "g2h", feature_bits = 1 }
  ring.channel, ring.connection = nic.id, nic:info().connection_id
  ring.gpadl_id = rg:share(nic, ring.memory, id)
  return ring
end

local function ask_open(rg, nic, ring, fields)
  local all = { channel_id = nic.id, open_id = 77, ring_buffer_gpadl_id = ring.gpadl_id,
                downstream_ring_buffer_page_offset = ring.downstream }
  for k, v in pairs(fields or {}) do all[k] = v end
  rg:say("open_channel", all)
end

case "host.open.result-echoes-the-ids" {
  level = "must", side = "host", requires = { "CORE-REQ-082" },
  doc = "OPEN_CHANNEL_RESULT repeats channel_id and open_id, whatever they are.",
  run = function(host, rg)
    local nic = online(host, rg)
    local ring = shared(rg, nic)
    for _, id in ipairs { 0, 1, 0x80000000, 0xffffffff } do
      ask_open(rg, nic, ring, { open_id = id })
      check_eq(rg:expect("open_channel_result").bytes,
               u32(6) .. u32(0) .. u32(nic.id) .. u32(id) .. u32(0), "bytes of the result")
      rg:say("close_channel", { channel_id = nic.id })
      rg:expect_silence()
    end
    ask_open(rg, nic, ring, { open_id = 0xdeadbeef, ring_buffer_gpadl_id = 1 })
    rg:expect("open_channel_result", { open_id = 0xdeadbeef, status = failure })
  end,
}

case "host.open.twice-is-dropped" {
  level = "must", side = "host", requires = { "CORE-REQ-083" },
  doc = "OPEN_CHANNEL for a channel that is open, or opening, gives no message and " ..
    "changes nothing.",
  run = function(host, rg)
    local nic = online(host, rg)
    local ring, other = shared(rg, nic), shared(rg, nic)
    nic:answer("open", { hold = true })
    ask_open(rg, nic, ring)
    ask_open(rg, nic, other, { open_id = 78 })
    rg:expect_silence()
    check_eq(nic:asked("open"), 1, "questions to the device")
    nic:finish("open")
    rg:expect("open_channel_result", { open_id = 77, status = 0 })
    ask_open(rg, nic, other, { open_id = 79 })
    rg:expect_silence()
    check_eq(host:dropped("channel"), 2, "messages dropped for the channel")
    check_eq(nic:info().gpadl_id, ring.gpadl_id, "rings in use")
    ring:send { payload = "same rings" }
    nic:expect_packet { payload = "same rings" }
  end,
}

case "host.open.while-closing-comes-after" {
  level = "must", side = "host", requires = { "CORE-REQ-084" },
  doc = "OPEN_CHANNEL while the channel closes is done when the close is done; a second " ..
    "is dropped.",
  run = function(host, rg)
    local nic = online(host, rg)
    rg:open(nic)
    local second = shared(rg, nic)
    nic:answer("close", { hold = true })
    rg:say("close_channel", { channel_id = nic.id })
    ask_open(rg, nic, second, { open_id = 2 })
    ask_open(rg, nic, second, { open_id = 3 })
    rg:expect_silence()
    check_eq(nic:state(), "closing-reopen", "the channel")
    nic:finish("close")
    rg:expect("open_channel_result", { channel_id = nic, open_id = 2, status = 0 })
    rg:expect_silence()
    second:send { payload = "the second rings" }
    nic:expect_packet { payload = "the second rings" }
  end,
}

case "host.open.on-a-revoked-channel" {
  level = "must", side = "host", requires = { "CORE-REQ-085" },
  doc = "OPEN_CHANNEL on a channel that was taken back is ignored, and so is CLOSE_CHANNEL.",
  run = function(host, rg)
    local nic = online(host, rg)
    local ring = shared(rg, nic)
    nic:revoke()
    rg:expect("rescind_channel_offer")
    ask_open(rg, nic, ring)
    rg:say("close_channel", { channel_id = nic.id })
    rg:expect_silence()
    check_eq(nic:state(), "revoked", "the channel")
    nic:reoffer()
    ask_open(rg, nic, ring)
    rg:expect_silence()
    check_eq(nic:state(), "reoffered", "the channel that came back")
  end,
}

case "host.open.unknown-channel" {
  level = "must", side = "host", requires = { "CORE-REQ-083" },
  doc = "OPEN_CHANNEL and CLOSE_CHANNEL for ids that name no channel are dropped.",
  run = function(host, rg)
    local nic = online(host, rg)
    local ring = shared(rg, nic)
    for _, id in ipairs { 0, 2, 2047, 2048, 0x10001, 0xffffffff } do
      ask_open(rg, nic, ring, { channel_id = id })
      rg:say("close_channel", { channel_id = id })
      host:settle()
    end
    rg:expect_silence()
    check_eq(host:dropped("channel"), 12, "messages dropped for the channel")
    check_eq(nic:state(), "closed", "the channel that exists")
  end,
}

case "host.open.device-refuses" {
  level = "must", side = "host", requires = { "CORE-REQ-082" },
  doc = "A device that refuses gives a result with a failure, and the channel can be opened again.",
  run = function(host, rg)
    local nic = online(host, rg)
    local ring = shared(rg, nic)
    nic:answer("open", { status = 0xc0000001 })
    ask_open(rg, nic, ring)
    rg:expect("open_channel_result", { status = failure })
    check_eq(nic:state(), "closed", "the channel")
    check_eq(rg:signal(ring.connection), 0x12, "signal to a channel that did not open")
    nic:answer("open", { status = 0 })
    ask_open(rg, nic, ring)
    rg:expect("open_channel_result", { status = 0 })
  end,
}

case "host.close.has-no-answer" {
  level = "must", side = "host", requires = { "CORE-REQ-087" },
  doc = "CLOSE_CHANNEL has no response, and is dropped when the channel is not open.",
  run = function(host, rg)
    local nic = online(host, rg)
    rg:say("close_channel", { channel_id = nic.id })
    rg:expect_silence()
    check_eq(host:dropped("channel"), 1, "closes of a closed channel dropped")
    local ring = rg:open(nic)
    rg:say("close_channel", { channel_id = nic.id })
    rg:say("close_channel", { channel_id = nic.id })
    rg:expect_silence()
    check_eq(host:dropped("channel"), 2, "closes dropped")
    check_eq(nic:state(), "closed", "the channel")
    check_eq(rg:signal(ring.connection), 0x12, "signal to a closed channel")
    check_eq(nic:gpadl(ring.gpadl_id).state, "accepted", "the rings stay shared")
    ask_open(rg, nic, ring)
    rg:expect("open_channel_result", { status = 0 })
  end,
}

case "host.close.while-opening-is-dropped" {
  level = "must", side = "host", requires = { "CORE-REQ-087" },
  doc = "CLOSE_CHANNEL while the channel opens is dropped, and the open goes on.",
  run = function(host, rg)
    local nic = online(host, rg)
    local ring = shared(rg, nic)
    nic:answer("open", { hold = true })
    ask_open(rg, nic, ring)
    rg:say("close_channel", { channel_id = nic.id })
    rg:expect_silence()
    nic:finish("open")
    rg:expect("open_channel_result", { status = 0 })
    check_eq(nic:state(), "open", "the channel")
  end,
}

case "host.close.rings-are-left-alone-afterwards" {
  level = "must", side = "host", requires = { "CORE-SEC-30", "CORE-REQ-087" },
  doc = "What a guest writes into the rings of a closed channel is not read.",
  run = function(host, rg)
    local nic = online(host, rg)
    local ring = rg:open(nic)
    rg:say("close_channel", { channel_id = nic.id })
    host:settle()
    local control = ring.memory:read(0, 4096)
    ring:send({ payload = "too late" }, { signal = false })
    rg:signal(ring.connection)
    nic:expect_no_packet()
    check_eq(get_u32(ring.memory:read(4, 4), 0), get_u32(control, 4), "read_index")
  end,
}

-- Rings that cannot be used -------------------------------------------------------------------

-- list(pfns) returns ranges for GPADL 5, at(n) the downstream offset.
local function no_ring(name, text, ranges, downstream)
  case("host.open." .. name .. "-fails") {
    level = "must", side = "host", requires = { "CORE-REQ-104", "CORE-SEC-29" },
    doc = "A ring list " .. text .. " makes the open fail, and a good one then opens.",
    run = function(host, rg)
      local nic = online(host, rg)
      local memory = rg:alloc(6)
      rg:gpadl(nic, 5, ranges and ranges(memory.pfns) or memory)
      rg:expect("gpadl_created", { gpadl_id = 5, status = 0 })
      ask_open(rg, nic, { gpadl_id = 5, downstream = downstream or 3 })
      rg:expect("open_channel_result", { open_id = 77, status = failure })
      check_eq(nic:state(), "closed", "the channel")
      check_eq(nic:asked("open"), 0, "questions to the device")
      ask_open(rg, nic, shared(rg, nic, 6))
      rg:expect("open_channel_result", { open_id = 77, status = 0 })
    end,
  }
end

local function some(pfns, from, to) return table.move(pfns, from, to, 1, {}) end

no_ring("two-ranges", "of two ranges", function(p)
  return { { 0, 3 * 4096, some(p, 1, 3) }, { 0, 3 * 4096, some(p, 4, 6) } }
end)
no_ring("byte-offset", "that begins inside a page", function(p)
  return { { 8, 5 * 4096, some(p, 1, 6) } }
end)
no_ring("not-whole-pages", "that does not end with a page", function(p)
  return { { 0, 6 * 4096 - 8, p } }
end)
no_ring("three-pages", "of three pages", function(p)
  return { { 0, 3 * 4096, some(p, 1, 3) } }
end, 2)
no_ring("downstream-0", "whose second ring begins at page 0", nil, 0)
no_ring("downstream-1", "whose first ring has no data page", nil, 1)
no_ring("downstream-at-the-last-page", "whose second ring has no data page", nil, 5)
no_ring("downstream-at-the-end", "whose second ring begins behind the list", nil, 6)
no_ring("downstream-beyond", "whose second ring begins far behind the list", nil, 1000)
no_ring("downstream-huge", "whose downstream offset overflows a byte offset", nil, 0x100002)
no_ring("downstream-negative", "whose downstream offset is 0xffffffff", nil, 0xffffffff)

case "host.open.wrong-list-fails" {
  level = "must", side = "host", requires = { "CORE-SEC-29", "CORE-REQ-104" },
  doc = "A list that is unknown, of another channel, or not accepted, cannot be a ring.",
  run = function(host, rg)
    local nic, disk = host:offer { interface = "network" }, host:offer { interface = "scsi" }
    rg:online {}
    local function fails(id)
      ask_open(rg, nic, { gpadl_id = id, downstream = 2 })
      rg:expect("open_channel_result", { status = failure })
      check_eq(nic:state(), "closed", "the channel")
    end
    fails(0)
    fails(5)
    rg:share(disk, rg:alloc(4), 6)
    fails(6)
    rg:gpadl(nic, 7, rg:alloc(40), { skip_bodies = true })
    fails(7)
    nic:answer("gpadl", { hold = true })
    nic:answer("teardown", { hold = true })
    rg:gpadl(nic, 8, rg:alloc(4))
    fails(8)
    nic:finish("gpadl")
    rg:expect("gpadl_created", { gpadl_id = 8, status = 0 })
    rg:say("gpadl_teardown", { channel_id = nic.id, gpadl_id = 8 })
    fails(8)
  end,
}

case "host.open.smallest-rings" {
  level = "must", side = "host", requires = { "CORE-REQ-105", "CORE-SEC-29" },
  doc = "Four pages are enough; the pages before the downstream offset are the guest's ring.",
  run = function(host, rg)
    local nic = online(host, rg)
    local ring = rg:open(nic, { tx_pages = 1, rx_pages = 1 })
    check_eq(nic:control("g2h").size, 4096, "size of the guest's ring")
    check_eq(nic:control("h2g").size, 4096, "size of the host's ring")
    ring:send { payload = "guest to host" }
    nic:expect_packet { payload = "guest to host", ring_offset = 0 }
    nic:send_packet { payload = "host to guest" }
    check_eq(ring.memory:read(3 * 4096 + 16, 13), "host to guest", "the fourth page")
  end,
}

case "host.open.rings-of-different-sizes" {
  level = "must", side = "host", requires = { "CORE-REQ-105" },
  doc = "The two rings need not be equal.",
  run = function(host, rg)
    local nic = online(host, rg)
    local ring = rg:open(nic, { tx_pages = 1, rx_pages = 7 })
    check_eq(nic:control("h2g").size, 7 * 4096, "size of the host's ring")
    for i = 1, 40 do
      nic:send_packet { payload = pattern(1000, i) }
      ring:expect { payload = pattern(1000, i) }
      ring:send { payload = pattern(500, i) }
      nic:expect_packet { payload = pattern(500, i) }
    end
  end,
}

-- Signals -----------------------------------------------------------------------------------

case "host.signal.flag-is-the-channel-id" {
  level = "must", side = "host", requires = { "CORE-REQ-019" },
  doc = "From 2.4 on a host sets the flag of the channel's id on the channel's processor.",
  config = { vps = 3 },
  run = function(host, rg)
    local nic = host:offer { interface = "network", channel_id = 700 }
    for i, v in ipairs { 0x20004, 0x40000, 0x60000 } do
      rg:online { version = v }
      rg:open(nic, { target_vp = 2 })
      nic:send_packet { payload = "look" }
      rg:expect_flag(700, { vp = 2, times = i })
      check_eq(rg:flags(700, 0) + rg:flags(700, 1), 0, "flags on other processors")
    end
  end,
}

case "host.signal.interrupts-disabled" {
  level = "must", side = "host", requires = { "CORE-REQ-111", "CORE-SEC-49" }, bugs = { "BUG-059" },
  doc = "A channel opened with target_vp 0xffffffff is never interrupted, and carries data.",
  config = { vps = 2 },
  run = function(host, rg)
    local nic = online(host, rg)
    local ring = rg:open(nic, { target_vp = 0xffffffff })
    for i = 1, 50 do
      nic:send_packet { payload = u64(i) }
      ring:expect { payload = u64(i) }
      ring:send { payload = u64(i) }
      nic:expect_packet { payload = u64(i) }
    end
    nic:interrupt()
    host:settle()
    check_eq(rg:flags(nic.id, 0) + rg:flags(nic.id, 1), 0, "event flags")
    rg:say("modify_channel", { channel_id = nic.id, target_vp = 1 })
    rg:expect("modify_channel_response", { status = failure })
    nic:send_packet { payload = "still quiet" }
    host:settle()
    check_eq(rg:flags(nic.id, 0) + rg:flags(nic.id, 1), 0, "event flags after MODIFY_CHANNEL")
  end,
}

case "host.signal.processor-that-does-not-exist" {
  level = "must", side = "host", requires = { "CORE-SEC-49" },
  doc = "A target_vp that does not exist makes the open fail, or is never interrupted.",
  config = { vps = 2 },
  run = function(host, rg)
    local nic = online(host, rg)
    local ring = shared(rg, nic)
    for _, vp in ipairs { 2, 64, 0xffff, 0x7fffffff, 0xfffffffe } do
      ask_open(rg, nic, ring, { target_vp = vp })
      if rg:expect("open_channel_result").status == 0 then
        nic:send_packet { payload = "to nobody" }
        host:settle()
        rg:say("close_channel", { channel_id = nic.id })
      end
    end
    check_eq(rg:flags(nic.id, 0) + rg:flags(nic.id, 1), 0, "event flags")
    ask_open(rg, nic, ring, { target_vp = 1 })
    rg:expect("open_channel_result", { status = 0 })
    nic:interrupt()
    rg:expect_flag(nic.id, { vp = 1 })
  end,
}

case "host.signal.guest-chooses-the-flag" {
  level = "must", side = "host", requires = { "CORE-REQ-112" },
  doc = "With guest-specified parameters the guest's connection and flag count, not the offer's.",
  run = function(host, rg)
    local nic = online(host, rg, { version = 0x60000, features = 1 })
    local own = nic:info().connection_id
    local ring = rg:open(nic, { fields = { connection_id = 0x5555, event_flag = 1234 } })
    check_eq(rg:signal(own), 0x12, "signal to the offer's connection")
    ring:write(packet { payload = "by my connection" }, { signal = false })
    check_eq(rg:signal(0x5555), 0, "signal to the chosen connection")
    nic:expect_packet { payload = "by my connection" }
    nic:send_packet { payload = "by my flag" }
    rg:expect_flag(1234)
    check_eq(rg:flags(nic.id), 0, "flag of the channel id")
    rg:say("close_channel", { channel_id = nic.id })
    host:settle()
    check_eq(rg:signal(0x5555), 0x12, "the chosen connection after the close")
    rg:online { version = 0x50003 }
    rg:open(nic)
    check_eq(rg:signal(own), 0, "signal to the offer's connection later")
    nic:interrupt()
    rg:expect_flag(nic.id)
  end,
}

case "host.signal.flag-above-2047" {
  level = "must", side = "host", requires = { "CORE-SEC-48" },
  doc = "An event_flag of 2048 or more fails the open or is never set; 2047 is legal.",
  run = function(host, rg)
    local nic = online(host, rg, { version = 0x60000, features = 1 })
    local ring = shared(rg, nic)
    local page = select(2, rg:synic_pages(0))
    for _, flag in ipairs { 2048, 2049, 4095, 0x8000, 0xffff } do
      ask_open(rg, nic, ring, { connection_id = 0x5555, event_flag = flag })
      if rg:expect("open_channel_result").status == 0 then
        nic:interrupt()
        host:settle()
        rg:say("close_channel", { channel_id = nic.id })
      end
      check_eq(host:read_memory(page + 3 * 256, 256), zeros(256), "flags of SINT 3")
    end
    ask_open(rg, nic, ring, { connection_id = 0x5555, event_flag = 2047 })
    rg:expect("open_channel_result", { status = 0 })
    nic:interrupt()
    rg:expect_flag(2047)
  end,
}

case "host.signal.connection-in-use" {
  level = "must", side = "host", requires = { "CORE-REQ-112", "CORE-SEC-48" },
  doc = "A guest cannot choose a connection that is the host's own or another channel's.",
  run = function(host, rg)
    local nic, disk = host:offer { interface = "network" }, host:offer { interface = "scsi" }
    rg:online { version = 0x60000, features = 1 }
    rg:open(disk, { fields = { connection_id = 0x5555, event_flag = 9 } })
    local ring = shared(rg, nic)
    for _, connection in ipairs { 1, 2, 4, host:info().connection_id, 0x5555 } do
      ask_open(rg, nic, ring, { connection_id = connection, event_flag = 10 })
      rg:expect("open_channel_result", { status = failure })
    end
    rg:share(nic, rg:alloc(1))
    local before = disk:signals()
    rg:signal(0x5555)
    host:settle()
    check_eq(disk:signals(), before + 1, "signals of the channel that had it first")
  end,
}

case "host.open.short-form-without-the-feature" {
  level = "must", side = "host", requires = { "CORE-REQ-112", "CORE-REQ-073" },
  doc = "Signal parameters behind an OPEN_CHANNEL of a guest without the feature do not count.",
  run = function(host, rg)
    local nic = online(host, rg, { version = 0x60000, features = 0 })
    local ring = shared(rg, nic)
    rg:say("open_channel", { channel_id = nic.id, open_id = 1,
      ring_buffer_gpadl_id = ring.gpadl_id,
      downstream_ring_buffer_page_offset = ring.downstream },
      { append = u32(0x5555) .. u16(1234) .. u16(0xffff) })
    rg:expect("open_channel_result", { status = 0 })
    check_eq(rg:signal(0x5555), 0x12, "signal to the connection that does not count")
    nic:interrupt()
    rg:expect_flag(nic.id)
  end,
}

case "host.signal.connection-lives-while-open" {
  level = "must", side = "host", requires = { "CORE-REQ-012", "CORE-REQ-048" },
  doc = "A channel's connection is unknown before the open; spurious signals while open " ..
    "do no harm.",
  run = function(host, rg)
    local nic = online(host, rg)
    local connection = nic:info().connection_id
    check_eq(rg:signal(connection), 0x12, "signal before the open")
    local ring = rg:open(nic)
    for _ = 1, 100 do check_eq(rg:signal(connection), 0, "spurious signal") end
    nic:expect_no_packet("1ms")
    check_eq(nic:ring_status(), "OK", "the ring")
    ring:send { payload = "real" }
    nic:expect_packet { payload = "real" }
  end,
}

case "host.signal.between-open-and-result" {
  level = "must", side = "host", requires = { "CORE-REQ-048" }, bugs = { "BUG-061" },
  doc = "A guest may signal before the result of its open: the packet is found.",
  run = function(host, rg)
    local nic = online(host, rg)
    local ring = shared(rg, nic)
    nic:answer("open", { hold = true })
    ask_open(rg, nic, ring)
    host:settle()
    ring:write(packet { payload = "early" }, { signal = false })
    check_eq(rg:signal(ring.connection), 0, "status of the early signal")
    host:settle()
    nic:finish("open")
    nic:expect_packet { payload = "early" }
    rg:expect("open_channel_result", { status = 0 })
  end,
}

case "host.signal.packet-before-the-open" {
  level = "should", side = "host", requires = { "CORE-REQ-048" }, bugs = { "BUG-061" },
  doc = "A packet that was in the ring before the open is found without any signal.",
  run = function(host, rg)
    local nic = online(host, rg)
    local ring = shared(rg, nic)
    ring:write(packet { payload = "earlier" }, { signal = false })
    ask_open(rg, nic, ring)
    nic:expect_packet { payload = "earlier" }
  end,
}

-- Below 2.4 ---------------------------------------------------------------------------------

for _, v in ipairs { 0x0000d, 0x10001 } do
  local text = (v >> 16) .. "-" .. (v & 0xffff)

  case("host.signal.interrupt-page-at-" .. text) {
    level = "must", side = "host", requires = { "CORE-REQ-020" },
    doc = "Below 2.4 a host sets the channel's bit in the first half of the page, then flag 0.",
    config = { vps = 2 },
    run = function(host, rg)
      local page = rg:alloc(1):gpa()
      local nic = host:offer { interface = "network", channel_id = 77 }
      local far = host:offer { interface = "scsi", channel_id = 2047 }
      rg:online { version = v, interrupt_page = page }
      rg:open(nic, { target_vp = 1 })
      rg:open(far)
      nic:send_packet { payload = "look" }
      rg:expect_flag(0)
      check_eq(host:read_memory(page + 77 // 8, 1), u8(1 << 77 % 8), "bit of channel 77")
      far:send_packet { payload = "look" }
      rg:expect_flag(0, { times = 2 })
      check_eq(host:read_memory(page + 2047 // 8, 1), u8(1 << 2047 % 8), "bit of channel 2047")
      check_eq(host:read_memory(page + 2048, 2048), zeros(2048), "the second half")
      check_eq(rg:flags(0, 1) + rg:flags(77, 0) + rg:flags(77, 1), 0, "other flags")
    end,
  }

  case("host.signal.by-the-interrupt-page-at-" .. text) {
    level = "must", side = "host", requires = { "CORE-REQ-021", "CORE-SEC-46" },
    doc = "Connection 2 with a bit in the second half signals that channel; other bits do nothing.",
    run = function(host, rg)
      local page = rg:alloc(1):gpa()
      local nic = host:offer { interface = "network", channel_id = 77 }
      host:offer { interface = "scsi", channel_id = 78 }
      rg:online { version = v, interrupt_page = page }
      local ring = rg:open(nic)
      ring:write(packet { payload = "by the page" }, { signal = false })
      host:write_memory(page + 2048 + 77 // 8, u8(1 << 77 % 8))
      check_eq(rg:signal(2), 0, "signal to connection 2")
      nic:expect_packet { payload = "by the page" }
      check_eq(host:read_memory(page + 2048, 2048), zeros(2048), "the second half afterwards")
      host:write_memory(page, ("\xff"):rep(4096))
      check_eq(rg:signal(2), 0, "signal with every bit set")
      host:settle()
      check_eq(host:read_memory(page + 2048, 2048), zeros(2048), "the second half afterwards")
      ring:write(packet { payload = "and again" }, { signal = false })
      host:write_memory(page + 2048 + 77 // 8, u8(1 << 77 % 8))
      rg:signal(2)
      nic:expect_packet { payload = "and again" }
    end,
  }
end

case "host.signal.connection-2-without-a-page" {
  level = "must", side = "host", requires = { "CORE-SEC-46" },
  doc = "Connection 2 does nothing when there is no interrupt page, at any version.",
  run = function(host, rg)
    for _, v in ipairs { 0x10001, 0x50003 } do
      rg:online { version = v }
      check_eq(rg:signal(2), 0, "signal to connection 2")
      rg:expect_silence("1ms")
    end
  end,
}

-- The monitor page --------------------------------------------------------------------------

local function monitored(host, rg, opts)
  local memory = { rg:alloc(1), rg:alloc(1) }
  local nic = host:offer { interface = "network", monitored = true, latency = 1000 }
  rg:online { version = opts and opts.version, fields = {
    parent_to_child_monitor_page_gpa = memory[1]:gpa(),
    child_to_parent_monitor_page_gpa = memory[2]:gpa() } }
  return nic, memory[2]
end

case "host.monitor.bit-becomes-a-signal" {
  level = "must", side = "host", requires = { "CORE-REQ-023" },
  doc = "A pending bit signals its channel in time, once, and is cleared.",
  run = function(host, rg)
    local nic, page = monitored(host, rg)
    local ring = rg:open(nic)
    local id = nic:info().monitor_id
    for i = 1, 5 do
      ring:write(packet { payload = u64(i) }, { signal = false })
      page:write(8 + id // 32 * 8, u32(1 << id % 32))
      nic:expect_packet({ payload = u64(i) }, "1ms")
    end
    check_eq(page:read(8, 32), zeros(32), "the pending and armed words")
    local before = nic:signals()
    host:run_for("10ms")
    check_eq(nic:signals(), before, "signals without a bit")
  end,
}

case "host.monitor.page-is-filled-before-the-open" {
  level = "must", side = "host", requires = { "CORE-REQ-023" },
  doc = "Latency, parameter and the enabled group are in the page when the channel is offered.",
  run = function(host, rg)
    local nic, page = monitored(host, rg)
    local id = nic:info().monitor_id
    check_eq(get_u16(page:read(0x240 + 2 * id, 2), 0), 1000, "latency")
    check_eq(get_u32(page:read(0x440 + 8 * id, 4), 0), nic:info().connection_id, "connection_id")
    check_eq(get_u32(page:read(0, 4), 0) >> id // 32 & 1, 1, "bit of the group")
  end,
}

case "host.monitor.bits-of-nobody" {
  level = "must", side = "host", requires = { "CORE-SEC-47" },
  doc = "Pending bits of ids that no open channel has are cleared and ignored.",
  run = function(host, rg)
    local nic, page = monitored(host, rg)
    for _ = 1, 3 do
      page:write(0, ("\xff"):rep(4096))
      host:run_for("1ms")
    end
    check_eq(nic:signals(), 0, "signals to a channel that is closed")
    local ring = rg:open(nic)
    page:write(8, ("\xff"):rep(32))
    host:run_for("1ms")
    check_range(nic:signals(), 1, 2, "signals to the open channel")
    check_eq(nic:ring_status(), "OK", "the ring")
    rg:say("close_channel", { channel_id = nic.id })
    host:settle("1ms")
    local before = nic:signals()
    page:write(8, ("\xff"):rep(32))
    host:run_for("1ms")
    check_eq(nic:signals(), before, "signals after the close")
    check_eq(ring.memory:read(4, 4), zeros(4), "read_index")
  end,
}
