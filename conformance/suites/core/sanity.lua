-- SPDX-License-Identifier: BSD-2-Clause
-- Run first and last in every run: a target that cannot do this can do nothing else.

case "core.sanity" {
  level = "must", requires = { "CORE-REQ-068", "CORE-REQ-107" }, sanity = true,
  doc = "A guest connects, takes an offer, opens it, moves a packet each way, closes and unloads.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:opened(nic)

    guest:send(nic, "from the guest")
    nic:expect_packet { type = "inband", payload = "from the guest" }
    nic:send_packet { payload = "from the host" }
    guest:expect_event("packet", { channel = nic, data = "from the host" })

    guest:closed(nic)
    guest:unload()
    guest:expect_event("disconnected", { status = 0 })
    check_eq(host:info().state, "disconnected", "the host's connection")
  end,
}
