import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { openBrowser } from "../../support/browser.ts";
import { aBareDoor } from "../support/bare-door.ts";
import { aServerBehind } from "../support/door.ts";

/** What a server would say to reach pages of the origin that it shares with the sign-in. */
const ofWholeOrigins = {
  "set-cookie": "__Host-session=theirs; Path=/; Secure",
  "clear-site-data": '"cookies", "storage"',
  "strict-transport-security": "max-age=0",
  "service-worker-allowed": "/",
  refresh: "0; url=https://evil.example/",
  link: "</steal.js>; rel=preload; as=script",
  "speculation-rules": '"/rules.json"',
  nel: '{"report_to":"theirs","max_age":86400}',
  "report-to": '{"group":"theirs","max_age":86400,"endpoints":[{"url":"https://evil.example/"}]}',
  "reporting-endpoints": 'theirs="https://evil.example/"',
  "accept-ch": "Sec-CH-UA-Full-Version-List",
  "origin-agent-cluster": "?0",
  "secure-session-registration": '(ES256);path="/start"',
  "access-control-allow-credentials": "true",
  "x-accel-redirect": "/internal/",
  "x-accel-limit-rate": "1",
  "x-sendfile": "/etc/passwd",
  "x-lighttpd-send-file": "/etc/passwd",
  "x-litespeed-location": "/internal/",
  "x-reproxy-url": "http://169.254.169.254/",
};

test("what a server answers is no page at the origin of the sign-in, and sets nothing for it", async (t) => {
  const behind = await aServerBehind(t, (_, response) => {
    for (const [name, value] of Object.entries(ofWholeOrigins)) response.setHeader(name, value);
    response.setHeader("content-security-policy", "script-src 'unsafe-inline'");
    response.setHeader("x-content-type-options", "sniff");
    response.setHeader("content-type", "text/html");
    response.setHeader("cache-control", "max-age=3600");
    response.setHeader("x-own", "stays");
    response.end("<script>fetch('/consent')</script>");
  });
  const door = await aBareDoor(t, behind.url);
  for (const init of [{}, { method: "GET" }, { headers: { origin: "http://localhost:5173" } }]) {
    const answer = await door.call(init);
    assert.equal(answer.status, 200);
    for (const name of Object.keys(ofWholeOrigins)) assert.equal(answer.headers.get(name), null, name);
    assert.equal(
      answer.headers.get("content-security-policy"),
      "default-src 'none'; frame-ancestors 'none'; sandbox",
    );
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.equal(answer.headers.get("x-own"), "stays");
    assert.equal(await answer.text(), "<script>fetch('/consent')</script>", "byte for byte all the same");
  }
  const refused = await door.call({ headers: { authorization: "" } });
  assert.deepEqual([refused.status, refused.headers.get("x-content-type-options")], [401, "nosniff"]);
});

test("a page brings a server's HTML into a browser's cache and goes there: no script of it runs at the origin", async (t) => {
  const behind = await aServerBehind(t, (_, response) => {
    response.setHeader("content-type", "text/html");
    response.setHeader("cache-control", "max-age=3600");
    response.end("<title>shown</title><script>document.title = 'it ran'</script>");
  });
  const door = await aBareDoor(t, behind.url);
  const elsewhere = createServer((_, response) => {
    response.setHeader("content-type", "text/html").end("<title>elsewhere</title>");
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  const browser = await openBrowser();
  t.after(async () => {
    await browser.close();
    elsewhere.closeAllConnections();
    elsewhere.close();
  });
  const page = await browser.newPage();
  await page.goto(`http://localhost:${(elsewhere.address() as AddressInfo).port}/`);
  const status = await page.evaluate(async (url) => {
    const answer = await fetch(url, { headers: { authorization: "Bearer alice" } });
    await answer.text();
    return answer.status;
  }, door.url);
  assert.equal(status, 200);
  const go = `void location.assign(${JSON.stringify(door.url)})`;
  await Promise.all([page.waitForURL(door.url), page.evaluate(go)]);
  assert.equal(await page.title(), "shown");
  assert.equal(behind.received.length, 1, "out of the cache, which asks for no token");
});
