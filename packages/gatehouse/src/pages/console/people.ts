import type { ConsolePage, PeopleView } from "../../oauth/messages/console-page.ts";
import { type Html, html } from "../html.ts";
import { type Content, date, foreign, pager } from "./parts.ts";
import type { ConsoleWords } from "./words.ts";

export function peoplePage({ at }: ConsolePage, view: PeopleView, words: ConsoleWords): Content {
  const { people: own } = words;
  const path = `${at}/people`;
  const isWhole = view.search === "" && !view.blocked;
  const tab = isWhole ? "everybody" : view.blocked ? "blocked" : undefined;
  return {
    title: own.title,
    content: html`<h1>${own.title}</h1>
<form method="get" action="${path}" class="search" role="search">
<label for="q">${own.search}</label>
<input id="q" name="q" type="search" value="${view.search}" autocomplete="off" spellcheck="false" maxlength="254">
<button>${own.find}</button>
</form>
${peopleTabs(at, tab, view.invites, words)}
${
  view.people.length === 0
    ? html`<p>${view.search !== "" ? own.noneFound : view.blocked ? own.noneBlocked : own.none}</p>`
    : html`<ul class="rows">
${view.people.map(
  ({ subject, email, name, provider, signedInAt, blockedAt }) => html`<li>
<a href="${at}/person?subject=${encodeURIComponent(subject)}">${email === "" ? own.withoutAddress : foreign(email)}</a>
<span>${name !== undefined && foreign(name)}</span>
<span class="aside">${own.lastSignIn(date(signedInAt))} · ${provider}</span>
${blockedAt !== undefined && html`<span class="badge unknown">${own.isBlocked}</span>`}
</li>`,
)}
</ul>`
}
${pager(view, isWhole ? path : `${path}?${new URLSearchParams(view.search === "" ? { blocked: "yes" } : { q: view.search })}`, words)}`,
  };
}

/** What of people there is to see. @param invites whether there are invitations */
export function peopleTabs(
  at: string,
  current: "everybody" | "blocked" | "invited" | undefined,
  invites: boolean,
  { people: own }: ConsoleWords,
): Html {
  const tab = (name: typeof current, path: string, title: string) =>
    html`<li><a class="tab" href="${at}${path}"${name === current && html` aria-current="page"`}>${title}</a></li>`;
  return html`<ul class="filters">
${tab("everybody", "/people", own.everybody)}
${tab("blocked", "/people?blocked=yes", own.onlyBlocked)}
${invites && tab("invited", "/invitations", own.onlyInvited)}
</ul>`;
}
