-- SPDX-License-Identifier: BSD-2-Clause
-- VF association and the data path: chapter 20 sections 3.13, 3.14.
local net = include "net.lua"

case "nvsp.vf.comes-and-goes" {
  level = "must", requires = { "NET-REQ-105" }, bugs = { "BUG-142" },
  doc = "Association and its end are reported with the serial number.",
  run = function(host, guest)
    local n = net.up(host, guest)
    n:vf(true, 0x12345)
    guest:expect_event("net.vf", { allocated = 1, serial = 0x12345 })
    n:vf(false, 0x12345)
    guest:expect_event("net.vf", { allocated = 0 })
    net.alive(guest, n)
  end,
}

case "nvsp.vf.no-switch-before-association" {
  level = "must", requires = { "NET-REQ-105" }, bugs = { "BUG-124", "BUG-127" },
  doc = "The data path is not moved to a VF that was not associated, or is gone.",
  run = function(host, guest)
    local n = net.up(host, guest)
    guest:net(n, "datapath", { value = 1 }, { may_fail = true })
    n:expect_none("nvsp.switch_data_path", "100ms")
    n:vf(true, 1)
    guest:expect_event("net.vf", { allocated = 1 })
    n:vf(false, 1)
    guest:expect_event("net.vf", { allocated = 0 })
    guest:net(n, "datapath", { value = 1 }, { may_fail = true })
    n:expect_none("nvsp.switch_data_path", "100ms")
  end,
}

local function associated(host, guest, args, cfg)
  local n = net.up(host, guest, args, cfg)
  n:vf(true, 9)
  guest:expect_event("net.vf", { allocated = 1, serial = 9 })
  return n
end

case "nvsp.path.to-the-vf-and-back" {
  level = "must", requires = { "NET-REQ-105", "NET-REQ-106" },
  doc = "The switch is over when its empty completion came, which is known by its id.",
  run = function(host, guest)
    local n = associated(host, guest)
    n:hold "nvsp.switch_data_path"
    guest:net(n, "datapath", { value = 1 })
    local m = n:expect("nvsp.switch_data_path", { active_data_path = 1 })
    check_eq(m.packet.flags & 1, 1, "completion requested")
    guest:expect_no_event "net.datapath_done"
    n:release "nvsp.switch_data_path"
    guest:expect_event("net.datapath_done", { status = 0, value = 1 })
    n:auto "nvsp.switch_data_path"
    guest:net(n, "datapath", { value = 0 })
    n:expect("nvsp.switch_data_path", { active_data_path = 0 })
    guest:expect_event("net.datapath_done", { status = 0, value = 0 })
  end,
}

case "nvsp.path.completion-with-a-body" {
  level = "must", requires = { "NET-REQ-106" },
  doc = "A completion of the switch that has a body is a completion as well.",
  run = function(host, guest)
    local n = associated(host, guest)
    n:respond("nvsp.switch_data_path", function(m)
      n:complete_packet(m, n:pad(u32(129) .. u32(1)))
      return true
    end)
    guest:net(n, "datapath", { value = 1 })
    guest:expect_event("net.datapath_done", { status = 0, value = 1 })
  end,
}

case "nvsp.path.never-completed" {
  level = "must", requires = { "NET-SEC-17" },
  doc = "A switch that the host never completes fails after a while.",
  run = function(host, guest)
    local n = associated(host, guest)
    n:ignore "nvsp.switch_data_path"
    guest:net(n, "datapath", { value = 1 })
    guest:expect_event("net.datapath_done", { status = function(s) return s ~= 0 end }, "120s")
    net.alive(guest, n)
  end,
}

case "nvsp.path.taken-back" {
  level = "must", requires = { "NET-REQ-105" },
  doc = "A host takes the path back unasked; frames come by the synthetic NIC again.",
  run = function(host, guest)
    local n = associated(host, guest)
    guest:net(n, "datapath", { value = 1 })
    guest:expect_event("net.datapath_done", { status = 0, value = 1 })
    n:notify(u32(129) .. u32(0), { completion = true, id = 0x7000000000000001 })
    net.alive(guest, n)
  end,
}

case "nvsp.path.other-completion-first" {
  level = "must", requires = { "NET-REQ-106", "NET-SEC-04" },
  doc = "An empty completion under another id does not end the switch.",
  run = function(host, guest)
    local n = associated(host, guest)
    n:hold "nvsp.switch_data_path"
    guest:net(n, "datapath", { value = 1 })
    local m = n:expect "nvsp.switch_data_path"
    n:complete(m.packet.id ~ 0x4000, "")
    guest:expect_no_event "net.datapath_done"
    n:release "nvsp.switch_data_path"
    guest:expect_event("net.datapath_done", { status = 0 })
  end,
}

case "nvsp.path.not-at-version-2" {
  level = "must", requires = { "NET-REQ-105" }, bugs = { "BUG-143" },
  doc = "Below version 4 there is no data path to switch.",
  run = function(host, guest)
    local n = net.up(host, guest, nil, { max_version = 0x30002 })
    guest:net(n, "datapath", { value = 1 }, { may_fail = true })
    n:expect_none "nvsp.switch_data_path"
    net.alive(guest, n)
  end,
}

case "nvsp.vf.isolated" {
  level = "must", requires = { "NET-SEC-16" },
  config = { isolation = 2 },
  doc = "An isolated guest does not let its host say which device to trust.",
  run = function(host, guest)
    local n = net.up(host, guest)
    n:vf(true, 1)
    guest:expect_no_event "net.vf"
    guest:net(n, "datapath", { value = 1 }, { may_fail = true })
    n:expect_none "nvsp.switch_data_path"
    net.alive(guest, n)
  end,
}

case "nvsp.init.isolated-wants-6.1" {
  level = "should", requires = { "NET-SEC-16" },
  config = { isolation = 2 },
  doc = "An isolated guest does not go below version 6.1.",
  run = function(host, guest)
    local n = net.nic(host, { max_version = 0x60000 })
    guest:online()
    guest:net(n, "attach")
    net.refused(guest, n)
  end,
}
