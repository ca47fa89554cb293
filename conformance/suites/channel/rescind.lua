-- SPDX-License-Identifier: BSD-2-Clause
-- The host takes a channel back, at every moment: chapter 10 sections 5.5, 6.2, 6.4 and 6.5.

local function nonzero(v) return v ~= 0 end

-- Let go of a rescinded channel and see that its id is released, once.
local function released_once(host, guest, ch)
  guest:release(ch, { may_fail = true })
  host:expect("rel_id_released", { channel_id = ch.id })
  host:run_for("5s")
  check_eq(ch:count("rel_id_released"), 1, "REL_ID_RELEASED for the channel")
end

case "channel.rescind.not-open" {
  level = "must", requires = { "CORE-REQ-089" }, bugs = { "BUG-044" },
  doc = "A channel that was only offered is released once when it is rescinded.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    nic:revoke()
    guest:expect_event("rescind", { channel = nic })
    released_once(host, guest, nic)
  end,
}

case "channel.rescind.open" {
  level = "must", requires = { "CORE-REQ-089", "CORE-SEC-31" }, bugs = { "BUG-044" },
  doc = "An open channel that is rescinded is given up and its id released once.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    nic:revoke()
    guest:expect_event("rescind", { channel = nic })
    released_once(host, guest, nic)
    nic:expect_none("gpadl_teardown", "0s")
  end,
}

case "channel.rescind.twice" {
  level = "must", requires = { "CORE-SEC-10" }, bugs = { "BUG-035" },
  doc = "A second RESCIND for one channel is ignored.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    nic:revoke()
    for _ = 1, 3 do host:send("rescind_channel_offer", { channel_id = nic.id }) end
    guest:expect_event("rescind", { channel = nic })
    guest:expect_no_event("rescind", "10ms")
    released_once(host, guest, nic)
  end,
}

case "channel.rescind.unknown-id" {
  level = "must", requires = { "CORE-SEC-10" },
  doc = "RESCIND of an unknown or impossible id is ignored.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    for _, id in ipairs { 0, nic.id + 1, 2047, 2048, 0x10000 + nic.id, 0xffffffff } do
      host:send("rescind_channel_offer", { channel_id = id })
    end
    guest:expect_no_event("rescind", "10ms")
    host:expect_none("rel_id_released", "0s")
    guest:send(nic, "here still")
    nic:expect_packet { payload = "here still" }
  end,
}

case "channel.rescind.truncated" {
  level = "must", requires = { "CORE-SEC-04" },
  doc = "A RESCIND cut short takes no channel away.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    for n = 0, 11 do
      host:send("rescind_channel_offer", { channel_id = nic.id }, { truncate = n })
    end
    guest:expect_no_event("rescind", "10ms")
    guest:opened(nic)
  end,
}

-- An open that is under way when the channel is taken: it must end with an error.
local function during_open(name, moment, text, bugs)
  case("channel.rescind." .. name) {
    level = "must", requires = { "CORE-REQ-086", "CORE-REQ-089" }, bugs = bugs,
    doc = "A rescind " .. text .. " ends the open with an error; the id is released once.",
    run = function(host, guest)
      local nic = host:offer { interface = "network" }
      guest:online()
      host:at(moment, { channel = nic, revoke = true })
      guest:open(nic, { tx_pages = 30, rx_pages = 30 })
      guest:expect_event("opened", { channel = nic, status = nonzero })
      check_eq(guest:count_events("opened", { channel = nic, status = 0 }), 0, "successful opens")
      released_once(host, guest, nic)
      -- The guest lives: the next device works.
      local disk = host:offer { interface = "scsi" }
      guest:expect_event("offer", { channel = disk })
      guest:opened(disk)
    end,
  }
end

during_open("after-gpadl-header", "gpadl_header", "between GPADL_HEADER and its bodies",
            { "BUG-047", "BUG-052" })
during_open("amid-gpadl-bodies", "gpadl_body", "amid the bodies of the ring GPADL", { "BUG-047" })
during_open("before-gpadl-created", "gpadl_created_before", "before GPADL_CREATED", { "BUG-052" })
during_open("after-gpadl-created", "gpadl_created", "right after GPADL_CREATED", { "BUG-047" })
during_open("while-opening", "open", "while OPEN_CHANNEL is unanswered", { "BUG-037" })

case "channel.rescind.result-never-comes" {
  level = "must", requires = { "CORE-REQ-086" }, bugs = { "BUG-037", "BUG-038" },
  doc = "A rescind wakes a guest whose OPEN_CHANNEL the host never answers.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    host:ignore("open_channel")
    guest:open(nic)
    nic:expect("open_channel")
    guest:expect_no_event("opened", "30s")
    nic:revoke()
    guest:expect_event("opened", { channel = nic, status = nonzero })
    released_once(host, guest, nic)
  end,
}

