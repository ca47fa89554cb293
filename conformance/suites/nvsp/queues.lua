-- SPDX-License-Identifier: BSD-2-Clause
-- Sub-channels, the host's table and RSS: chapter 20 sections 3.16, 3.17, 5.6, 6.7.
local net = include "net.lua"

case "nvsp.sub-channel.all-work" {
  level = "must", requires = { "NET-REQ-046", "NET-REQ-051" }, bugs = { "BUG-131", "BUG-128" },
  doc = "Granted channels are opened; frames go and come on each, completions on the same channel.",
  run = function(host, guest)
    local n, e = net.up(host, guest, { queues = 4 }, { queues = 8 })
    check_eq(e.queues, 4, "queues")
    local m = n:messages "nvsp.sub_channel"[1]
    check_eq(m.operation, 1, "operation")
    check_eq(m.num_sub_channels, 3, "channels asked for")
    for q = 0, 3 do
      local out, back = net.frame(100 + q, q), net.frame(200 + q, q)
      guest:net(n, "send", { id = 100 + q, data = out, queue = q })
      check_eq(n:expect_frame(out).queue, q, "queue of the frame")
      guest:expect_event("net.tx_done", { id = 100 + q, status = 1 })
      local id = n:deliver(back, { queue = q })
      guest:expect_event("net.rx", { data = back, queue = q })
      check_eq(n:expect_done(id, 1).queue.queue, q, "channel of the completion")
    end
  end,
}

case "nvsp.sub-channel.same-id-on-two-channels" {
  level = "must", requires = { "NET-REQ-009" }, bugs = { "BUG-128" },
  doc = "Ids are per channel: two channels may use the same at once.",
  run = function(host, guest)
    local n = net.up(host, guest, { queues = 2 }, { queues = 2 })
    guest:net(n, "pause")
    n:deliver(net.frame(70, 1), { id = 50 })
    n:deliver(net.frame(71, 2), { id = 50, queue = 1 })
    guest:net(n, "resume")
    host:wait_until(function() return guest:count_events("net.rx") == 2 end)
    host:wait_until(function() return n:done_count(50) == 2 end, "1s", "both completions")
    check_eq(n:done_count(50, 0), 1, "completions on the primary")
    check_eq(n:done_count(50, 1), 1, "completions on the sub-channel")
  end,
}

for _, t in ipairs { { "more-than-asked", 9 }, { "huge", 0xffffffff } } do
  case("nvsp.sub-channel.granted-" .. t[1]) {
    level = "must", requires = { "NET-REQ-046", "NET-SEC-14" },
    doc = "A grant above the request is refused or cut; the guest works on.",
    run = function(host, guest)
      local n = net.nic(host, { queues = 16, offer_subs = false })
      n:answer("nvsp.sub_channel", { status = 1, num_sub_channels = t[2] })
      guest:online()
      guest:net(n, "attach", { queues = 4, filter = 0x0d })
      local e = guest:expect_event("net.attached", nil, "120s")
      if e.status ~= 0 then return guest:expect_event("net.detached", nil, "60s") end
      check_range(e.queues, 1, 4, "queues")
      net.alive(guest, n)
    end,
  }
end

for _, t in ipairs { { "refused", { status = 2, num_sub_channels = 0 } },
                     { "refused-with-a-count", { status = 2, num_sub_channels = 3 } },
                     { "none", { status = 1, num_sub_channels = 0 } } } do
  case("nvsp.sub-channel." .. t[1]) {
    level = "must", requires = { "NET-REQ-046" },
    doc = "Without more channels one is enough.",
    run = function(host, guest)
      local n = net.nic(host, { queues = 16, offer_subs = false })
      n:answer("nvsp.sub_channel", t[2])
      guest:online()
      guest:net(n, "attach", { queues = 4, filter = 0x0d })
      guest:expect_event("net.attached", { status = 0, queues = 1 }, "60s")
      net.alive(guest, n)
    end,
  }
end

case "nvsp.sub-channel.fewer-than-asked" {
  level = "must", requires = { "NET-REQ-046" },
  doc = "A grant below the request is used.",
  run = function(host, guest)
    local n = net.nic(host, { queues = 16 })
    n:answer("nvsp.sub_channel", { status = 1, num_sub_channels = 1 })
    guest:online()
    guest:net(n, "attach", { queues = 4, filter = 0x0d })
    guest:expect_event("net.attached", { status = 0, queues = 2 })
    net.alive(guest, n)
  end,
}

case "nvsp.sub-channel.answer-too-short" {
  level = "must", requires = { "NET-SEC-06", "NET-SEC-17" }, bugs = { "BUG-107" },
  doc = "An answer without the count is none, and the wait for it ends.",
  run = function(host, guest)
    local n = net.nic(host, { queues = 4, offer_subs = false })
    n:answer("nvsp.sub_channel", nil, { truncate = 8, no_pad = true })
    guest:online()
    guest:net(n, "attach", { queues = 2, filter = 0x0d })
    guest:expect_event("net.attached", nil, "60s")
  end,
}

