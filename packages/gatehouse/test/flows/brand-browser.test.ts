import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { readableAccent } from "../../src/pages/accent.ts";
import { aFolder, errorsOf } from "../config/config-file.ts";
import { accessibilityErrors, openBrowser } from "../support/browser.ts";
import { startTestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, authorizationUrl, resource } from "../support/oauth-client.ts";
import { listen } from "../support/upstream.ts";

/* The operator's house on every page, in a real browser, and what somebody might hide in it. */

let browser: Browser;
let elsewhere: Server;
let origin: string;
/** What was asked for at another origin. */
const asked: string[] = [];
before(async () => {
  elsewhere = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end();
  });
  origin = await listen(elsewhere);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  elsewhere?.close();
});

const hostileLogo = () => `<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 120 40" width="120" height="40">
<script>document.documentElement.setAttribute("data-ran", "yes"); fetch("${origin}/script")</script>
<rect width="120" height="40" rx="8" fill="#7a1fa2"/><circle cx="20" cy="20" r="11" fill="#fff"/>
<image xlink:href="${origin}/image.png" width="10" height="10"/>
<foreignObject width="9" height="9"><img xmlns="http://www.w3.org/1999/xhtml" src="${origin}/foreign" onerror="parent.ran = 1"/></foreignObject>
</svg>`;

test("Z33 name, logo, colour, support and links stand on every page under the same policy, and can be read", async (t) => {
  const logo = join(aFolder(t, { "logo.svg": hostileLogo() }), "logo.svg");
  const server = await startTestGatehouse({
    BRAND_NAME: "Example Corp",
    BRAND_LOGO: logo,
    BRAND_ACCENT: "#ffb300",
    BRAND_SUPPORT: "help@example.com",
    BRAND_PRIVACY: "https://example.com/privacy",
    BRAND_TERMS: "https://example.com/terms",
    BRAND_IMPRINT: "https://example.com/imprint",
    PASSKEYS: "on",
    ALLOWED_DOMAINS: "example.com",
    ADMINS: "alice@example.com",
  });
  t.after(() => server.stop());
  server.upstream.signedInAt = () => server.clock.now();
  await server.addResource(resource, { "notes:read": "Read your notes", "notes:write": "Change your notes" });
  const client = await aPublicClient(server, { redirect_uris: ["https://stranger.example/cb"] });
  assert.ok(
    server.log.some((line) =>
      /"warn".*BRAND_ACCENT: on light pages #ffb300 has a contrast of 1\.\d:1/.test(line),
    ),
  );
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of colorScheme === "light" ? [320, 1280] : [390, 768]) {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
      const complaints: string[] = [];
      context.on("console", (message) => {
        // A page that says no has a status that says so.
        if (["error", "warning"].includes(message.type()) && !/status of 40\d/.test(message.text()))
          complaints.push(message.text());
      });
      const page = await context.newPage();
      const authorization = authorizationUrl(server, client, { provider: "default" });
      for (const [name, url] of [
        ["choose", authorizationUrl(server, client)],
        ["consent", authorization],
        ["error", `${server.url}/consent`],
        ["nothing", `${server.url}/nothing`],
        ["home", `${server.url}/`],
        ["passkeys", `${server.url}/passkeys`],
        // For who has signed in on the way to the consent page.
        ["console-again", `${server.url}/console`],
        ["console", `${server.url}/console`],
        ["console-missing", `${server.url}/console/person?subject=gone`],
      ] as const) {
        const answer = await page.goto(url);
        assert.equal(await page.locator(".console").count(), name.startsWith("console") ? 1 : 0, name);
        assert.equal(await page.locator(".console .numbers").count(), name === "console" ? 1 : 0, name);
        assert.equal(await page.locator(".brand span").textContent(), "Example Corp", name);
        const drawn = await page
          .locator(".brand img")
          .evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth);
        assert.ok(drawn > 0, `${name}: the logo is there`);
        assert.deepEqual(await page.locator("footer .links a").allTextContents(), [
          "Legal notice",
          "Privacy",
          "Terms",
        ]);
        if (/error|nothing|missing/.test(name)) {
          assert.equal(await page.locator('a[href="mailto:help@example.com"]').count(), 1, name);
        }
        assert.match(await page.title(), / · Example Corp$/);
        assert.equal(await page.locator("link[rel=icon]").getAttribute("type"), "image/svg+xml");
        const accent = await page.evaluate(
          "getComputedStyle(document.documentElement).getPropertyValue('--accent')",
        );
        assert.equal(accent, readableAccent("#ffb300")[colorScheme], name);
        assert.match(
          (await answer?.headerValue("content-security-policy")) ?? "",
          /^default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'/,
        );
        assert.deepEqual(await accessibilityErrors(page), [], `${name} ${colorScheme} ${width}`);
        const [full = 0, seen = 0] = await page.evaluate<number[]>(
          "[document.documentElement.scrollWidth, innerWidth]",
        );
        assert.ok(full <= seen, `${name} ${width}: ${full} pixels wide`);
        const folder = process.env.SCREENSHOTS;
        if (folder !== undefined)
          await page.screenshot({
            path: `${folder}/brand-${name}-${width}-${colorScheme}.png`,
            fullPage: true,
          });
        if (name === "console-again") await page.getByRole("link", { name: "Sign in again" }).click();
      }
      assert.deepEqual(complaints, []);
      await context.close();
    }
  }
  assert.deepEqual(asked, [], "the picture fetched nothing");
});

