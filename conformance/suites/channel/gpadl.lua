-- SPDX-License-Identifier: BSD-2-Clause
-- GPADLs as a guest builds and gives them back: chapter 10 sections 4.7 and 5.

local function nonzero(v) return v ~= 0 end

-- A guest that is online with one open channel.
local function with_channel(host, guest)
  local nic = host:offer { interface = "network" }
  guest:online()
  guest:opened(nic)
  host:mark()
  return nic
end

-- Pages of a range, and how many body messages they must take (section 5.1).
local sizes = {
  { 1, 0 }, { 2, 0 }, { 26, 0 }, { 27, 1 }, { 54, 1 }, { 55, 2 }, { 128, 4 }, { 256, 9 },
  { 512, 18 }, { 1024, 36 }, { 4096, 146 }, { 8190, 292 },
}

for _, size in ipairs(sizes) do
  local pages, bodies = size[1], size[2]
  case(("gpadl.size.%d-pages"):format(pages)) {
    level = "must", requires = { pages == 8190 and "CORE-REQ-093" or "CORE-REQ-092" },
    doc = ("A range of %d pages takes a header and %d bodies, each full but the last."):format(
      pages, bodies),
    run = function(host, guest)
      local nic = with_channel(host, guest)
      guest:gpadl_create(nic, pages, { id = 9 })
      local header = nic:expect("gpadl_header", { range_count = 1, range_buf_len = 8 + 8 * pages })
      guest:expect_event("gpadl_created", { channel = nic, id = 9, status = 0 }, "60s")
      check_eq(header.size, 20 + 8 * math.min(27, 1 + pages), "bytes of GPADL_HEADER")
      local sent = host:messages("gpadl_body", { gpadl_id = header.gpadl_id })
      check_eq(#sent, bodies, "GPADL_BODY messages")
      for i, m in ipairs(sent) do
        local words = i < bodies and 28 or (1 + pages - 27 - 28 * (bodies - 1))
        check_eq(m.size, 16 + 8 * words, "bytes of body " .. i)
      end
      local r = nic:gpadl(header.gpadl_id).ranges[1]
      check_eq(#r.pfns, pages, "pages that arrived")
      check_eq(r.byte_count, pages * 4096, "bytes of the range")
      check_eq(r.byte_offset, 0, "offset of the range")
    end,
  }
end

case "gpadl.id.unique-and-nonzero" {
  level = "must", requires = { "CORE-REQ-103" }, bugs = { "BUG-101" },
  doc = "GPADL ids are never zero and never used for two at a time, over all channels.",
  run = function(host, guest)
    local chs = {}
    for i = 1, 4 do chs[i] = host:offer { interface = "network" } end
    guest:online()
    for _, ch in ipairs(chs) do guest:open(ch) end
    host:settle()
    check_eq(guest:count_events("opened", { status = 0 }), 4, "channels opened")
    for i, ch in ipairs(chs) do
      guest:gpadl_create(ch, 3, { id = i })
      guest:expect_event("gpadl_created", { channel = ch, id = i, status = 0 })
    end
    local seen = {}
    for _, m in ipairs(host:messages("gpadl_header")) do
      check_ne(m.gpadl_id, 0, "gpadl_id")
      check(not seen[m.gpadl_id], ("id 0x%x was used twice"):format(m.gpadl_id))
      seen[m.gpadl_id] = true
    end
    check_eq(#host:messages("gpadl_header"), 8, "GPADLs made")
  end,
}

case "gpadl.pages.are-the-guests-own" {
  level = "must", requires = { "CORE-SEC-31", "CORE-REQ-096" },
  doc = "All pages of a GPADL are different pages of guest memory, named once.",
  run = function(host, guest)
    local nic = with_channel(host, guest)
    guest:gpadl_create(nic, 60, { id = 1 })
    local header = nic:expect("gpadl_header")
    guest:expect_event("gpadl_created", { channel = nic, id = 1, status = 0 })
    local seen = {}
    for _, pfn in ipairs(nic:gpadl(header.gpadl_id).ranges[1].pfns) do
      check(not seen[pfn], ("page 0x%x is named twice"):format(pfn))
      seen[pfn] = true
      check(host:read_memory(pfn * 4096, 8) ~= nil, "page of guest memory")
    end
  end,
}

case "gpadl.create.refused" {
  level = "must", requires = { "CORE-REQ-096" }, bugs = { "BUG-100", "BUG-095" },
  doc = "A GPADL that the host refuses is reported as failed and can be made again.",
  run = function(host, guest)
    local nic = with_channel(host, guest)
    nic:answer("gpadl", { status = 0x8000ffff })
    guest:gpadl_create(nic, 5, { id = 1 })
    guest:expect_event("gpadl_created", { channel = nic, id = 1, status = nonzero })
    nic:answer("gpadl", {})
    guest:gpadl_create(nic, 5, { id = 2 })
    guest:expect_event("gpadl_created", { channel = nic, id = 2, status = 0 })
  end,
}

case "gpadl.create.answer-for-another" {
  level = "must", requires = { "CORE-SEC-14" }, bugs = { "BUG-071" },
  doc = "GPADL_CREATED counts only with the channel and the GPADL that were asked for.",
  run = function(host, guest)
    local nic = with_channel(host, guest)
    nic:answer("gpadl", { hold = true })
    guest:gpadl_create(nic, 2, { id = 1 })
    local m = nic:expect("gpadl_header")
    host:send("gpadl_created", { channel_id = nic.id, gpadl_id = m.gpadl_id + 1, status = 0 })
    host:send("gpadl_created", { channel_id = nic.id + 1, gpadl_id = m.gpadl_id, status = 0 })
    host:send("gpadl_created", { channel_id = 0, gpadl_id = 0, status = 0 })
    guest:expect_no_event("gpadl_created", "10ms")
    nic:finish("gpadl", 0)
    guest:expect_event("gpadl_created", { channel = nic, id = 1, status = 0 })
  end,
}

case "gpadl.create.answer-truncated" {
  level = "must", requires = { "CORE-SEC-04" },
  doc = "GPADL_CREATED cut short is dropped at every length.",
  run = function(host, guest)
    local nic = with_channel(host, guest)
    nic:answer("gpadl", { hold = true })
    guest:gpadl_create(nic, 2, { id = 1 })
    local m = nic:expect("gpadl_header")
    for n = 0, 19 do m:reply("gpadl_created", { status = 0 }, { truncate = n }) end
    guest:expect_no_event("gpadl_created", "10ms")
    nic:finish("gpadl", 0)
    guest:expect_event("gpadl_created", { channel = nic, id = 1, status = 0 })
  end,
}

case "gpadl.create.answered-twice" {
  level = "must", requires = { "CORE-SEC-13" },
  doc = "A second GPADL_CREATED, also one of failure, changes nothing.",
  run = function(host, guest)
    local nic = with_channel(host, guest)
    guest:gpadl_create(nic, 2, { id = 1 })
    local m = nic:expect("gpadl_header")
    guest:expect_event("gpadl_created", { channel = nic, id = 1, status = 0 })
    m:reply("gpadl_created", { status = 0x8000ffff })
    guest:expect_no_event("gpadl_created", "10ms")
    guest:gpadl_teardown(nic, 1)
    nic:expect("gpadl_teardown", { gpadl_id = m.gpadl_id })
    guest:expect_event("gpadl_torndown", { channel = nic, id = 1 })
  end,
}

case "gpadl.teardown.waits-for-the-host" {
  level = "must", requires = { "CORE-SEC-31", "CORE-REQ-107" },
  doc = "Memory of a GPADL is the guest's only after GPADL_TORNDOWN, however long it takes.",
  run = function(host, guest)
    local nic = with_channel(host, guest)
    guest:gpadl_create(nic, 40, { id = 1 })
    guest:expect_event("gpadl_created", { channel = nic, id = 1, status = 0 })
    nic:answer("teardown", { hold = true })
    guest:gpadl_teardown(nic, 1)
    nic:expect("gpadl_teardown")
    guest:expect_no_event("gpadl_torndown", "30s")
    nic:finish("teardown", 0)
    guest:expect_event("gpadl_torndown", { channel = nic, id = 1 })
  end,
}

case "gpadl.teardown.answer-for-another" {
  level = "must", requires = { "CORE-SEC-14", "CORE-SEC-31" },
  doc = "GPADL_TORNDOWN of another id, or cut short, does not give memory back.",
  run = function(host, guest)
    local nic = with_channel(host, guest)
    guest:gpadl_create(nic, 4, { id = 1 })
    local m = nic:expect("gpadl_header")
    guest:expect_event("gpadl_created", { channel = nic, id = 1, status = 0 })
    nic:answer("teardown", { hold = true })
    guest:gpadl_teardown(nic, 1)
    nic:expect("gpadl_teardown")
    for _, id in ipairs { 0, m.gpadl_id + 1, 0xffffffff } do
      host:send("gpadl_torndown", { gpadl_id = id })
    end
    for n = 0, 11 do host:send("gpadl_torndown", { gpadl_id = m.gpadl_id }, { truncate = n }) end
    guest:expect_no_event("gpadl_torndown", "10ms")
    nic:finish("teardown", 0)
    guest:expect_event("gpadl_torndown", { channel = nic, id = 1 })
  end,
}

case "gpadl.teardown.unasked-for-answer" {
  level = "must", requires = { "CORE-SEC-13", "CORE-SEC-31" },
  doc = "A GPADL_TORNDOWN that nobody asked for does not make the guest reuse the memory.",
  run = function(host, guest)
    local nic = with_channel(host, guest)
    guest:gpadl_create(nic, 4, { id = 1 })
    local m = nic:expect("gpadl_header")
    guest:expect_event("gpadl_created", { channel = nic, id = 1, status = 0 })
    host:send("gpadl_torndown", { gpadl_id = m.gpadl_id })
    guest:expect_no_event("gpadl_torndown", "10ms")
    guest:gpadl_teardown(nic, 1)
    nic:expect("gpadl_teardown", { gpadl_id = m.gpadl_id })
    guest:expect_event("gpadl_torndown", { channel = nic, id = 1 })
  end,
}

case "gpadl.rescind.ends-the-wait" {
  level = "must", requires = { "CORE-REQ-086" }, bugs = { "BUG-052", "BUG-083" },
  doc = "A rescind ends the wait for GPADL_CREATED; every GPADL of the channel comes back.",
  run = function(host, guest)
    local nic = with_channel(host, guest)
    guest:gpadl_create(nic, 4, { id = 1 })
    guest:expect_event("gpadl_created", { channel = nic, id = 1, status = 0 })
    host:ignore("gpadl_header")
    guest:gpadl_create(nic, 4, { id = 2 })
    nic:expect("gpadl_header")
    host:run_for("1s")
    nic:revoke()
    guest:expect_event("gpadl_created", { channel = nic, id = 2, status = nonzero })
    guest:release(nic, { may_fail = true })
    host:expect("rel_id_released", { channel_id = nic.id }, "60s")
  end,
}
