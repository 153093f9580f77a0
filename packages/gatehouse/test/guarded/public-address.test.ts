import assert from "node:assert/strict";
import { test } from "node:test";
import { isPublicAddress } from "../../src/guarded/public-address.ts";

test("I08 only addresses of the public internet are public", () => {
  for (const special of [
    ["0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255"],
    ["192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1"],
    ["198.51.100.1", "203.0.113.1", "198.18.0.1", "198.19.255.255", "224.0.0.1", "239.1.1.1", "240.0.0.1"],
    ["255.255.255.255", "::", "::1", "fc00::1", "fd12::1", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1"],
    ["3fff::1", "100::1", "2001::1", "2001:10::1", "2001:2::1", "2002:7f00:1::", "2002:a00:1::1"],
    ["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::8.8.8.8"],
    ["64:ff9b:1::1", "5f00::1", "", "localhost", "1.2.3", "fe80::1%eth0"],
  ].flat()) {
    assert.equal(isPublicAddress(special), false, special);
  }
  for (const open of [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.215.14",
    "172.32.0.1",
    "2606:4700:4700::1111",
    "2a00::1",
  ]) {
    assert.equal(isPublicAddress(open), true, open);
  }
});
