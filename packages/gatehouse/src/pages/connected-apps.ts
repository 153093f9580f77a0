import type { AppsQuestionPage, ConnectedApp, HomePage } from "../oauth/messages/page.ts";
import { shorten } from "../oauth/text.ts";
import { type Html, html } from "./html.ts";
import { readableName } from "./untrusted.ts";
import type { Words } from "./words.ts";

type Session = NonNullable<HomePage["session"]>;
type AppWords = Words["connectedApps"];

/** Characters of what others chose: enough to know it by. */
const addressLength = 120;
const scopeLength = 40;

/** Every installation that may act for the person, with what it may do, and how to end that (Z22, Z23). */
export function connectedAppsSection(session: Session, words: AppWords): Html {
  const { apps, count, appsAction, appsCsrf } = session;
  if (count === 0) return html`<h2>${words.heading}</h2>\n<p>${words.none}</p>`;
  const more = count - apps.length;
  return html`<h2>${words.heading}</h2>
<ul class="apps">
${apps.map((app) => connectedApp(app, { action: appsAction, fields: html`<input type="hidden" name="csrf" value="${appsCsrf}">` }, words))}
</ul>
${more > 0 && html`<p>${words.more({ more })}</p>`}
<form method="post" action="${appsAction}">
<input type="hidden" name="csrf" value="${appsCsrf}">
<div class="choices">
${count > 1 && html`<button class="deny" name="act" value="disconnect_all">${words.disconnectAll}</button>`}
<button class="deny" name="act" value="sign_out_everywhere">${words.signOutEverywhere}</button>
</div>
</form>`;
}

/** One of them. @param form where it is disconnected, and what its form carries besides */
export function connectedApp(
  app: ConnectedApp,
  form: {
    readonly action: string;
    readonly fields: Html;
    readonly act?: string;
    readonly label?: string;
  },
  words: AppWords,
): Html {
  const { grant, resource, connectedAt, usedAt, address, endsAt } = app;
  const name = html`<bdi>${nameOf(app, words)}</bdi>`;
  const day = (instant: number) => ({ day: new Date(instant * 1000) });
  return html`<li>
<h3>${name}</h3>
<p class="aside">${vouching(app, words)}</p>
<p>${resource === undefined ? words.noServer : html`${resource.name && html`<strong><bdi>${resource.name}</bdi></strong> `}<code>${shorten(resource.identifier, addressLength)}</code>`}</p>
${app.scopes.length > 0 && html`<ul>${app.scopes.map(({ name: scope, sentence }) => html`<li>${sentence ?? html`<code>${shorten(scope, scopeLength)}</code>`}</li>`)}</ul>`}
<p class="aside">${words.since(day(connectedAt))} ${address === undefined ? words.used(day(usedAt)) : words.usedFrom({ ...day(usedAt), address })} ${words.until(day(endsAt))}</p>
<form method="post" action="${form.action}">
${form.fields}
<input type="hidden" name="grant" value="${grant}">
<button class="deny small" name="act" value="${form.act ?? "disconnect"}" aria-label="${form.label ?? words.disconnectThis({ app: nameOf(app, words) })}">${form.label ?? words.disconnect}</button>
</form>
</li>`;
}

/** As the consent page calls it: what it calls itself stands in quotation marks. */
function nameOf({ client }: ConnectedApp, words: AppWords): string {
  if (client.certainName !== undefined) return client.certainName;
  if (client.vouchedBy === "operator") return client.name || client.id;
  const name = readableName(client.name ?? "");
  return name === "" ? words.withoutName : words.quoted({ name });
}

function vouching({ client }: ConnectedApp, words: AppWords): Html | string {
  switch (client.vouchedBy) {
    case "operator":
      return words.setUpHere;
    case "document":
      return words.publishedBy({ host: html`<bdi>${new URL(client.id).host}</bdi>` });
    case "self-asserted":
      return client.certainName === undefined ? words.nobodyVouches : words.knownApp;
    case undefined:
      return words.registrationGone;
  }
}

/** Asked before everything of a kind ends. */
export function appsQuestionPage(page: AppsQuestionPage, words: AppWords): { title: string; content: Html } {
  const { action, home, csrf, act, count } = page;
  const asked = words.questions[act];
  return {
    title: asked.title,
    content: html`<h1>${asked.heading({ count })}</h1>
<p>${asked.explanation}</p>
<form method="post" action="${action}">
<input type="hidden" name="csrf" value="${csrf}">
<input type="hidden" name="confirmed" value="yes">
<div class="choices">
<button class="approve" name="act" value="${act}">${asked.yes}</button>
<a class="continue deny" href="${home}">${words.no}</a>
</div>
</form>`,
  };
}
