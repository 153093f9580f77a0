import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConsentPage } from "../../src/oauth/page.ts";
import { createPages } from "../../src/pages/render.ts";

const { renderPage } = createPages("");

type Changes = { [K in keyof ConsentPage]?: Partial<ConsentPage[K]> };

function render(changes: Changes = {}): string {
  const page: ConsentPage = {
    kind: "consent",
    action: "/consent",
    transaction: "the-transaction",
    csrf: "the-csrf-value",
    client: {
      name: "Notebook",
      id: "dyn_1",
      vouchedBy: "self-asserted",
      homepage: undefined,
      policy: undefined,
      terms: undefined,
      registeredAt: 1_795_000_000,
      ...(changes.client as object),
    },
    redirect: {
      uri: "https://app.example.com/cb",
      kind: "web",
      host: "app.example.com",
      ...(changes.redirect as object),
    },
    resource: { identifier: "https://notes.example.com/mcp", name: "Notes" },
    scopes: (changes.scopes as ConsentPage["scopes"]) ?? [
      { name: "notes:read", sentence: "Read your notes" },
    ],
    staysConnected: true,
    account: { email: "alice@example.com" },
  };
  return renderPage(page);
}

/** What a person reads: the page without its markup. */
const textOf = (html: string) =>
  html
    .replace(/<(style|title)[\s\S]*?<\/\1>/g, "")
    .replace(/<[^>]+>/g, "")
    .replace(/\s+/g, " ");

test("D04 the page names the client, escaped, and says that nobody checked the name", () => {
  const html = render({ client: { name: '<img src=x onerror="alert(1)">' } });
  assert.ok(!html.includes("<img"));
  assert.ok(html.includes("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;"));
  assert.match(textOf(html), /Not verified/);
  assert.doesNotMatch(textOf(render({ client: { vouchedBy: "operator" } })), /Not verified/);
});

test("D05 the page shows where the answer goes, the host in large", () => {
  const html = render();
  assert.match(html, /<p class="host"><bdi>[\s\S]*?example\.com<\/bdi>/);
  assert.ok(textOf(html).includes("app.example.com"));
  assert.ok(html.includes("https://app.example.com/cb"));
});

test("D06 a loopback address and an app's own scheme are warned about", () => {
  const loopback = textOf(
    render({ redirect: { uri: "http://localhost:3118/cb", kind: "loopback", host: "localhost:3118" } }),
  );
  assert.match(loopback, /program on this computer/);
  assert.match(loopback, /Any program can call itself anything/);
  const app = textOf(render({ redirect: { uri: "cursor://x/cb", kind: "app", host: "cursor:" } }));
  assert.match(app, /links beginning with cursor:/);
  assert.doesNotMatch(textOf(render()), /program on this computer/);
});

test("D07 the page lists what is granted, for which server, as whom", () => {
  const text = textOf(
    render({
      scopes: [
        { name: "a", sentence: "Read your notes" },
        { name: "raw:scope", sentence: undefined },
      ] as never,
    }),
  );
  for (const fact of [
    "Read your notes",
    "raw:scope",
    "Notes",
    "https://notes.example.com/mcp",
    "alice@example.com",
    "Stay connected",
  ]) {
    assert.ok(text.includes(fact), fact);
  }
});

test("D17 the page loads nothing from elsewhere and links only to https", () => {
  const html = render({
    client: {
      homepage: "https://app.example.com/about",
      policy: "http://insecure.example/p",
      terms: "javascript:alert(1)",
    },
  });
  assert.ok(html.includes('href="https://app.example.com/about"'));
  assert.ok(!html.includes("insecure.example") && !html.includes("javascript:"));
  assert.doesNotMatch(html, /<(img|script|iframe|object|embed|video|audio)\b/);
  const loaded = [...html.matchAll(/<link [^>]*href="([^"]*)"|\bsrc="([^"]*)"/g)].map(
    ([, href, src]) => href ?? src ?? "",
  );
  assert.ok(loaded.length > 0 && loaded.every((url) => url.startsWith("/assets/")));
});

test("D-n4 a name cannot hide the host, turn the text around, or go on for ever", () => {
  const tricks = [
    "Google\u202Egnp.exe",
    "Goo\u200Bgle",
    "Bell\u0007",
    "A\u0000B",
    "x\u2028y",
    "\u2066isolate",
    "Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306",
  ];
  for (const name of tricks) {
    const html = render({ client: { name } });
    assert.doesNotMatch(html, /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u, JSON.stringify(name));
    assert.ok(textOf(html).includes("app.example.com"));
  }
  const long = render({ client: { name: "A".repeat(10_000) } });
  assert.ok(long.length < 6000);
  assert.ok(textOf(long).includes("…") && textOf(long).includes("app.example.com"));
  assert.match(textOf(render({ client: { name: "\u200B\u202E" } })), /An app without a name/);
});

test("of a host that pretends, the part that was registered stands out", () => {
  const html = render({
    redirect: {
      host: "accounts.google.com.attacker.example",
      kind: "web",
      uri: "https://accounts.google.com.attacker.example/",
    },
  });
  assert.ok(html.includes('<span class="subdomain">accounts.google.com.</span>attacker.example'));
});

test("the form posts the transaction and its csrf value, and three ways to decide", () => {
  const html = render();
  assert.ok(html.includes('<form method="post" action="/consent">'));
  assert.ok(
    html.includes('name="transaction" value="the-transaction"') &&
      html.includes('name="csrf" value="the-csrf-value"'),
  );
  for (const decision of ["approve", "deny", "switch_account"]) {
    assert.ok(html.includes(`name="decision" value="${decision}"`), decision);
  }
});
