-- SPDX-License-Identifier: BSD-2-Clause
-- Frames in batches of 64, while the host sleeps: what bench/instructions counts the driver's
-- instructions of. The names are those of net_bench's operations.
local SIZES = { 64, 512, 1514 }
local BATCH, BATCHES = 64, 10

local function up(host, guest, max_packets)
  local nic = host:nic { max_packets = max_packets }
  guest:online()
  check_eq(guest:net(nic, "attach", {}), "ok", "attach")
  guest:expect_event("net.attached", { status = 0 }, "600s")
  check_eq(guest:net(nic, "pause"), "ok", "pause")
  host:run_for("10ms")
  return nic
end

-- What counts writes its report when the process ends.
local function down(guest, nic)
  check_eq(guest:net(nic, "detach"), "ok", "detach")
  guest:expect_event("net.detached", { status = 0 }, "600s")
end

local function moved(guest, nic, op, args)
  check_eq(guest:net(nic, op, args), "ok", op)
  return guest:expect_event("net.burst_done", { status = 0 }, "600s").frames
end

-- Each batch is sent while the host does not look, completed, and the completions are taken.
local function send(host, guest, nic, args)
  for batch = 0, BATCHES do
    args.timed = batch > 0 and 1 or 0
    nic:sleep(true)
    check_eq(moved(guest, nic, "burst", args), BATCH, "frames sent")
    nic:sleep(false)
    host:run_for("1ms")
    check_eq(moved(guest, nic, "drain", { timed = args.timed }), 0, "frames received")
  end
  local c = nic:counters()
  check_eq(c.tx_frames, BATCH * (BATCHES + 1), "frames that the host took")
  check_eq(c.tx_rejected, 0, "frames that it did not take")
end

local function receive(host, guest, nic, size, each)
  local mac = hex "00 15 5d 00 00 01"
  local frame = (mac .. hex "02 00 00 00 00 01 08 00" .. pattern(size, 1)):sub(1, size)
  local packet, before = {}, nic:counters().rx_completed
  for i = 1, each do packet[i] = { bytes = frame, csum = 0x54, hash = 0x12345678 } end
  for batch = 0, BATCHES do
    for _ = 1, BATCH, each do check_eq(nic:deliver_all(packet), "OK", "delivery") end
    check_eq(moved(guest, nic, "drain", { timed = batch > 0 and 1 or 0 }), BATCH, "frames received")
    host:run_for("1ms")
  end
  check_eq(nic:counters().rx_completed - before, BATCH * (BATCHES + 1) // each, "packets completed")
end

local function cost(name, doc, run)
  case("dpdk.cost." .. name) { level = "should", requires = { "NET-REQ-051", "NET-REQ-085" }, only = "dpdk", doc = doc, run = run }
end

for _, size in ipairs(SIZES) do
  for _, op in ipairs { { "section-alone", 1, 1 }, { "section", 32, 1 }, { "aggregate", 32, 8 } } do
    cost(op[1] .. "-" .. size,
         "Frames of " .. size .. " bytes, " .. op[2] .. " in a burst, " .. op[3] .. " in a packet.",
         function(host, guest)
           local nic = up(host, guest, op[3])
           send(host, guest, nic, { size = size, burst = op[2] })
           down(guest, nic)
         end)
  end
  for _, each in ipairs { 1, 8 } do
    cost((each == 1 and "receive-" or "receive-8-") .. size,
         "Frames of " .. size .. " bytes are received, " .. each .. " in a packet.",
         function(host, guest)
           local nic = up(host, guest)
           receive(host, guest, nic, size, each)
           down(guest, nic)
         end)
  end
end

cost("large-send-62834", "TCP sends of 62780 bytes that the host is to cut.",
     function(host, guest)
       local nic = up(host, guest, 1)
       send(host, guest, nic, { size = 62834, burst = 1, mss = 1460 })
       down(guest, nic)
     end)