case "channel.rescind.during-teardown" {
  level = "must", requires = { "CORE-REQ-086" }, bugs = { "BUG-047", "BUG-052" },
  doc = "A rescind while GPADL_TORNDOWN is awaited ends the close.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    host:ignore("gpadl_teardown")
    guest:close(nic)
    nic:expect("gpadl_teardown")
    guest:expect_no_event("closed", "1s")
    nic:revoke()
    guest:expect_event("closed", { channel = nic })
    released_once(host, guest, nic)
  end,
}

case "channel.rescind.late-answers-ignored" {
  level = "must", requires = { "CORE-SEC-13", "CORE-SEC-14" }, bugs = { "BUG-052" },
  doc = "Answers that come after a rescind are ignored; the id is still released once.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    local m = nic:expect("open_channel")
    nic:revoke()
    guest:expect_event("rescind", { channel = nic })
    m:reply("open_channel_result", { status = 0 })
    host:send("gpadl_created", { channel_id = nic.id, gpadl_id = m.ring_buffer_gpadl_id })
    host:send("gpadl_torndown", { gpadl_id = m.ring_buffer_gpadl_id })
    host:send("modify_channel_response", { channel_id = nic.id, status = 0 },
              { version = 0x60000 })
    released_once(host, guest, nic)
  end,
}

case "channel.rescind.reoffer" {
  level = "must", requires = { "CORE-REQ-089" }, bugs = { "BUG-046" },
  doc = "A device that is taken and offered again is fresh: reported, opened and used anew.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    for i = 1, 3 do
      guest:opened(nic)
      guest:send(nic, "life " .. i)
      nic:expect_packet { payload = "life " .. i }
      guest:mark()
      nic:revoke()
      guest:expect_event("rescind", { channel = nic })
      guest:release(nic, { may_fail = true })
      host:expect("rel_id_released", { channel_id = nic.id })
      nic:reoffer()
      guest:expect_event("offer", { channel = nic })
    end
    guest:opened(nic)
  end,
}

case "channel.rescind.reoffer-before-release" {
  level = "must", requires = { "CORE-REQ-089", "CORE-REQ-088" }, bugs = { "BUG-046", "BUG-053" },
  doc = "A device that comes back before its id is released is offered after the release.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    host:hold("rel_id_released")
    nic:revoke()
    guest:expect_event("rescind", { channel = nic })
    guest:release(nic, { may_fail = true })
    host:expect("rel_id_released")
    nic:reoffer()
    guest:mark()
    guest:expect_no_event("offer", "10ms")
    host:auto("rel_id_released")
    host:release("rel_id_released")
    guest:expect_event("offer", { channel = nic })
    guest:opened(nic)
  end,
}

case "channel.rescind.sub-channels-first" {
  level = "must", requires = { "CORE-REQ-089" }, bugs = { "BUG-044", "BUG-043", "BUG-049" },
  doc = "A device with sub-channels that is taken releases each of its ids once.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    local subs = {}
    for i = 1, 3 do
      subs[i] = host:offer { primary = nic, subchannel_index = i }
      guest:expect_event("offer", { channel = subs[i] })
      guest:opened(subs[i])
    end
    for _, sub in ipairs(subs) do sub:revoke() end
    nic:revoke()
    host:settle()
    for _, sub in ipairs(subs) do guest:release(sub, { may_fail = true }) end
    guest:release(nic, { may_fail = true })
    host:run_for("5s")
    for _, ch in ipairs { nic, subs[1], subs[2], subs[3] } do
      check_eq(ch:count("rel_id_released"), 1, "releases of one id")
    end
  end,
}

case "channel.rescind.storm" {
  level = "must", requires = { "CORE-SEC-53", "CORE-SEC-10" }, bugs = { "BUG-047" },
  doc = "Two hundred rounds of offer and rescind leave a guest that works and leaks nothing.",
  run = function(host, guest)
    guest:online()
    for i = 1, 200 do
      local ch = host:offer { interface = i % 2 == 0 and "network" or "heartbeat" }
      if i % 3 == 0 then host:run_for("10us") end
      ch:revoke()
      host:run_for("20us")
      guest:release(ch, { may_fail = true })
    end
    host:settle("60s")
    guest:mark()
    local nic = host:offer { interface = "network" }
    guest:expect_event("offer", { channel = nic })
    guest:opened(nic)
  end,
}

case "channel.rescind.packets-in-flight" {
  level = "must", requires = { "CORE-SEC-22", "CORE-REQ-089" },
  doc = "Requests that were never completed do not keep a rescinded channel from its end.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)
    for i = 1, 5 do guest:send(nic, "request " .. i, { completion = true, id = i }) end
    nic:expect_packet { payload = "request 1" }
    nic:revoke()
    guest:expect_event("rescind", { channel = nic })
    released_once(host, guest, nic)
  end,
}
