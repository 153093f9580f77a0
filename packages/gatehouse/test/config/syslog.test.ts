import assert from "node:assert/strict";
import { test } from "node:test";
import { syslogServer } from "../../src/config/parsers.ts";

test("AUDIT_SYSLOG names a server by scheme, host and port, whose usual one is added, and nothing else", () => {
  assert.deepEqual(syslogServer("tls://logs.example.com"), {
    isTls: true,
    host: "logs.example.com",
    port: 6514,
  });
  assert.deepEqual(syslogServer("tcp://10.0.0.5/"), { isTls: false, host: "10.0.0.5", port: 601 });
  assert.deepEqual(syslogServer("tls://[::1]:7000"), { isTls: true, host: "::1", port: 7000 });
  for (const wrong of [
    ...["", "logs.example.com", "udp://logs", "tcp://", "tcp://logs:0", "tcp://logs:65536", "tcp://:514"],
    ...["tcp://user:password@logs", "tcp://logs/path", "tcp://logs?x=1", "tcp://lo gs", "TCP//logs"],
  ]) {
    assert.equal(syslogServer(wrong), undefined, wrong);
  }
});
