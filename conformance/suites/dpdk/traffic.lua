-- SPDX-License-Identifier: BSD-2-Clause
-- A driver that we did not write on the mock host's NIC: it attaches, and every byte that it
-- sends to an echo comes back. Its process makes the frames and compares them ("net.traffic").
local VLAN, IP, L4, UDP, LSO = 0x1, 0x2, 0x4, 0x10, 0x20

local function up(host, guest, cfg, attach)
  local nic = host:nic(cfg)
  guest:online()
  check_eq(guest:net(nic, "attach", attach or {}), "ok", "attach")
  guest:expect_event("net.attached", { status = 0 }, "60s")
  return nic
end

local function traffic(guest, nic, args)
  check_eq(guest:net(nic, "traffic", args), "ok", "traffic")
  local e = guest:expect_event("net.traffic_done", { status = 0 }, "600s")
  check_eq(e.sent, args.frames, "frames sent")
  check_eq(e.bad, 0, "frames that came back otherwise; the first is number " .. e.first_bad - 1)
  check_eq(e.back, args.frames, "frames that came back")
  return e
end

for _, queues in ipairs { 1, 4 } do
  case("dpdk.traffic.100000-frames-" .. queues .. "-queues") {
    level = "must", only = "dpdk", requires = { "NET-REQ-051", "NET-REQ-085" },
    doc = "100,000 frames of 60 to 1514 bytes in one to four pieces come back unchanged.",
    run = function(host, guest)
      local nic = up(host, guest, { max_queues = queues, backend = "echo" }, { queues = queues })
      local r = traffic(guest, nic, { frames = 100000, segments = 4, flags = UDP, seed = queues })
      check_eq(r.queues, (1 << queues) - 1, "queues that frames came back on")
      check_eq(nic:nic_info().open_queues, queues, "open queues")
      check_eq(nic:counters().tx_frames, 100000, "frames that the host saw")
    end,
  }
end

local names = { [0x60001] = "6.1", [0x60000] = "6.0", [0x50000] = "5", [0x40000] = "4",
                [0x30002] = "2", [0x2] = "1" }
for version, name in pairs(names) do
  case("dpdk.version." .. name) {
    level = "must", only = "dpdk", requires = { "NET-REQ-011", "NET-REQ-014" },
    doc = "A host of version " .. name .. " refuses what is newer; the driver walks down to it and works.",
    run = function(host, guest)
      local nic = up(host, guest, { max_version = version, backend = "echo" })
      check_eq(nic:nic_info().version, version, "version agreed on")
      traffic(guest, nic, { frames = 500, segments = 2, flags = UDP })
    end,
  }
end

local kinds = {
  { "vlan", VLAN | UDP, "Each frame has a tag of its own, which comes back with it." },
  { "checksum-ip-udp", IP | L4 | UDP, "The host fills in the checksums of IP and UDP." },
  { "checksum-ip-tcp", IP | L4, "The host fills in the checksums of IP and TCP." },
  { "vlan-and-checksum", VLAN | IP | L4, "A tag and checksums in one frame." },
}
for _, k in ipairs(kinds) do
  case("dpdk.offload." .. k[1]) {
    level = "must", only = "dpdk", requires = { "NET-REQ-051" },
    doc = k[3],
    run = function(host, guest)
      local nic = up(host, guest, { backend = "echo", max_queues = 2 }, { queues = 2 })
      traffic(guest, nic, { frames = 5000, segments = 3, flags = k[2] })
    end,
  }
end

for _, k in ipairs { { "small", 1600, 9000, 1448 }, { "64k", 30000, 60000, 1460 }, { "odd-mss", 2000, 20000, 777 } } do
  case("dpdk.offload.lso-" .. k[1]) {
    level = "must", only = "dpdk", requires = { "NET-REQ-051" },
    doc = "The host cuts large TCP sends into segments of the MSS, with headers and checksums right.",
    run = function(host, guest)
      local nic = up(host, guest, { backend = "echo" })
      traffic(guest, nic, { frames = 1000, segments = 1, flags = LSO, min = k[2], max = k[3], mss = k[4], window = 4 })
    end,
  }
end

case "dpdk.attach.twice" {
  level = "must", only = "dpdk", requires = { "NET-REQ-018" },
  doc = "After a close the channel can be opened again, by another process of the driver.",
  run = function(host, guest)
    local nic = up(host, guest, { backend = "echo" })
    traffic(guest, nic, { frames = 300, flags = UDP })
    check_eq(guest:net(nic, "detach"), "ok", "detach")
    guest:expect_event("net.detached", { status = 0 }, "60s")
    check_eq(guest:net(nic, "attach", {}), "ok", "attach")
    guest:expect_event("net.attached", { status = 0 }, "60s")
    traffic(guest, nic, { frames = 300, flags = UDP, seed = 2 })
  end,
}
