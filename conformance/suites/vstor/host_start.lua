-- SPDX-License-Identifier: BSD-2-Clause
-- The conversation before requests, from the host's side: chapter 30 sections 4, 5, 6, 9, 12, 15.
local raw = include "rawstor.lua"

local function host_case(name, requires, doc, run)
  case("vstor.host." .. name) { level = "must", side = "host", requires = requires, doc = doc, run = run }
end

for _, version in ipairs(raw.versions) do
  host_case(string.format("version-%x", version), { "VST-REQ-003", "VST-REQ-004", "VST-REQ-010", "VST-REQ-015" },
    "Each version is accepted, echoed, and works.", function(host, rg)
      local g = raw.open(host, rg, { max_subs = 3 })
      g:begin()
      local status, p = g:query_version(version)
      check_eq(status, 0, "status")
      check_eq(get_u16(p, 0), version, "major_minor")
      check_eq(get_u16(p, 2), 0, "second word")
      local props = g:properties()
      check(props.max_transfer >= 4096 and props.max_transfer % 4096 == 0, "max_transfer_bytes")
      if version >= 0x501 then
        check_eq(props.bytes:sub(1, 4) .. props.bytes:sub(7, 8) .. props.bytes:sub(17, 24), zeros(14), "reserved words")
      end
      g:finish()
      check_eq(g.c:storage_info().version, version, "version in force")
      g:alive()
    end)
end

for _, v in ipairs { 0xffff, 0, 1, 0x100, 0x300, 0x400, 0x500, 0x601, 0x603, 0x700 } do
  host_case(string.format("version-unknown-%x", v), { "VST-REQ-011" },
    "A version that hosts do not have is refused, and a good one may follow.", function(host, rg)
      local g = raw.open(host, rg)
      g:begin()
      local status, p = g:query_version(v)
      check_eq(status, raw.MISMATCH, "status")
      check_eq(get_u16(p, 0), v, "the version refused")
      check_eq(g:query_version(0x501), 0, "status of 5.1")
    end)
end

host_case("version-bounds", { "VST-REQ-011" }, "A host refuses what is newer or older than it speaks.", function(host, rg)
  local g = raw.open(host, rg, { min_version = 0x501, max_version = 0x600 })
  g:begin()
  check_eq(g:query_version(0x602), raw.MISMATCH, "6.2")
  check_eq(g:query_version(0x402), raw.MISMATCH, "4.2")
  check_eq(g:query_version(0x600), 0, "6.0")
end)

