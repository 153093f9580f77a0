import type { ConsolePage, PeopleView } from "../../oauth/messages/console-page.ts";
import { html } from "../html.ts";
import { type Content, date, foreign, pager } from "./parts.ts";
import type { ConsoleWords } from "./words.ts";

export function peoplePage({ at }: ConsolePage, view: PeopleView, words: ConsoleWords): Content {
  const { people: own } = words;
  const path = `${at}/people`;
  const isWhole = view.search === "" && !view.blocked;
  const current = (is: boolean) => is && html` aria-current="page"`;
  return {
    title: own.title,
    content: html`<h1>${own.title}</h1>
<form method="get" action="${path}" class="search" role="search">
<label for="q">${own.search}</label>
<input id="q" name="q" type="search" value="${view.search}" autocomplete="off" spellcheck="false" maxlength="254">
<button>${own.find}</button>
</form>
<ul class="filters">
<li><a class="tab" href="${path}"${current(isWhole)}>${own.everybody}</a></li>
<li><a class="tab" href="${path}?blocked=yes"${current(view.blocked)}>${own.onlyBlocked}</a></li>
</ul>
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
