import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConsentPage } from "../../src/oauth/messages/page.ts";
import { createPages } from "../../src/pages/render.ts";

const { renderPage } = createPages("");

type Changes = { [K in keyof ConsentPage]?: Partial<ConsentPage[K]> };

function render(changes: Changes = {}): string {
  const page: ConsentPage = {
    kind: "consent",
    action: "/consent",
    transaction: "the-transaction",
    csrf: "the-csrf-value",
    seen: "what-was-seen",
    client: {
      name: "Notebook",
      certainName: undefined,
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
      destination: "stranger",
      ...(changes.redirect as object),
    },
    suspicion: changes.suspicion as ConsentPage["suspicion"],
    resource: { identifier: "https://notes.example.com/mcp", name: "Notes", ...(changes.resource as object) },
    scopes: (changes.scopes as ConsentPage["scopes"]) ?? [
      { name: "notes:read", sentence: "Read your notes", declared: true },
    ],
    home: "https://login.example.com/",
    staysConnected: true,
    account: { name: undefined, email: "alice@example.com" },
  };
  return renderPage(page).html;
}

/** What a person reads: the page without its markup. */
const textOf = (html: string) =>
  html
    .replace(/<(style|title)[\s\S]*?<\/\1>/g, "")
    .replace(/<\/(?:li|dt|dd|summary|code)>/g, " ")
    .replace(/<[^>]+>/g, "")
    .replace(/\s+/g, " ");

const loopback: Changes["redirect"] = {
  uri: "http://localhost:3118/cb",
  kind: "loopback",
  host: "localhost:3118",
  destination: "local",
};

test("D04 the page quotes the client's own name, escaped, and says who published it", () => {
  const html = render({ client: { name: "Note&book" } });
  assert.match(textOf(html), /An app that calls itself “Note&amp;book” wants to use Notes as you/);
  assert.ok(!render({ client: { name: '<img src=x onerror="alert(1)">' } }).includes("<img"));
  assert.match(
    textOf(render({ client: { vouchedBy: "operator" } })),
    /Notebook wants to use Notes as you Set up by/,
  );
  const document: Changes["client"] = { vouchedBy: "document", id: "https://claude.ai/oauth/client.json" };
  assert.match(textOf(render({ client: document })), /calls itself “Notebook”.*Published by claude\.ai/);
  const certain = textOf(render({ client: { ...document, certainName: "Claude" } }));
  assert.match(certain, /Claude wants to use Notes as you Published by claude\.ai/);
  assert.doesNotMatch(certain, /calls itself|Notebook/);
  assert.match(textOf(render({ client: { name: "\u200B\u202E" } })), /An app with an unreadable name wants/);
  assert.match(textOf(render({ client: { name: undefined } })), /An app without a name wants/);
});

test("D05 the page shows where access goes, a stranger's host in large", () => {
  const html = render();
  assert.match(html, /<p class="host"><bdi>[\s\S]*?example\.com<\/bdi>/);
  assert.ok(textOf(html).includes("Access goes to the website app.example.com"));
  assert.ok(html.includes("https://app.example.com/cb"));
});

test("a website that is a known client's own says so, in green and without a warning", () => {
  const html = render({
    client: { name: "Claude", certainName: "Claude" },
    redirect: { uri: "https://claude.ai/cb", host: "claude.ai", kind: "web", destination: "known" },
  });
  assert.match(html, /class="destination known"/);
  assert.match(textOf(html), /Access goes to claude\.ai, where Claude’s answers really go\./);
  assert.doesNotMatch(html, /class="host"|type="checkbox"|only if you know/);
});

test("D06 a program on this computer gets one calm sentence, its port small", () => {
  const html = render({ redirect: loopback });
  assert.match(html, /class="destination local"/);
  assert.match(
    textOf(html),
    /Any program on this computer can call itself “Notebook”: only you know whether you just started it\. Access goes to localhost:3118/,
  );
  assert.doesNotMatch(html, /class="(?:host|alarm|badge[^"]*)"|type="checkbox"/);
  const known = textOf(render({ redirect: loopback, client: { certainName: "Claude Code" } }));
  assert.match(known, /can say it is Claude Code: only you know/);
  const nameless = textOf(render({ redirect: loopback, client: { name: "" } }));
  assert.match(nameless, /This may be any program on this computer: only you know/);
  const cursor = { uri: "cursor://x/cb", kind: "app", host: "cursor:", destination: "local" } as const;
  const app = textOf(render({ redirect: cursor }));
  assert.match(app, /Any app on this computer can call itself.*links beginning with cursor:/);
  assert.doesNotMatch(textOf(render()), /on this computer/);
});