case "nvsp.sub-channel.never-offered" {
  level = "must", requires = { "NET-SEC-17" },
  doc = "Channels that were granted and never come are not waited for without end.",
  run = function(host, guest)
    local n = net.nic(host, { queues = 4, offer_subs = false })
    guest:online()
    guest:net(n, "attach", { queues = 4, filter = 0x0d })
    guest:expect_event("net.attached", { status = 0 }, "60s")
    net.alive(guest, n)
  end,
}

case "nvsp.sub-channel.not-at-version-4" {
  level = "must", requires = { "NET-REQ-012" }, bugs = { "BUG-143" },
  doc = "Below version 5 there are no sub-channels to ask for.",
  run = function(host, guest)
    local n = net.up(host, guest, { queues = 4 }, { max_version = 0x40000, queues = 4 })
    check_eq(n:count "nvsp.sub_channel", 0, "SUB_CHANNEL")
    net.alive(guest, n)
  end,
}

case "nvsp.sub-channel.control-message-on-it" {
  level = "must", requires = { "NET-REQ-051", "NET-REQ-009" },
  doc = "Control messages do not come by sub-channels: dropped, completed, without effect.",
  run = function(host, guest)
    local n = net.up(host, guest, { queues = 2 }, { queues = 2 })
    local id = n:indicate(0x4001000c, "", { queue = 1 })
    n:expect_done(id)
    guest:expect_no_event("net.link", "3s")
    net.alive(guest, n)
  end,
}

