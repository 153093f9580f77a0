import type { ConsolePage, GrantsView, GrantView } from "../../oauth/messages/console-page.ts";
import { connectedApp } from "../connected-apps.ts";
import { html } from "../html.ts";
import type { Words } from "../words.ts";
import { type Content, date, fact, foreign, hidden, pager } from "./parts.ts";
import type { ConsoleWords } from "./words.ts";

export function grantsPage({ at }: ConsolePage, view: GrantsView, words: ConsoleWords): Content {
  const { grants: own } = words;
  const path = `${at}/grants`;
  const { client, resource } = view;
  const which = client === undefined ? resource && { resource } : { client };
  return {
    title: own.title,
    content: html`<h1>${own.title}</h1>
${
  which &&
  html`<ul class="filters"><li><a class="tab" href="${path}">${own.all}</a></li>
<li><span class="tab current">${client === undefined ? own.forServer({ server: foreign(resource ?? "") }) : own.ofClient({ client: foreign(client) })}</span></li></ul>`
}
${
  view.grants.length === 0
    ? html`<p>${own.none}</p>`
    : html`<ul class="rows">${view.grants.map(
        (grant) => html`<li>
<a href="${at}/grant?id=${encodeURIComponent(grant.id)}">${foreign(grant.client)}</a>
<a href="${at}/person?subject=${encodeURIComponent(grant.subject)}">${grant.email === "" ? words.people.withoutAddress : foreign(grant.email)}</a>
<span>${grant.resource === undefined ? own.withoutServer : foreign(grant.resource)}</span>
<span class="aside">${own.since(date(grant.createdAt))}</span>
</li>`,
      )}</ul>`
}
${pager(view, which ? `${path}?${new URLSearchParams(which)}` : path, words)}`,
  };
}

export function grantPage(
  page: ConsolePage,
  view: GrantView,
  words: ConsoleWords,
  catalogue: Words,
): Content {
  const { grants: own } = words;
  const { at, csrf } = page;
  const client = view.app.client.id;
  return {
    title: own.title,
    content: html`<h1>${foreign(view.app.client.certainName ?? view.app.client.name ?? client)}</h1>
<ul class="apps">${connectedApp(view.app, { action: `${at}/grant`, fields: html`${hidden("csrf", csrf)}${hidden("id", view.app.grant)}`, act: "revoke", label: own.revoke }, catalogue.connectedApps)}</ul>
<dl class="facts">
${fact(own.person, html`<a href="${at}/person?subject=${encodeURIComponent(view.subject)}">${foreign(view.email || view.subject)}</a>`)}
${fact(own.client, html`<a href="${at}/client?id=${encodeURIComponent(client)}">${foreign(client)}</a>`)}
${fact(own.reference, view.reference && html`<a href="${at}/flow?reference=${encodeURIComponent(view.reference)}"><code>${view.reference}</code></a>`)}
</dl>
<p><a href="${at}/audit?grant=${encodeURIComponent(view.app.grant)}">${own.trail}</a></p>`,
  };
}
