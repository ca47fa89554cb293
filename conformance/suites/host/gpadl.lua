-- SPDX-License-Identifier: BSD-2-Clause
-- GPADLs as a host assembles, judges and forgets them: chapter 10 section 5.

local function free(host, gpa) return host:held_page(gpa) == 0 end
local function failure(s) return s ~= 0 end

local function online(host, rg)
  local nic = host:offer { interface = "network" }
  rg:online {}
  return nic
end

local function refused(rg, nic, id)
  rg:expect("gpadl_created", { channel_id = nic, gpadl_id = id, status = failure })
  check(nic:gpadl(id) == nil, "a GPADL that was refused is forgotten")
end

-- Range data of one range, as u64 words
local function range(byte_count, byte_offset, pfns)
  local parts = { u32(byte_count), u32(byte_offset) }
  for _, pfn in ipairs(pfns) do parts[#parts + 1] = u64(pfn) end
  return table.concat(parts)
end

local function header(rg, nic, id, data, opts)
  opts = opts or {}
  rg:say("gpadl_header", { channel_id = nic.id, gpadl_id = id,
    range_buf_len = opts.range_buf_len or #data, range_count = opts.range_count or 1,
    ranges = data })
end

for _, t in ipairs { { 1, 0 }, { 4, 0 }, { 26, 0 }, { 27, 1 }, { 54, 1 }, { 55, 2 }, { 82, 2 },
                     { 83, 3 }, { 512, 18 } } do
  case(("host.gpadl.%d-pages-by-%d-bodies"):format(t[1], t[2])) {
    level = "must", side = "host", requires = { "CORE-REQ-092", "CORE-REQ-096" },
    doc = ("A list of %d pages is taken after %d bodies, and not before."):format(t[1], t[2]),
    run = function(host, rg)
      local nic = online(host, rg)
      local memory = rg:alloc(t[1])
      local data = range(t[1] * 4096, 0, memory.pfns)
      header(rg, nic, 0xe1e10, data:sub(1, 216), { range_buf_len = #data })
      local at = 217
      for _ = 1, t[2] do
        rg:expect_none("gpadl_created", "10us")
        rg:say("gpadl_body", { gpadl_id = 0xe1e10, ranges = data:sub(at, at + 223) })
        at = at + 224
      end
      local m = rg:expect("gpadl_created", { channel_id = nic, gpadl_id = 0xe1e10, status = 0 })
      check_eq(m.size, 20, "size of GPADL_CREATED")
      check(at > #data, "the arithmetic of the case")
      local r = nic:gpadl(0xe1e10).ranges[1]
      check_eq(#r.pfns, t[1], "pages")
      for i, pfn in ipairs(memory.pfns) do check_eq(r.pfns[i], pfn, "page " .. i) end
      check(not free(host, memory:gpa((t[1] - 1) * 4096)), "the last page is in use")
    end,
  }
end

case "host.gpadl.8190-pages" {
  level = "must", side = "host", requires = { "CORE-REQ-093" },
  doc = "The longest list that can be expressed works with 292 bodies.",
  run = function(host, rg)
    local nic = online(host, rg)
    local pages, pfns = rg:alloc(10).pfns, {}
    for i = 1, 8190 do pfns[i] = pages[i % 10 + 1] end
    local data = range(8190 * 4096, 0, pfns)
    check_eq(#data, 65528, "range_buf_len")
    header(rg, nic, 3, data:sub(1, 216), { range_buf_len = #data })
    local bodies = 0
    for at = 217, #data, 224 do
      rg:say("gpadl_body", { gpadl_id = 3, ranges = data:sub(at, at + 223) })
      host:settle()
      bodies = bodies + 1
    end
    check_eq(bodies, 292, "bodies")
    rg:expect("gpadl_created", { gpadl_id = 3, status = 0 })
    check_eq(#nic:gpadl(3).ranges[1].pfns, 8190, "pages")
    rg:say("gpadl_teardown", { channel_id = nic.id, gpadl_id = 3 })
    rg:expect("gpadl_torndown", { gpadl_id = 3 })
  end,
}

case "host.gpadl.8191-pages-cannot-be-said" {
  level = "must", side = "host", requires = { "CORE-REQ-093", "CORE-SEC-28" }, bugs = { "BUG-095" },
  doc = "A range of more pages than range_buf_len can hold is refused when the words have come.",
  run = function(host, rg)
    local nic = online(host, rg)
    local pages, pfns = rg:alloc(1).pfns, {}
    for i = 1, 8190 do pfns[i] = pages[1] end
    local data = range(8191 * 4096, 0, pfns)
    header(rg, nic, 3, data:sub(1, 216), { range_buf_len = 65535 })
    for at = 217, #data, 224 do
      rg:say("gpadl_body", { gpadl_id = 3, ranges = data:sub(at, at + 223) })
      host:settle()
    end
    refused(rg, nic, 3)
  end,
}

case "host.gpadl.bodies-may-be-short" {
  level = "must", side = "host", requires = { "CORE-REQ-094" },
  doc = "A list is complete when its words have come, in however many messages and numbers.",
  run = function(host, rg)
    local nic = online(host, rg)
    local memory = rg:alloc(6)
    local data = range(6 * 4096, 0, memory.pfns)
    header(rg, nic, 5, "", { range_buf_len = #data })
    host:settle()
    for at = 1, #data, 8 do
      check_eq(nic:gpadl(5).state, "in-progress", "the list before its last word")
      rg:say("gpadl_body", { gpadl_id = 5, message_number = 0xffffffff - at,
                             ranges = data:sub(at, at + 7) })
      host:settle()
    end
    rg:expect("gpadl_created", { gpadl_id = 5, status = 0 })
  end,
}

case "host.gpadl.bodies-without-a-word" {
  level = "must", side = "host", requires = { "CORE-REQ-094" },
  doc = "Bodies that bring nothing, or a piece of a word, complete nothing and break nothing.",
  run = function(host, rg)
    local nic = online(host, rg)
    local memory = rg:alloc(1)
    local data = range(4096, 0, memory.pfns)
    header(rg, nic, 5, data:sub(1, 8), { range_buf_len = #data })
    rg:say("gpadl_body", { gpadl_id = 5, ranges = "" })
    rg:say("gpadl_body", { gpadl_id = 5, ranges = "" }, { append = "\xff\xff\xff\xff\xff\xff\xff" })
    rg:expect_silence()
    rg:say("gpadl_body", { gpadl_id = 5, ranges = data:sub(9) })
    rg:expect("gpadl_created", { gpadl_id = 5, status = 0 })
    check_eq(nic:gpadl(5).ranges[1].pfns[1], memory.pfns[1], "the page")
  end,
}

case "host.gpadl.surplus-bytes-are-ignored" {
  level = "must", side = "host", requires = { "CORE-REQ-094" },
  doc = "Bytes beyond the declared length are ignored, so full messages are as good as exact ones.",
  run = function(host, rg)
    local nic = online(host, rg)
    local memory = rg:alloc(30)
    header(rg, nic, 5, range(4096, 0, { memory.pfns[1] }) .. pattern(200, 1),
           { range_buf_len = 16 })
    rg:expect("gpadl_created", { gpadl_id = 5, status = 0 })
    check_eq(#nic:gpadl(5).ranges[1].pfns, 1, "pages of the short list")
    local data = range(30 * 4096, 0, memory.pfns)
    header(rg, nic, 6, data:sub(1, 216), { range_buf_len = #data })
    rg:say("gpadl_body", { gpadl_id = 6, ranges = data:sub(217) .. pattern(224 - #data + 216, 2) })
    rg:expect("gpadl_created", { gpadl_id = 6, status = 0 })
    check_eq(nic:gpadl(6).ranges[1].pfns[30], memory.pfns[30], "the last page")
  end,
}

case "host.gpadl.range-header-at-a-border" {
  level = "must", side = "host", requires = { "CORE-REQ-095" },
  doc = "The header of a range may be the last word of one message and its pages begin the next.",
  run = function(host, rg)
    local nic = online(host, rg)
    local memory = rg:alloc(35)
    local second = table.move(memory.pfns, 26, 35, 1, {})
    local data = range(25 * 4096, 0, table.move(memory.pfns, 1, 25, 1, {})) ..
                 range(0x9000, 0x10, second)
    check_eq(#data, 296, "range_buf_len")
    header(rg, nic, 9, data:sub(1, 216), { range_buf_len = #data, range_count = 2 })
    rg:say("gpadl_body", { gpadl_id = 9, ranges = data:sub(217) })
    rg:expect("gpadl_created", { gpadl_id = 9, status = 0 })
    local r = nic:gpadl(9).ranges[2]
    check_eq(r.byte_offset, 0x10, "byte_offset of the second range")
    check_eq(r.byte_count, 0x9000, "byte_count of the second range")
    for i = 1, 10 do check_eq(r.pfns[i], second[i], "page " .. i) end
    memory:write(25 * 4096 + 0x10, "here it begins")
    check_eq(nic:gpadl_read(9, 25 * 4096, 14), "here it begins", "bytes through the second range")
  end,
}

case "host.gpadl.two-lists-at-a-time" {
  level = "must", side = "host", requires = { "CORE-REQ-098", "CORE-REQ-096" },
  doc = "Bodies of two lists may alternate; each goes where its id says.",
  run = function(host, rg)
    local nic = online(host, rg)
    local a, b = rg:alloc(60), rg:alloc(60)
    local da, db = range(60 * 4096, 0, a.pfns), range(60 * 4096, 0, b.pfns)
    header(rg, nic, 1, da:sub(1, 216), { range_buf_len = #da })
    header(rg, nic, 2, db:sub(1, 216), { range_buf_len = #db })
    for at = 217, #da, 224 do
      rg:say("gpadl_body", { gpadl_id = 2, ranges = db:sub(at, at + 223) })
      rg:say("gpadl_body", { gpadl_id = 1, ranges = da:sub(at, at + 223) })
    end
    rg:expect("gpadl_created", { gpadl_id = 2, status = 0 })
    rg:expect("gpadl_created", { gpadl_id = 1, status = 0 })
    for i = 1, 60 do
      check_eq(nic:gpadl(1).ranges[1].pfns[i], a.pfns[i], "page of the first list")
      check_eq(nic:gpadl(2).ranges[1].pfns[i], b.pfns[i], "page of the second list")
    end
  end,
}

-- Lists that nobody can use -------------------------------------------------------------------

-- make(pfns) returns range data; opts as of header(). Afterwards the id is free again.
local function malformed(name, text, make, opts)
  case("host.gpadl." .. name .. "-is-refused") {
    level = "must", side = "host", requires = { "CORE-REQ-096", "CORE-SEC-26" },
    bugs = { "BUG-095" },
    doc = "A list " .. text .. " gives GPADL_CREATED with a failure, and its id is free again.",
    run = function(host, rg)
      local nic = online(host, rg)
      local memory = rg:alloc(40)
      local data = make(memory.pfns)
      header(rg, nic, 5, data:sub(1, 216), { range_count = opts and opts.range_count,
        range_buf_len = opts and opts.range_buf_len or #data })
      for at = 217, #data, 224 do
        rg:say("gpadl_body", { gpadl_id = 5, ranges = data:sub(at, at + 223) })
      end
      refused(rg, nic, 5)
      check(free(host, memory:gpa()), "its pages are not in use")
      rg:share(nic, memory, 5)
    end,
  }
end

local function first(pfns, n) return table.move(pfns, 1, n, 1, {}) end

malformed("empty-range", "with a range of no bytes", function(p)
  return range(0, 0, first(p, 1))
end)
malformed("byte-offset-4096", "whose byte_offset is a whole page", function(p)
  return range(4096, 4096, first(p, 2))
end)
malformed("byte-offset-huge", "whose byte_offset has its highest bit set", function(p)
  return range(4096, 0x80000000, first(p, 2))
end)
malformed("overflow", "whose offset and count overflow 32 bits", function(p)
  return range(0xffffffff, 0xfff, first(p, 1))
end)
malformed("too-few-pages", "with fewer pages than its bytes need", function(p)
  return range(4096 + 1, 0, first(p, 1))
end)
malformed("offset-needs-a-page-more", "whose offset makes it touch one page more than it has",
          function(p) return range(4096, 1, first(p, 1)) end)
malformed("too-few-ranges", "that declares more ranges than it has", function(p)
  return range(4096, 0, first(p, 1))
end, { range_count = 2 })
malformed("65535-ranges", "that declares 65535 ranges", function(p)
  return range(4096, 0, first(p, 1))
end, { range_count = 0xffff })
malformed("range-without-pages", "that ends behind the header of a range", function()
  return range(4096, 0, {})
end)
malformed("no-words", "of no words that claims a range", function() return "" end)
malformed("second-range-bad", "whose second range is malformed", function(p)
  return range(4096, 0, first(p, 1)) .. range(0, 0, {})
end, { range_count = 2 })
malformed("bad-at-the-end-of-many", "that is malformed in its last body", function(p)
  return range(39 * 4096, 0, first(p, 38))
end)
malformed("no-memory", "of pages that are no memory", function(p)
  return range(2 * 4096, 0, { p[1], 0x7ffffffff })
end)
malformed("page-frame-overflow", "with a page frame whose address overflows", function(p)
  return range(2 * 4096, 0, { p[1], -1 })
end)
malformed("firmware-page", "with page frame 0, which is no memory of the guest", function(p)
  return range(2 * 4096, 0, { p[1], 0 })
end)

-- Lists that look odd and are legal -----------------------------------------------------------

case "host.gpadl.length-not-a-multiple-of-8" {
  level = "should", side = "host", requires = { "CORE-REQ-094" },
  doc = "A range_buf_len that is no multiple of 8 counts whole words only.",
  run = function(host, rg)
    local nic = online(host, rg)
    local memory = rg:alloc(1)
    header(rg, nic, 5, range(4096, 0, memory.pfns), { range_buf_len = 23 })
    rg:expect("gpadl_created", { gpadl_id = 5, status = 0 })
  end,
}

case "host.gpadl.words-left-over" {
  level = "should", side = "host", requires = { "CORE-REQ-094" },
  doc = "Words behind the last range are tolerated, and belong to no range.",
  run = function(host, rg)
    local nic = online(host, rg)
    local memory = rg:alloc(1)
    header(rg, nic, 5, range(4096, 0, memory.pfns) .. pattern(80, 1))
    rg:expect("gpadl_created", { gpadl_id = 5, status = 0 })
    check_eq(#nic:gpadl(5).ranges, 1, "ranges")
  end,
}

case "host.gpadl.no-range-at-all" {
  level = "quirk", side = "host", requires = { "CORE-REQ-094" },
  doc = "A list that declares no range and no byte is complete at once and of no use.",
  run = function(host, rg)
    local nic = online(host, rg)
    header(rg, nic, 5, "", { range_count = 0 })
    rg:expect("gpadl_created", { gpadl_id = 5, status = 0 })
    check_eq(#nic:gpadl(5).ranges, 0, "ranges")
    rg:say("open_channel", { channel_id = nic.id, ring_buffer_gpadl_id = 5,
                             downstream_ring_buffer_page_offset = 2 })
    rg:expect("open_channel_result", { status = failure })
  end,
}

case "host.gpadl.one-page-many-times" {
  level = "should", side = "host", requires = { "CORE-REQ-096" },
  doc = "One page may be in a list twice and in two lists, and is free when all are gone.",
  run = function(host, rg)
    local nic = online(host, rg)
    local memory = rg:alloc(1)
    local pfn = memory.pfns[1]
    header(rg, nic, 5, range(3 * 4096, 0, { pfn, pfn, pfn }))
    header(rg, nic, 6, range(4096, 0, { pfn }))
    rg:expect("gpadl_created", { gpadl_id = 6, status = 0 })
    rg:say("gpadl_teardown", { channel_id = nic.id, gpadl_id = 5 })
    rg:expect("gpadl_torndown", { gpadl_id = 5 })
    check(not free(host, memory:gpa()), "the page is in use by the other list")
    rg:say("gpadl_teardown", { channel_id = nic.id, gpadl_id = 6 })
    rg:expect("gpadl_torndown", { gpadl_id = 6 })
    check(free(host, memory:gpa()), "the page is free")
  end,
}

-- Ids ---------------------------------------------------------------------------------------

case "host.gpadl.id-in-use" {
  level = "must", side = "host", requires = { "CORE-REQ-097", "CORE-SEC-27" },
  doc = "A second list of one id on a channel fails in every state of the first, which stays.",
  run = function(host, rg)
    local nic = online(host, rg)
    local a, b = rg:alloc(30), rg:alloc(2)
    nic:answer("gpadl", { hold = true })
    nic:answer("teardown", { hold = true })
    local function again(state)
      check_eq(nic:gpadl(5).state, state, "the first list")
      header(rg, nic, 5, range(2 * 4096, 0, b.pfns))
      rg:expect("gpadl_created", { gpadl_id = 5, status = failure })
      check_eq(nic:gpadl(5).state, state, "the first list afterwards")
      check(free(host, b:gpa()), "pages of the second are not in use")
    end
    local data = range(30 * 4096, 0, a.pfns)
    header(rg, nic, 5, data:sub(1, 216), { range_buf_len = #data })
    host:settle()
    again("in-progress")
    rg:say("gpadl_body", { gpadl_id = 5, ranges = data:sub(217) })
    host:settle()
    again("offered")
    nic:finish("gpadl")
    rg:expect("gpadl_created", { gpadl_id = 5, status = 0 })
    again("accepted")
    rg:say("gpadl_teardown", { channel_id = nic.id, gpadl_id = 5 })
    host:settle()
    again("tearing-down")
    check_eq(nic:gpadl(5).ranges[1].pfns[30], a.pfns[30], "a page of the first")
    nic:finish("teardown")
    rg:expect("gpadl_torndown", { gpadl_id = 5 })
  end,
}

case "host.gpadl.id-in-progress-on-another-channel" {
  level = "must", side = "host", requires = { "CORE-SEC-27" },
  doc = "Two lists of one id cannot both wait for bodies, on whatever channels.",
  run = function(host, rg)
    local nic, disk = host:offer { interface = "network" }, host:offer { interface = "scsi" }
    rg:online {}
    local a, b = rg:alloc(30), rg:alloc(30)
    rg:gpadl(nic, 5, a, { skip_bodies = true })
    rg:gpadl(disk, 5, b, { skip_bodies = true })
    rg:expect("gpadl_created", { channel_id = disk, gpadl_id = 5, status = failure })
    rg:say("gpadl_body", { gpadl_id = 5, ranges = range(30 * 4096, 0, a.pfns):sub(217) })
    rg:expect("gpadl_created", { channel_id = nic, gpadl_id = 5, status = 0 })
  end,
}

case "host.gpadl.one-id-on-two-channels" {
  level = "should", side = "host", requires = { "CORE-REQ-096", "CORE-SEC-27" },
  doc = "Whole lists of one id on two channels are two lists.",
  run = function(host, rg)
    local nic, disk = host:offer { interface = "network" }, host:offer { interface = "scsi" }
    rg:online {}
    rg:share(nic, rg:alloc(2), 5)
    rg:share(disk, rg:alloc(2), 5)
    rg:say("gpadl_teardown", { channel_id = nic.id, gpadl_id = 5 })
    rg:expect("gpadl_torndown", { gpadl_id = 5 })
    check_eq(disk:gpadl(5).state, "accepted", "the other list")
  end,
}

case "host.gpadl.ids-of-any-value" {
  level = "must", side = "host", requires = { "CORE-REQ-096" },
  doc = "Any id is echoed as it was sent.",
  run = function(host, rg)
    local nic = online(host, rg)
    for _, id in ipairs { 1, 255, 0xe1e10, 0x7fffffff, 0x80000000, 0xffffffff } do
      rg:share(nic, rg:alloc(1), id)
    end
    check_eq(nic:info().gpadls, 6, "lists")
  end,
}

case "host.gpadl.body-without-a-header" {
  level = "must", side = "host", requires = { "CORE-REQ-098" },
  doc = "A body whose id is not in progress is dropped, also one too many.",
  run = function(host, rg)
    local nic = online(host, rg)
    rg:say("gpadl_body", { gpadl_id = 5, ranges = pattern(224, 1) })
    rg:share(nic, rg:alloc(2), 5)
    rg:say("gpadl_body", { gpadl_id = 5, ranges = pattern(224, 1) })
    rg:expect_silence()
    check_eq(host:dropped("gpadl"), 2, "messages dropped for the GPADL")
    check_eq(nic:gpadl(5).state, "accepted", "the list")
  end,
}

case "host.gpadl.unknown-channel" {
  level = "must", side = "host", requires = { "CORE-REQ-102" }, bugs = { "BUG-095" },
  doc = "A list for a channel that does not exist is refused with its ids echoed.",
  run = function(host, rg)
    online(host, rg)
    local memory = rg:alloc(30)
    for _, id in ipairs { 0, 2, 2047, 2048, 0xffffffff } do
      rg:gpadl(id, 5, memory)
      rg:expect("gpadl_created", { channel_id = id, gpadl_id = 5, status = failure })
    end
    check(free(host, memory:gpa()), "the pages are not in use")
  end,
}

case "host.gpadl.very-many-lists" {
  level = "must", side = "host", requires = { "CORE-SEC-28" },
  doc = "A guest that makes thousands of lists is answered for each and can tear them down.",
  run = function(host, rg)
    local nic = online(host, rg)
    local data = range(4096, 0, rg:alloc(1).pfns)
    local made = {}
    for id = 1, 2000 do
      header(rg, nic, id, data)
      if rg:expect("gpadl_created", { gpadl_id = id }).status == 0 then made[#made + 1] = id end
    end
    check(#made >= 16, "lists that were made: " .. #made)
    for _, id in ipairs(made) do
      rg:say("gpadl_teardown", { channel_id = nic.id, gpadl_id = id })
      rg:expect("gpadl_torndown", { gpadl_id = id })
    end
    check_eq(nic:info().gpadls, 0, "lists left")
  end,
}

-- The device and the end ----------------------------------------------------------------------

case "host.gpadl.device-refuses" {
  level = "must", side = "host", requires = { "CORE-REQ-096" },
  doc = "A list that the device refuses gives a failure, and its id and pages are free.",
  run = function(host, rg)
    local nic = online(host, rg)
    local memory = rg:alloc(2)
    nic:answer("gpadl", { status = 0xc000009a })
    rg:gpadl(nic, 5, memory)
    refused(rg, nic, 5)
    check(free(host, memory:gpa()), "the pages are not in use")
    nic:answer("gpadl", { status = 0 })
    rg:share(nic, memory, 5)
  end,
}

case "host.teardown.waits-for-the-device" {
  level = "must", side = "host", requires = { "CORE-REQ-099", "CORE-SEC-30" },
  doc = "GPADL_TORNDOWN is sent when the device has let go, and no page is in use then.",
  run = function(host, rg)
    local nic = online(host, rg)
    local memory = rg:alloc(3)
    rg:share(nic, memory, 5)
    nic:answer("teardown", { hold = true })
    rg:say("gpadl_teardown", { channel_id = nic.id, gpadl_id = 5 })
    rg:expect_silence()
    check(not free(host, memory:gpa()), "the pages are in use")
    rg:say("gpadl_teardown", { channel_id = nic.id, gpadl_id = 5 })
    rg:expect_silence()
    nic:finish("teardown")
    local m = rg:expect("gpadl_torndown")
    check_eq(m.bytes, u32(12) .. u32(0) .. u32(5), "bytes of GPADL_TORNDOWN")
    check(free(host, memory:gpa()), "the pages are free")
    rg:expect_silence()
    rg:share(nic, memory, 5)
  end,
}

case "host.teardown.of-the-rings-waits-for-the-close" {
  level = "must", side = "host", requires = { "CORE-REQ-099", "CORE-SEC-30" },
  doc = "The rings of an open channel are torn down only when it is closed.",
  run = function(host, rg)
    local nic = online(host, rg)
    local ring = rg:open(nic)
    rg:say("gpadl_teardown", { channel_id = nic.id, gpadl_id = ring.gpadl_id })
    rg:expect_silence()
    ring:send { payload = "still open" }
    nic:expect_packet { payload = "still open" }
    rg:say("close_channel", { channel_id = nic.id })
    rg:expect("gpadl_torndown", { gpadl_id = ring.gpadl_id })
    check(free(host, ring.memory:gpa()), "the rings are free")
    ring.memory:free()
    rg:signal(ring.connection)
    host:run_for("10ms")
    check_eq(#host:violations(), 0, "touches of freed pages")
  end,
}

case "host.teardown.unknown-ids-are-dropped" {
  level = "must", side = "host", requires = { "CORE-REQ-101" },
  doc = "Teardown of a list that does not exist, or of another channel, is dropped.",
  run = function(host, rg)
    local nic, disk = host:offer { interface = "network" }, host:offer { interface = "scsi" }
    rg:online {}
    rg:share(nic, rg:alloc(1), 5)
    for _, t in ipairs { { nic.id, 6 }, { nic.id, 0 }, { disk.id, 5 }, { 0, 5 }, { 2047, 5 },
                         { 2048, 5 }, { 0xffffffff, 5 } } do
      rg:say("gpadl_teardown", { channel_id = t[1], gpadl_id = t[2] })
    end
    rg:expect_silence()
    check_eq(host:dropped("gpadl"), 7, "messages dropped for the GPADL")
    check_eq(nic:gpadl(5).state, "accepted", "the list that exists")
  end,
}

case "host.teardown.before-the-answer-is-dropped" {
  level = "must", side = "host", requires = { "CORE-REQ-101" },
  doc = "Teardown of a list that is in progress, or at the device, is dropped.",
  run = function(host, rg)
    local nic = online(host, rg)
    local memory = rg:alloc(30)
    nic:answer("gpadl", { hold = true })
    rg:gpadl(nic, 5, memory, { skip_bodies = true })
    rg:say("gpadl_teardown", { channel_id = nic.id, gpadl_id = 5 })
    rg:expect_silence()
    rg:say("gpadl_body", { gpadl_id = 5, ranges = range(30 * 4096, 0, memory.pfns):sub(217) })
    rg:say("gpadl_teardown", { channel_id = nic.id, gpadl_id = 5 })
    rg:expect_silence()
    check_eq(host:dropped("gpadl"), 2, "messages dropped for the GPADL")
    nic:finish("gpadl")
    rg:expect("gpadl_created", { gpadl_id = 5, status = 0 })
  end,
}

case "host.gpadl.on-a-revoked-channel" {
  level = "should", side = "host", requires = { "CORE-REQ-100" },
  doc = "On a revoked channel a list is made and torn down at once, and no device is asked.",
  run = function(host, rg)
    local nic = online(host, rg)
    local memory, before = rg:alloc(2), rg:alloc(2)
    rg:share(nic, before, 4)
    nic:answer("gpadl", { hold = true })
    nic:answer("teardown", { hold = true })
    nic:revoke()
    rg:expect("rescind_channel_offer")
    rg:share(nic, memory, 5)
    check_eq(nic:asked("gpadl"), 0, "questions to the device")
    check(free(host, memory:gpa()), "the pages are not in use")
    for id = 4, 5 do
      rg:say("gpadl_teardown", { channel_id = nic.id, gpadl_id = id })
      rg:expect("gpadl_torndown", { gpadl_id = id })
    end
    check_eq(nic:asked("teardown"), 0, "questions to the device")
    check(free(host, before:gpa()), "no page is in use")
  end,
}

case "host.gpadl.bodies-after-the-revoke" {
  level = "should", side = "host", requires = { "CORE-REQ-100" },
  doc = "A list that was half sent when its channel was revoked can be completed.",
  run = function(host, rg)
    local nic = online(host, rg)
    local memory = rg:alloc(30)
    rg:gpadl(nic, 5, memory, { skip_bodies = true })
    host:settle()
    nic:revoke()
    rg:expect("rescind_channel_offer")
    rg:say("gpadl_body", { gpadl_id = 5, ranges = range(30 * 4096, 0, memory.pfns):sub(217) })
    rg:expect("gpadl_created", { gpadl_id = 5, status = 0 })
    check(free(host, memory:gpa()), "the pages are not in use")
    rg:say("rel_id_released", { channel_id = nic.id })
    rg:expect_silence()
  end,
}

case "host.gpadl.half-sent-and-started-anew" {
  level = "must", side = "host", requires = { "CORE-REQ-069" }, bugs = { "BUG-094" },
  doc = "A list that was half sent when a guest starts anew is gone, and its id works again.",
  run = function(host, rg)
    local nic = online(host, rg)
    local memory = rg:alloc(30)
    rg:gpadl(nic, 5, memory, { skip_bodies = true })
    rg:online {}
    check_eq(nic:info().gpadls, 0, "lists left")
    rg:say("gpadl_body", { gpadl_id = 5, ranges = range(30 * 4096, 0, memory.pfns):sub(217) })
    rg:expect_silence()
    rg:share(nic, memory, 5)
  end,
}