case "nvsp.sub-channel.closed-before-the-primary" {
  level = "must", requires = { "NET-REQ-038" }, bugs = { "BUG-134" },
  doc = "At the end each sub-channel is closed once, and before the primary.",
  run = function(host, guest)
    local n = net.up(host, guest, { queues = 4 }, { queues = 4 })
    guest:net(n, "detach")
    guest:expect_event("net.detached", { status = 0 })
    local order = {}
    for _, m in ipairs(host:messages "close_channel") do order[#order + 1] = m.channel_id end
    check_eq(#order, 4, "closes")
    check_eq(order[4], n.id, "the last to be closed")
  end,
}

case "nvsp.sub-channel.rescinded" {
  level = "must", requires = { "NET-SEC-17" }, bugs = { "BUG-134" },
  doc = "A NIC with sub-channels that goes away lets go of all of them.",
  run = function(host, guest)
    local n = net.up(host, guest, { queues = 3 }, { queues = 3 })
    for q = 2, 0, -1 do n.queues[q]:revoke() end
    guest:expect_event("net.detached", nil, "60s")
  end,
}

case "nvsp.sub-channel.again-after-detach" {
  level = "must", requires = { "NET-REQ-100" }, bugs = { "BUG-136" },
  doc = "A change of MTU brings the same queues back, and all of them work.",
  run = function(host, guest)
    local n = net.up(host, guest, { queues = 2 }, { queues = 2 })
    guest:net(n, "mtu", { mtu = 1400 })
    host:wait_until(function() return n:count "nvsp.sub_channel" == 2 end, "30s")
    guest:expect_event("net.attached", nil, "60s")
    net.alive(guest, n)
  end,
}

-- The table of the host -----------------------------------------------------------------------------

local function entries(n, bad)
  local parts = {}
  for i = 0, 15 do parts[i + 1] = u32(bad and i == 9 and bad or i % n) end
  return table.concat(parts)
end

local function tell(n, bytes) n:notify(bytes) end

case "nvsp.table.taken" {
  level = "must", requires = { "NET-REQ-048" },
  doc = "A table of 16 entries is taken from where its offset says.",
  run = function(host, guest)
    local n = net.up(host, guest, { queues = 2 }, { queues = 2 })
    tell(n, u32(134) .. u32(16) .. u32(12) .. entries(2))
    guest:expect_event "net.table"
    tell(n, u32(134) .. u32(16) .. u32(40) .. zeros(28) .. entries(2))
    guest:expect_event "net.table"
    net.alive(guest, n)
  end,
}

local bad_tables = {
  { "count-15", u32(134) .. u32(15) .. u32(12) .. entries(2) },
  { "count-17", u32(134) .. u32(17) .. u32(12) .. entries(2) .. u32(0) },
  { "count-huge", u32(134) .. u32(0xffffffff) .. u32(12) .. entries(2) },
  { "offset-behind-the-end", u32(134) .. u32(16) .. u32(24) .. entries(2) },
  { "offset-wraps", u32(134) .. u32(16) .. u32(0xfffffff0) .. entries(2) },
  { "short", u32(134) .. u32(16) .. u32(12) .. entries(2):sub(1, 56) },
  { "entry-of-no-channel", u32(134) .. u32(16) .. u32(12) .. entries(2, 2) },
  { "entry-huge", u32(134) .. u32(16) .. u32(12) .. entries(2, 0xffffffff) },
}
for _, t in ipairs(bad_tables) do
  case("nvsp.table." .. t[1]) {
    level = "must", requires = { "NET-REQ-048", "NET-SEC-15" }, bugs = { "BUG-109" },
    doc = "A table that is outside its message, or names channels there are not, is not used.",
    run = function(host, guest)
      local n = net.up(host, guest, { queues = 2 }, { queues = 2 })
      tell(n, t[2])
      guest:expect_no_event "net.table"
      net.alive(guest, n)
    end,
  }
end

case "nvsp.table.wrong-offset-of-old-hosts" {
  level = "quirk", requires = { "NET-REQ-049" }, bugs = { "BUG-109" },
  doc = "Up to version 6.0 a message of 104 bytes or more has its table at 40, whatever it says.",
  run = function(host, guest)
    local n = net.up(host, guest, { queues = 2 }, { queues = 2, max_version = 0x60000 })
    tell(n, u32(134) .. u32(16) .. u32(28) .. string.rep("\xff", 28) .. entries(2))
    guest:expect_event "net.table"
    net.alive(guest, n)
  end,
}

-- RSS --------------------------------------------------------------------------------------------

case "nvsp.rss.set-after-the-channels" {
  level = "must", requires = { "NET-REQ-084", "NET-SEC-50" }, bugs = { "BUG-110" },
  doc = "RSS is set when all channels are open, with a whole key and only open queues in its table.",
  run = function(host, guest)
    local n = net.up(host, guest, { queues = 4 }, { queues = 4 })
    local sets = n:messages("rndis.set", { oid = 0x00010204 })
    check(#sets >= 1, "RSS parameters are set")
    check(n:place "nvsp.sub_channel" < n:place("rndis.set", { oid = 0x00010204 }),
          "after SUB_CHANNEL")
    local s = sets[#sets].info
    local size, at = get_u16(s, 12), get_u32(s, 16)
    check_eq(get_u16(s, 20), 40, "key size")
    check(get_u32(s, 24) + 40 <= #s, "the key is inside")
    check(size > 0 and size % 4 == 0 and at + size <= #s, "the table is inside")
    for i = 0, size // 4 - 1 do check_range(get_u32(s, at + 4 * i), 0, 3, "entry " .. i) end
  end,
}

case "nvsp.rss.one-queue" {
  level = "must", requires = { "NET-SEC-50" }, bugs = { "BUG-169" },
  doc = "With one queue there is nothing to scale: a change is refused, not sent.",
  run = function(host, guest)
    local n = net.up(host, guest)
    check_eq(guest:net(n, "rss", { data = pattern(40) .. u32(0) }, { may_fail = true }), "failed",
             "the command")
    check_eq(n:count("rndis.set", { oid = 0x00010204 }), 0, "RSS parameters")
    net.alive(guest, n)
  end,
}

case "nvsp.rss.changed" {
  level = "must", requires = { "NET-REQ-084" },
  doc = "Key and table of the user reach the host.",
  run = function(host, guest)
    local n = net.up(host, guest, { queues = 2 }, { queues = 2 })
    n.cursor = #n.log
    local key = pattern(40, 3)
    guest:net(n, "rss", { data = key .. u32(1) .. u32(0) .. u32(1) .. u32(1) })
    guest:expect_event("net.oid_done", { status = 0 })
    local s = n:expect("rndis.set", { oid = 0x00010204 }).info
    local at = get_u32(s, 24)
    check(s:sub(at + 1, at + 40) == key, "the key")
    check_eq(get_u32(s, get_u32(s, 16)), 1, "first entry")
    check_eq(get_u16(s, 12), 16, "table size")
  end,
}

for _, t in ipairs { { "no-queues", net.rss_caps(0) }, { "entries-129", net.rss_caps(4, { entries = 129 }) },
                     { "entries-0", net.rss_caps(4, { entries = 0 }) },
                     { "wrong-type", net.rss_caps(4, { type = 0x80 }) },
                     { "size-above-answer", net.rss_caps(4, { size = 400 }) },
                     { "short", net.rss_caps(4):sub(1, 8) }, { "empty", "" } } do
  case("nvsp.rss.capabilities-" .. t[1]) {
    level = "must", requires = { "NET-SEC-44" },
    doc = "Capabilities that cannot be leave one queue, or are cut to what can be.",
    run = function(host, guest)
      local n = net.nic(host, { queues = 4 })
      n:oid(0x00010203, { status = 0, data = t[2] })
      guest:online()
      guest:net(n, "attach", { queues = 4, filter = 0x0d })
      local e = guest:expect_event("net.attached", { status = 0 }, "60s")
      check_range(e.queues, 1, 4, "queues")
      net.alive(guest, n)
    end,
  }
end

case "nvsp.rss.capabilities-revision-1" {
  level = "must", requires = { "NET-SEC-44" },
  doc = "The older structure of 16 bytes has no number of entries and is taken.",
  run = function(host, guest)
    local n = net.nic(host, { queues = 4 })
    n:oid(0x00010203, { status = 0, data = net.rss_caps(4, { revision = 1, size = 16 }):sub(1, 16) })
    guest:online()
    guest:net(n, "attach", { queues = 4, filter = 0x0d })
    guest:expect_event("net.attached", { status = 0, queues = 4 })
  end,
}
