import assert from "node:assert/strict";
import { test } from "node:test";
import { problemWith } from "../../src/config/sections/sentence-problems.ts";
import type { ErrorPage } from "../../src/oauth/messages/page.ts";
import { contrast, readableAccent } from "../../src/pages/accent.ts";
import { html } from "../../src/pages/html.ts";
import { catalogues } from "../../src/pages/language.ts";
import { createPages } from "../../src/pages/render.ts";
import { replaceable, withSentences } from "../../src/pages/sentences.ts";

const anError: ErrorPage = {
  kind: "error",
  status: 404,
  reason: { key: "nothingHere" },
  detail: undefined,
  reference: "K7QM-2XDA-94TB",
  continueTo: undefined,
};

test("a colour is shown as it is where it can be read, and else the nearest that can, light and dark", () => {
  const paper = { light: ["#f4f4f1", "#ffffff"], dark: ["#121417", "#1b1e23"] } as const;
  for (const wanted of ["#ffcc00", "#14557b", "#000", "#fff", "#ff0000", "#777777", "#00ff00", "#0000ff"]) {
    const accent = readableAccent(wanted);
    for (const scheme of ["light", "dark"] as const) {
      for (const behind of paper[scheme]) {
        assert.ok(contrast(accent[scheme], behind) >= 4.5, `${wanted} ${scheme} ${accent[scheme]}`);
      }
    }
  }
  assert.equal(readableAccent("#14557b").light, "#14557b");
  assert.deepEqual(readableAccent("#8A8A8A").corrections.length, 1);
  const [correction, ...others] = readableAccent("#ffcc00").corrections;
  assert.deepEqual([correction?.scheme, others.length], ["light", 0]);
  assert.ok((correction?.contrast ?? 9) < 1.5);
  const { stylesheet } = createPages("", { accent: "#ffcc00" }).assets;
  assert.match(
    String(stylesheet.body),
    /:root \{\s*--accent: #[\da-f]{6};\s*--on-accent: #ffffff;\s*\}\s*@media \(prefers-color-scheme: dark\) \{\s*:root \{\s*--accent: #ffcc00;/,
  );
  assert.notEqual(stylesheet.path, createPages("").assets.stylesheet.path);
});

test("name, links and whom to ask stand on a page, escaped", () => {
  const pages = createPages("/login", {
    name: '<b>Acme & "Co"</b>',
    support: "https://help.example/?a=1&b=2",
    privacy: "https://acme.example/privacy",
    imprint: "https://acme.example/imprint",
  });
  const { html: page } = pages.renderPage(anError);
  assert.ok(page.includes("<span>&lt;b&gt;Acme &amp; &quot;Co&quot;&lt;/b&gt;</span>"));
  assert.ok(
    page.includes("<title>There is nothing here · &lt;b&gt;Acme &amp; &quot;Co&quot;&lt;/b&gt;</title>"),
  );
  assert.ok(page.includes('<a href="https://help.example/?a=1&amp;b=2" rel="noopener noreferrer">'));
  assert.match(
    page,
    /imprint" rel="noopener noreferrer">Legal notice<[\s\S]*privacy" rel="noopener noreferrer">Privacy</,
  );
  assert.match(page, /<link rel="icon" type="image\/svg\+xml" href="\/login\/assets\/icon-[\w-]{12}\.svg">/);
  assert.match(pages.renderPage(anError, "de").html, />Impressum<[\s\S]*>Datenschutz</);
  assert.doesNotMatch(createPages("").renderPage(anError).html, /class="brand"|class="links"/);
});

test("every sentence of a page can be replaced by itself, and reads the same then", () => {
  assert.ok(replaceable.size > 200);
  assert.ok(![...replaceable.keys()].some((key) => key.startsWith("mail.")));
  for (const [key, { placeholders }] of replaceable) {
    const text = `Own ${placeholders.map((name) => `{${name}}`).join(" ")}`;
    assert.equal(problemWith(key, text), undefined, key);
  }
  const words = withSentences("de", {
    de: {
      "consent.heading": "{server} für {app}",
      "consent.registeredOn": "Seit {day}",
      "connectedApps.questions.disconnect_all.heading": "Alle {count}?",
      "reasons.attemptExpired.explanation": "Nach {seconds} statt {limit}.",
      "reasons.foreignAccount.explanation": "{email} ist nicht von {domains}.",
      "reasons.cancelled.explanation": "Abgebrochen bei {provider}, nichts für {app}.",
    },
  });
  assert.equal(
    String(words.consent.heading({ app: "<i>", server: html`<b>S</b>` })),
    "<b>S</b> für &lt;i&gt;",
  );
  assert.equal(words.consent.registeredOn({ day: new Date("2026-11-26") }), "Seit 26. November 2026");
  assert.equal(words.connectedApps.questions.disconnect_all.heading({ count: 1200 }), "Alle 1.200?");
  const { reasons } = words;
  assert.deepEqual(reasons.attemptExpired({ seconds: 840, limit: 600 }), {
    title: "Diese Anmeldung hat zu lange gedauert",
    explanation: "Nach 14 Minuten statt 10 Minuten.",
  });
  const domains = ["a.example", "b.example"];
  assert.equal(
    reasons.foreignAccount({ email: "e@c.example", domains }).explanation,
    "e@c.example ist nicht von a.example oder b.example.",
  );
  assert.match(
    reasons.cancelled({ provider: "P", app: undefined }).explanation,
    /^Sie haben bei P abgebrochen/,
    "where something that it names is not known, ours stands",
  );
  assert.equal(withSentences("en", {}), catalogues.en);
});

test("a replaced sentence names what ours names, says something, and is text", () => {
  for (const [key, text, expected] of [
    ["consent.heading", "{app} wants in", /all of \{app\}, \{server\}, as in ours/],
    ["consent.approve", "Yes, {name}", /no placeholder: ours has none/],
    ["consent.trickByHost", "{host} {imitates} {more}", /no placeholders but \{host\}, \{imitates\}/],
    ["consent.onlyIfKnown", " ", /not left out/],
    ["reasons.noAddress.title", "", /not left out/],
    ["consent.approve", "Yes\u202e", /none of them invisible/],
    ["consent.approve", "x".repeat(1001), /at most 1000 characters/],
    ["mail.invitation", "x", /docs\/sentences\.md/],
  ] as const) {
    assert.match(problemWith(key, text)?.expected ?? "", expected, key);
  }
  assert.equal(problemWith("footer", ""), undefined);
  const pages = createPages(
    "",
    {},
    { sentences: { en: { "reasons.nothingHere.title": "<script>alert(1)</script>" } } },
  );
  assert.ok(pages.renderPage(anError).html.includes("<h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1>"));
  pages.replaceSentences({ en: { "reasons.nothingHere.title": "Lost?" } });
  assert.ok(pages.renderPage(anError).html.includes("<h1>Lost?</h1>"));
});