test("Z-n21 a logo's script, markup in sentences, missing placeholders, emptied warnings and CSS in a colour: inert, escaped, or an error with its place", async (t) => {
  const folder = aFolder(t, {
    "logo.svg": hostileLogo(),
    "page.html": "<html><script>1</script>",
    "large.png": Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(256 * 1024)]),
  });
  const server = await startTestGatehouse({ BRAND_LOGO: join(folder, "logo.svg") });
  t.after(() => server.stop());
  const home = await (await fetch(`${server.url}/`)).text();
  const [, path = ""] = /<img src="([^"]*)"/.exec(home) ?? [];
  const page = await (await browser.newContext()).newPage();
  const answer = await page.goto(`${server.url}${path}`);
  assert.equal(await answer?.headerValue("content-type"), "image/svg+xml");
  assert.equal(await answer?.headerValue("x-content-type-options"), "nosniff");
  assert.equal(
    await answer?.headerValue("content-security-policy"),
    "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  );
  assert.equal(
    await page.locator("svg").first().getAttribute("data-ran"),
    null,
    "opened by itself it runs no script",
  );
  assert.deepEqual(asked, []);

  const wrong = (yaml: string) =>
    errorsOf(t, yaml).map(
      ({ place, variable, expected }) =>
        `${place?.replace(/^.*gatehouse/, "gatehouse")} ${variable}: ${expected}`,
    );
  for (const [yaml, error] of [
    [
      'brand:\n  accent: "red;background:url(//evil)"\n',
      /^gatehouse\.yaml:2:11 brand\.accent: a colour such as #14557b/,
    ],
    [
      `brand:\n  logo: ${join(folder, "page.html")}\n`,
      /^gatehouse\.yaml:2:9 brand\.logo: the path of a PNG, WebP or SVG file/,
    ],
    [`brand:\n  logo: ${join(folder, "large.png")}\n`, /at most 256 kB/],
    ["brand:\n  terms: javascript:alert(1)\n", /^gatehouse\.yaml:2:10 brand\.terms: an https URL/],
    ['brand:\n  name: "a\\u202eb"\n', /a name of at most 60 characters/],
    [
      'sentences:\n  en:\n    consent.heading: "Hello {app}"\n',
      /^gatehouse\.yaml:3:22 sentences\.en.*: all of \{app\}, \{server\}, as in ours$/,
    ],
    [
      'sentences:\n  de:\n    consent.onlyIfKnown: ""\n',
      /^gatehouse\.yaml:3:26 .*: a sentence: it can be worded otherwise, and not left out$/,
    ],
    ["sentences:\n  en:\n    consent.aprove: Yes\n", /consent\.approve: did you mean that\?$/],
    ["sentences:\n  fr:\n    consent.approve: Oui\n", /^gatehouse\.yaml:2:3 sentences\.fr: /],
  ] as const) {
    const [first, ...others] = wrong(yaml);
    assert.match(first ?? "", error, yaml);
    assert.deepEqual(others, []);
  }
  assert.deepEqual(wrong('sentences:\n  en:\n    consent.approve: "<b>Yes</b>"\n    footer: ""\n'), []);
});