-- bytes of the packet -> bytes of the answer
for sent, back in pairs { [48] = 48, [50] = 56, [56] = 56, [64] = 64, [72] = 64 } do
  host_case("size-" .. sent, { "VST-REQ-006", "VST-REQ-007", "VST-REQ-008", "VST-REQ-009", "VST-SEC-10" },
    "An answer has the size of its request, up to the largest packet, and zeros where it says nothing.", function(host, rg)
      local g = raw.open(host, rg)
      local _, p, packet = g:ask(7, nil, { size = sent })
      check_eq(#packet, back, "size")
      check_eq(p, zeros(#p), "payload")
    end)
end

for _, id in ipairs { 0, 1, 0xffffffffffffffff, 0x8000000000000000 } do
  host_case(string.format("id-%x", id), { "VST-REQ-005", "VST-SEC-13" },
    "Any id is given back, also one that was used before.", function(host, rg)
      local g = raw.open(host, rg)
      check_eq(g:ask(7, nil, { id = id }), 0, "BEGIN")
      check_eq(g:ask(9, u16(0x602) .. u16(0), { id = id }), 0, "version")
    end)
end

host_case("order-begin-first", { "VST-REQ-012" }, "Nothing but BEGIN is taken at first, and nothing is lost.", function(host, rg)
  local g = raw.open(host, rg)
  for _, op in ipairs { 3, 4, 5, 6, 8, 9, 10, 13 } do
    check_eq(g:ask(op, op == 3 and raw.srb { cdb = raw.test_unit_ready } or nil), raw.BAD_STATE, "operation " .. op)
  end
  g:begin()
end)

host_case("order-properties", { "VST-REQ-013", "VST-REQ-014" }, "Properties come after the version, the end after the properties.", function(host, rg)
  local g = raw.open(host, rg)
  g:begin()
  check_eq(g:ask(10), raw.BAD_STATE, "properties before the version")
  check_eq(g:query_version(0x602), 0, "version")
  check_eq(g:ask(9, u16(0x501) .. u16(0)), raw.BAD_STATE, "a second version")
  check_eq(g:ask(8), raw.BAD_STATE, "end before properties")
  g:properties()
  check_eq(g:ask(10), raw.BAD_STATE, "properties twice")
  g:finish()
end)

host_case("order-begin-again", { "VST-REQ-021" }, "BEGIN in the ready state is refused; requests go on.", function(host, rg)
  local g = raw.up(host, rg)
  check_eq(g:ask(7), raw.BAD_STATE, "BEGIN")
  g:alive()
end)

host_case("order-srb-too-early", { "VST-REQ-012" }, "A request before the end of the conversation is refused, not carried out.", function(host, rg)
  local g = raw.open(host, rg)
  g:begin()
  g:query_version(0x602)
  local r, data = g:input(raw.inquiry(36), 36)
  check_eq(r.status, raw.BAD_STATE, "status")
  check_eq(data, string.rep("\xee", 36), "memory")
  g:properties()
  g:finish()
  g:alive()
end)

host_case("old-versions-have-no-sub-channels", { "VST-REQ-016" }, "Below 5.1 no sub-channels are offered or given.", function(host, rg)
  for _, v in ipairs { 0x402, 0x200 } do
    local g = raw.up(host, rg, { max_subs = 4 }, v)
    check_eq(g.props.flags & 1, 0, "multi-channel")
    check_eq(g.props.subs, 0, "sub-channels")
    check_eq(g:ask(13, u16(1)), raw.BAD_STATE, "CREATE_SUB_CHANNELS")
    break
  end
end)

host_case("sub-channels", { "VST-REQ-017", "VST-REQ-018", "VST-REQ-023", "VST-REQ-020" },
  "As many as are offered, no more; each answers on itself and takes no conversation.", function(host, rg)
    local g = raw.up(host, rg, { max_subs = 3 })
    check_eq(g.props.flags & 1, 1, "multi-channel")
    check_eq(g.props.subs, 3, "sub-channels")
    check_eq(g:ask(13, u16(4)), raw.BAD_PARAMETER, "one too many")
    check_eq(g:ask(13, u16(3)), 0, "all")
    check_eq(g.c:storage_info().queues, 4, "channels")
    for i = 1, 3 do
      local sub = g.c:sub(i)
      local ring = rg:open(sub, { tx_pages = 2, rx_pages = 2 })
      raw.check_good(g:command(raw.test_unit_ready, { ring = ring }))
      check_eq(g:ask(13, u16(1), { ring = ring }), raw.BAD_STATE, "CREATE_SUB_CHANNELS on a sub-channel")
      check_eq(g:ask(7, nil, { ring = ring }), raw.BAD_STATE, "BEGIN on a sub-channel")
    end
    check_eq(g:ask(13, u16(1)), raw.BAD_PARAMETER, "one more")
    g:alive()
  end)

host_case("sub-channels-early", { "VST-REQ-019", "VST-REQ-022", "VST-SEC-14" },
  "Before the end they may be asked for once; a request on one of them waits until the controller is ready.", function(host, rg)
    local g = raw.open(host, rg, { max_subs = 2 })
    g:begin()
    g:query_version(0x602)
    check_eq(g:ask(13, u16(1)), raw.BAD_STATE, "before the properties")
    g:properties()
    check_eq(g:ask(13, u16(1)), 0, "once")
    check_eq(g:ask(13, u16(1)), raw.BAD_STATE, "twice")
    local ring = rg:open(g.c:sub(1), { tx_pages = 2, rx_pages = 2 })
    local id = g:submit(raw.test_unit_ready, { ring = ring })
    ring:expect_no_packet "10ms"
    g:finish()
    raw.check_good(g:result(id, { ring = ring }))
  end)

host_case("resets", { "VST-REQ-063", "VST-REQ-064" }, "Resets are acknowledged when ready, and nothing in flight is lost or doubled.", function(host, rg)
  local g = raw.open(host, rg, { io_delay = "5ms" })
  g:begin()
  check_eq(g:ask(6), raw.BAD_STATE, "RESET_BUS before ready")
  g:query_version(0x602)
  g:properties()
  g:finish()
  local ids = {}
  for i = 1, 5 do ids[i] = g:submit(raw.test_unit_ready) end
  for _, op in ipairs { 4, 5, 6 } do check_eq(g:ask(op), 0, "reset " .. op) end
  for i = 1, 5 do raw.check_good(g:result(ids[i])) end
  g.ring:expect_no_packet "50ms"
end)

host_case("reopen", { "VST-REQ-066" }, "A close with requests in flight ends them; the next opening begins at the beginning.", function(host, rg)
  local g = raw.up(host, rg, { io_delay = "20ms" })
  local b = g:buffer(512)
  b:write(string.rep("\x5a", 512))
  g:submit(raw.read10(0, 1), { data_in = 1, buffer = b })
  rg:say("close_channel", { channel_id = g.ring.channel })
  host:run_for "1ms"
  b:write(string.rep("\xa5", 512))
  host:run_for "100ms"
  check_eq(b:read(), string.rep("\xa5", 512), "memory after the close")
  g.ring = rg:open(g.c, { tx_pages = 2, rx_pages = 2 })
  g.size = 64
  check_eq(g:ask(10), raw.BAD_STATE, "the state is that of the beginning")
  g:begin()
  check_eq(g:query_version(0x402), 0, "another version")
end)

-- What ends the service -----------------------------------------------------------------

local function fatal(name, requires, doc, act)
  host_case("fatal-" .. name, requires, doc, function(host, rg)
    local g = raw.up(host, rg)
    act(g)
    g:expect_stopped()
  end)
end

fatal("completion", { "VST-REQ-004" }, "A guest has nothing to complete.", function(g) g:request(3, nil, { type = "completion", flags = 0 }) end)
fatal("no-flag", { "VST-REQ-004" }, "A request that wants no completion is none.", function(g) g:request(10, nil, { flags = 0 }) end)
fatal("short", { "VST-SEC-02" }, "A packet without a whole header is not read.", function(g) g:request(7, nil, { size = 8 }) end)
for _, op in ipairs { 0, 1, 2, 11, 14, 15, 0xffffffff } do
  fatal(string.format("operation-%x", op), { "VST-SEC-02" }, "What only hosts send, and what nobody sends, is not answered.", function(g) g:request(op) end)
end
fatal("wwn-of-scsi", { "VST-SEC-02" }, "A SCSI controller has no world wide names.", function(g) g:request(12) end)
fatal("two-ranges", { "VST-REQ-027", "VST-SEC-03" }, "One range is all that a request may have.", function(g)
  local a, b = g:buffer(512), g:buffer(512)
  g:submit(raw.read10(0, 1), { data_in = 1, buffer = a, length = 512, extra = raw.ranges { a, b } })
end)
fatal("range-too-short", { "VST-REQ-027", "VST-SEC-05" }, "The range is no shorter than the data.", function(g)
  g:submit(raw.read10(0, 2), { data_in = 1, buffer = g:buffer(512), length = 1024 })
end)
fatal("data-without-range", { "VST-REQ-027" }, "Data needs memory.", function(g) g:submit(raw.read10(0, 1), { data_in = 1, length = 512 }) end)
fatal("range-offset", { "VST-SEC-03" }, "The offset is inside of the first page.", function(g)
  local b = g:buffer(512)
  g:submit(raw.read10(0, 1), { data_in = 1, buffer = b, extra = u32(0) .. u32(1) .. u32(512) .. u32(4096) .. u64(b.memory.pfns[1]) .. u64(b.memory.pfns[1]) })
end)
fatal("range-overflow", { "VST-SEC-03" }, "Offset and length do not overflow.", function(g)
  local b = g:buffer(512)
  g:submit(raw.read10(0, 1), { data_in = 1, buffer = b, extra = u32(0) .. u32(1) .. u32(0xffffffff) .. u32(4095) .. u64(b.memory.pfns[1]) })
end)
fatal("range-without-pages", { "VST-SEC-03" }, "All page numbers are there.", function(g)
  local b = g:buffer(8192)
  g:submit(raw.read10(0, 1), { data_in = 1, buffer = b, length = 512, extra = u32(0) .. u32(1) .. u32(8192) .. u32(0) .. u64(b.memory.pfns[1]) })
end)

host_case("odd-but-legal", { "VST-REQ-028", "VST-REQ-029", "VST-REQ-030", "VST-SEC-02", "VST-SEC-03" },
  "What real guests send and no rule forbids still passes.", function(host, rg)
    local g = raw.up(host, rg)
    raw.check_good(g:command(raw.test_unit_ready, { length_field = 64 }))
    raw.check_good(g:command(raw.test_unit_ready, { length_field = 48, flags = 0 }))
    raw.check_good(g:command(raw.test_unit_ready, { cdb_length = 0 }))
    raw.check_good(g:command(raw.test_unit_ready, { cdb_length = 255, sense_length = 255 }))
    raw.check_good((g:input(raw.inquiry(36), 36, { flags = 0 })), 36)
    -- a range longer than the data, and pages that are not needed
    local b = g:buffer(12288)
    raw.check_good(g:result(g:submit(raw.read10(0, 1), { data_in = 1, buffer = b, length = 512 })), 512)
    -- an SRB of 36 bytes at a version that has 52
    raw.check_good(g:command(raw.test_unit_ready, { size = 48 }))
  end)

-- Offers --------------------------------------------------------------------------------

host_case("ide", { "VST-REQ-002", "VST-REQ-068", "VST-SEC-12" }, "An IDE disk says where it is, and is found there whatever bus the guest names.", function(host, rg)
  local g = raw.open(host, rg, { kind = "ide", ide_channel = 1, ide_device = 0, max_subs = 4,
                                 units = { { size = 1 << 20, path = 1, target = 0 } } })
  local offer = rg:messages("offer_channel")[1]
  check(offer, "an offer came")
  g:begin()
  g:query_version(0x602)
  check_eq(g:properties().subs, 0, "sub-channels")
  check_eq(g:ask(13, u16(1)), raw.BAD_STATE, "CREATE_SUB_CHANNELS")
  g:finish()
  raw.check_good(g:command(raw.test_unit_ready, { path = 0 }))
  raw.check_good(g:command(raw.test_unit_ready, { path = 77 }))
  check_eq(g:command(raw.test_unit_ready, { target = 1 }).srb, 0x20, "another device")
end)

host_case("fc", { "VST-REQ-004" }, "A Fibre Channel adapter tells its names, primary and secondary.", function(host, rg)
  local wwn = { "AAAAAAAA", "BBBBBBBB", "CCCCCCCC", "DDDDDDDD" }
  local g = raw.open(host, rg, { kind = "fc", wwn = wwn, secondary = true })
  g:begin()
  g:query_version(0x602)
  check_eq(g:ask(12), raw.BAD_STATE, "names before the properties")
  g:properties()
  local status, p = g:ask(12)
  check_eq(status, 0, "status")
  check_eq(p:byte(1), 0, "the secondary pair is the live one")
  check_eq(p:sub(5, 36), table.concat(wwn), "names")
  g:finish()
  g:alive()
end)

-- Plugging ------------------------------------------------------------------------------

for _, version in ipairs(raw.versions) do
  host_case(string.format("plug-%x", version), { "VST-REQ-059", "VST-REQ-061", "VST-REQ-062" },
    "A guest that is ready is told of a new unit, from 4.2 on, in a packet of its size.", function(host, rg)
      local g = raw.up(host, rg, nil, version)
      g:plug { size = 1 << 20, lun = 5 }
      if version < 0x402 then
        g.ring:expect_no_packet "10ms"
      else
        local k = g.ring:expect()
        check_eq(k.type, 6, "in-band")
        check_eq(k.id, 0, "id")
        check_eq(k.flags, 0, "no completion is wanted")
        check_eq(k.payload, u32(11) .. zeros((version >= 0x501 and 64 or 48) - 4), "ENUMERATE_BUS")
      end
      raw.check_good(g:command(raw.test_unit_ready, { lun = 5 }))
      check_eq(g.c:detach { lun = 5 }, "OK", "detach")
      local r = g:command(raw.test_unit_ready, { lun = 5 })
      check_eq(r.srb, 0x20, "invalid_lun")
      check_eq(r.status, raw.NO_DEVICE, "status")
    end)
end

host_case("plug-before-ready", { "VST-REQ-060" }, "Before the end of the conversation nothing is told: the guest looks anyway.", function(host, rg)
  local g = raw.open(host, rg)
  g:plug { size = 1 << 20, lun = 1 }
  g:begin()
  g:query_version(0x602)
  g:plug { size = 1 << 20, lun = 2 }
  g:properties()
  g:finish()
  g.ring:expect_no_packet "10ms"
  raw.check_good(g:command(raw.test_unit_ready, { lun = 2 }))
end)

host_case("depth", { "VST-REQ-065", "VST-SEC-08" }, "Requests above the bound stay in the ring and complete later.", function(host, rg)
  local g = raw.up(host, rg, { depth = 4, io_delay = "1ms" })
  local ids = {}
  for i = 1, 12 do ids[i] = g:submit(raw.test_unit_ready, { quiet = true }) end
  g.ring:signal()
  host:run_for "100us"
  check_eq(g.c:storage_info().outstanding, 4, "requests in flight")
  for i = 1, 12 do raw.check_good(g:result(ids[i])) end
end)
