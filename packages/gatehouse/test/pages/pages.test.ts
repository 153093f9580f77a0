import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorPage, Page } from "../../src/oauth/messages/page.ts";
import { html } from "../../src/pages/html.ts";
import { createPages } from "../../src/pages/render.ts";

const pages = createPages("/login");
const { stylesheet } = pages.assets;
const renderPage = (page: Page) => pages.renderPage(page).html;

const anError: ErrorPage = {
  kind: "error",
  status: 400,
  reason: { key: "damagedLink" },
  detail: "invalid_request: <b>",
  reference: "ab12-3",
  continueTo: undefined,
};

test("whatever is put into a page is escaped, for text and for attributes", () => {
  assert.equal(
    html`<p title="${`"'<>&`}">${"<b>"}</p>`.text,
    '<p title="&quot;&#39;&lt;&gt;&amp;">&lt;b&gt;</p>',
  );
  assert.equal(html`${[html`<i>${1}</i>`, "<", undefined, false]}`.text, "<i>1</i>&lt;");
});

test("an error page says what happened, what to do, and the reference for the log", () => {
  const page = renderPage(anError);
  for (const fact of [
    "This link is damaged",
    "start again from there.",
    "ab12-3",
    "invalid_request: &lt;b&gt;",
  ]) {
    assert.ok(page.includes(fact), fact);
  }
  assert.doesNotMatch(page, /href="https?:/);
});

test("an error page offers the way back as a link, not as a jump", () => {
  const page = renderPage({
    ...anError,
    continueTo: { uri: 'https://app.example/cb?error=x&a="', host: "app.example", isVouched: false },
  });
  assert.ok(page.includes('href="https://app.example/cb?error=x&amp;a=&quot;"'));
  assert.match(page, /rel="noopener noreferrer nofollow"/);
  assert.doesNotMatch(page, /http-equiv/);
});

test("the home page says who is signed in and lets them sign out", () => {
  const signedIn = renderPage({
    kind: "home",
    issuer: "https://h/login",
    signIn: [],
    session: {
      account: { email: "a@b.example", name: undefined },
      console: undefined,
      passkeys: undefined,
      csrf: "c",
      signOut: "/login/sign-out",
      apps: [],
      count: 0,
      appsAction: "/login/apps",
      appsCsrf: "d",
    },
  });
  assert.ok(
    signedIn.includes("a@b.example") &&
      signedIn.includes('action="/login/sign-out"') &&
      signedIn.includes('value="c"'),
  );
  const nobody = renderPage({ kind: "home", issuer: "https://h/login", signIn: [], session: undefined });
  assert.ok(!nobody.includes("<form"));
  assert.match(renderPage({ kind: "signed-out" }), /signed out/);
});

test("the development sign-in says what it is, and tells a mistake to a screen reader", () => {
  const page = renderPage({
    kind: "development-sign-in",
    action: "/d",
    state: "s",
    email: '"x',
    problem: "malformedAddress",
  });
  assert.match(page, /For development only/);
  assert.match(page, /aria-invalid="true" aria-describedby="problem"/);
  assert.match(page, /<p id="problem" class="problem" role="alert">/);
  assert.ok(page.includes('value="&quot;x"'));
});

test("every page refers to the one stylesheet, whose name follows its content", () => {
  assert.match(stylesheet.path, /^\/login\/assets\/gatehouse-[A-Za-z0-9_-]{12}\.css$/);
  assert.ok(renderPage(anError).includes(`href="${stylesheet.path}"`));
  assert.doesNotMatch(String(stylesheet.body), /url\(|@import/);
});