test("D21 what speaks for a trick is said in red words, and Deny is the button that stands out", () => {
  const host = "claude.ai.evil.example";
  for (const [suspicion, words] of [
    [
      { kind: "name", host, imitates: "Claude" },
      /it calls itself “Notebook”, but \S+ is not an address of Claude\./,
    ],
    [
      { kind: "host", host, imitates: "claude.ai" },
      /claude\.ai\.evil\.example looks like claude\.ai, but is not\./,
    ],
    [{ kind: "punycode", host: "xn--a.example" }, /xn--a\.example stands for letters/],
  ] as const) {
    const html = render({ suspicion });
    assert.match(html, /class="destination danger"/);
    assert.match(html, /<p class="alarm">This may be a trick/);
    assert.match(textOf(html), words);
    assert.match(html, /class="choices doubtful"/);
  }
  const cyrillic = {
    client: { name: "\u0421laude" },
    suspicion: { kind: "name", host, imitates: "Claude" },
  } as const;
  assert.match(
    textOf(render(cyrillic)),
    /trick: its name is made to look like Claude, but \S+ is not an address/,
  );
  assert.doesNotMatch(render(), /alarm|danger|doubtful/);
});

test("only who lets a stranger's website in has to say that they know it", () => {
  assert.match(render(), /<input class="tick" type="checkbox" name="confirmed" value="yes" required>/);
  assert.match(textOf(render()), /I know app\.example\.com and just came from there/);
  // Whoever says no need not.
  assert.equal(render().match(/formnovalidate/g)?.length, 2);
  for (const destination of ["operator", "known", "local"] as const) {
    assert.doesNotMatch(render({ redirect: { destination } }), /type="checkbox"/, destination);
  }
});

test("D07 the page lists what is granted, for which server, as whom", () => {
  const text = textOf(
    render({
      scopes: [
        { name: "a", sentence: "Read your notes", declared: true },
        { name: "raw:scope", sentence: undefined, declared: true },
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

test("scopes that nobody declared replace no sentence and bury no button", () => {
  const invented = Array.from({ length: 50 }, (_, at) => ({
    name: at === 0 ? "See-only-your-public-name".repeat(100) : `invented:${at}`,
    sentence: undefined,
    declared: false,
  }));
  const alone = textOf(render({ scopes: invented as never }));
  assert.match(
    alone,
    /It may Use this server as you Stay connected without asking you again It also names See-only/,
  );
  assert.match(alone, /invented:4 {1,2}and 45 more, which this page cannot explain/);
  assert.doesNotMatch(alone, /invented:5/);
  assert.ok(render({ scopes: invented as never }).length < 6000);
  const declared = { name: "a", sentence: "Read your notes", declared: true };
  const mixed = textOf(render({ scopes: [declared, invented[1]] as never }));
  assert.match(mixed, /It may Read your notes .*It also names invented:1 ?, which/);
});

test("nor does a long address of the MCP server, as long as any will do", () => {
  const identifier = `https://notes.example.com/${"see-only-your-name/".repeat(100)}`;
  const html = render({ resource: { identifier, name: undefined } });
  assert.match(textOf(html), /the MCP server at notes\.example\.com/);
  assert.ok(html.length < 4000, String(html.length));
});

test("names the operator gave are left as they are", () => {
  const name = "C++ & C# (internal) – documentation of every team";
  const text = textOf(render({ client: { name, vouchedBy: "operator" }, resource: { name: `${name}!` } }));
  const printed = name.replace("&", "&amp;");
  assert.ok(text.includes(`${printed} wants to use ${printed}! as you`), text);
});

test("a server without a name is the MCP server at its host", () => {
  const text = textOf(render({ resource: { name: undefined } }));
  assert.match(text, /wants to use the MCP server at notes\.example\.com as you/);
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
  // A stranger does not adorn itself with somebody else's site.
  assert.ok(!render({ client: { homepage: "https://claude.ai/" } }).includes("claude.ai"));
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
  assert.ok(textOf(long).includes("…”") && textOf(long).includes("app.example.com"));
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
      html.includes('name="csrf" value="the-csrf-value"') &&
      html.includes('name="seen" value="what-was-seen"'),
  );
  for (const decision of ["approve", "deny", "switch_account"]) {
    assert.ok(html.includes(`name="decision" value="${decision}"`), decision);
  }
});
