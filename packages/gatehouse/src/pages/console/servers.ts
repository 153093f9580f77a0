import type {
  ConsolePage,
  ServerFormView,
  ServersView,
  ServerView,
} from "../../oauth/messages/console-page.ts";
import type { Declared } from "../../oauth/records.ts";
import { type Html, html } from "../html.ts";
import { area, type Content, choice, date, fact, field, foreign, form, hidden, problemOf } from "./parts.ts";
import type { ConsoleWords } from "./words.ts";

export function serversPage({ at }: ConsolePage, view: ServersView, words: ConsoleWords): Content {
  const { servers: own } = words;
  return {
    title: own.title,
    content: html`<h1>${own.title}</h1>
<p><a class="continue" href="${at}/servers/new">${own.add}</a></p>
${
  view.servers.length === 0
    ? html`<p>${own.none}</p>`
    : html`<ul class="rows">${view.servers.map(
        ({ id, identifier, name, scopes, declared }) => html`<li>
<a href="${at}/server?id=${id}">${name === undefined ? own.withoutName : foreign(name)}</a>
<span>${foreign(identifier)}</span>
<span class="aside">${own.scopes({ count: scopes.length })}</span>
<span class="aside">${declared !== undefined && words.clients.origins.declared}</span>
</li>`,
      )}</ul>`
}`,
  };
}

export function newServerPage(page: ConsolePage, view: ServerFormView, words: ConsoleWords): Content {
  const { servers: own } = words;
  return { title: own.add, content: html`<h1>${own.add}</h1>${settings(page, view, words)}` };
}

export function serverPage(page: ConsolePage, view: ServerView, words: ConsoleWords): Content {
  const { servers: own } = words;
  const { identifier, name } = view.form.entries;
  const target = { action: view.form.action, csrf: page.csrf };
  const id = hidden("id", view.id);
  const { declared } = view;
  return {
    title: name || identifier,
    content: html`<h1>${name === "" ? own.withoutName : foreign(name)}</h1>
<p><code>${foreign(identifier)}</code></p>
<dl class="facts">
${fact(own.shortId, html`<code>${view.id}</code>`)}
${fact(own.since, words.person.at(date(view.createdAt)))}
${fact(own.oldCredential, declared === undefined && view.previousUntil !== undefined ? words.person.at(date(view.previousUntil)) : undefined)}
</dl>
<p><a href="${page.at}/grants?${new URLSearchParams({ resource: identifier }).toString()}">${own.apps}</a></p>
${
  declared === undefined
    ? html`<h2>${own.settings}</h2>
${settings(page, view.form, words, id)}
<h2>${own.credential}</h2>
<p>${own.rotation}</p>
${form(target, html`${id}${hidden("act", "rotate")}${choice(own.keep, "keep", own.keeps, "24h")}<button class="deny small">${own.rotate}</button>`, "acts")}
<h2>${own.removal}</h2>
${form(target, html`${id}<button class="deny small" name="act" value="remove">${own.remove}</button>`)}`
    : html`${declaredAt(declared, words)}${problemOf(view.form.problem, words)}${shownScopes(view.form.entries.scopes)}`
}`,
  };
}

/** Where a file declares it. */
export function declaredAt({ place, leftAt }: Declared, { servers: own }: ConsoleWords): Html {
  return html`<p class="badge published">${own.declared({ place: html`<code>${foreign(place)}</code>` })}</p>
<p>${leftAt === undefined ? own.declaredElsewhere : own.left}</p>`;
}

const shownScopes = (scopes: string) => scopes !== "" && html`<pre><code>${scopes}</code></pre>`;

function settings({ csrf }: ConsolePage, view: ServerFormView, words: ConsoleWords, id?: Html): Html {
  const { servers: own } = words;
  const { entries, isNew } = view;
  return html`${problemOf(view.problem, words)}
${form(
  { action: view.action, csrf },
  html`${id}${hidden("act", "set")}
${isNew && field(own.identifier, "identifier", entries.identifier, html` required="" maxlength="2048" inputmode="url"`)}
${field(own.name, "name", entries.name, html` maxlength="200"`)}
${area(own.scopeLines, "scopes", entries.scopes, 4)}
${field(own.defaults, "defaults", entries.defaults)}
${field(own.optionals, "optionals", entries.optionals)}
<fieldset><legend>${own.claims}</legend>
${(["name", "groups"] as const).map((claim) => html`<p class="confirm"><input class="tick" type="checkbox" id="claim_${claim}" name="claim_${claim}" value="yes"${entries.claims.includes(claim) && html` checked=""`}><label class="confirm" for="claim_${claim}">${own.claimNames[claim]}</label></p>`)}
</fieldset>
<button>${isNew ? own.create : own.save}</button>`,
  "settings",
)}`;
}
