import type {
  ClientFormView,
  ClientsView,
  ClientView,
  ConsolePage,
} from "../../oauth/messages/console-page.ts";
import { type Html, html } from "../html.ts";
import {
  area,
  type Content,
  choice,
  date,
  fact,
  field,
  foreign,
  form,
  hidden,
  pager,
  problemOf,
} from "./parts.ts";
import { declaredAt } from "./servers.ts";
import type { ConsoleWords } from "./words.ts";

export function clientsPage({ at }: ConsolePage, view: ClientsView, words: ConsoleWords): Content {
  const { clients: own } = words;
  const path = `${at}/clients`;
  const current = (is: boolean) => is && html` aria-current="page"`;
  return {
    title: own.title,
    content: html`<h1>${own.title}</h1>
<p><a class="continue" href="${path}/new">${own.add}</a></p>
<form method="get" action="${path}" class="search" role="search">
<label for="id">${own.search}</label>
<input id="id" name="id" type="search" value="${view.notFound ?? ""}" autocomplete="off" spellcheck="false" maxlength="2048">
<button>${own.find}</button>
</form>
${view.notFound !== undefined && html`<p class="problem" role="alert">${own.notFound({ id: foreign(view.notFound) })}</p>`}
<ul class="filters">
<li><a class="tab" href="${path}"${current(!view.provisioned)}>${own.all}</a></li>
<li><a class="tab" href="${path}?provisioned=yes"${current(view.provisioned)}>${own.onlyProvisioned}</a></li>
</ul>
${
  view.clients.length === 0
    ? html`<p>${own.none}</p>`
    : html`<ul class="rows">${view.clients.map(
        ({ id, metadata, dynamicallyRegistered, declared, lastUsedAt }) => html`<li>
<a href="${at}/client?id=${encodeURIComponent(id)}">${metadata.name === undefined ? own.withoutName : foreign(metadata.name)}</a>
<span><code>${foreign(id)}</code></span>
<span class="aside">${own.origins[declared !== undefined ? "declared" : !dynamicallyRegistered ? "operator" : /^https?:/.test(id) ? "document" : "registered"]}</span>
<span class="aside">${lastUsedAt === undefined ? own.neverUsed : own.lastUsed(date(lastUsedAt))}</span>
</li>`,
      )}</ul>`
}
${pager(view, view.provisioned ? `${path}?provisioned=yes` : path, words)}`,
  };
}

export function newClientPage({ csrf }: ConsolePage, view: ClientFormView, words: ConsoleWords): Content {
  const { clients: own } = words;
  const { entries } = view;
  const methods = Object.fromEntries(view.methods.map((method) => [method, own.methods[method]]));
  return {
    title: own.add,
    content: html`<h1>${own.add}</h1>
${problemOf(view.problem, words)}
${form(
  { action: view.action, csrf },
  html`${field(own.id, "id", entries.id, html` required="" maxlength="200"`)}
${field(own.name, "name", entries.name, html` maxlength="200"`)}
${choice(own.authMethod, "auth_method", methods, entries.authMethod)}
${area(own.redirectLines, "redirect_uris", entries.redirectUris, 3)}
<button>${own.create}</button>`,
  "settings",
)}`,
  };
}

export function clientPage(page: ConsolePage, view: ClientView, words: ConsoleWords): Content {
  const { clients: own } = words;
  const { client } = view;
  const { name } = client.metadata;
  const target = { action: `${page.at}/client`, csrf: page.csrf };
  const id = hidden("id", client.id);
  const mayRemove = client.declared === undefined;
  return {
    title: name ?? client.id,
    content: html`<h1>${name === undefined ? own.withoutName : foreign(name)}</h1>
${problemOf(view.problem, words)}
${facts(view, words)}
<p><a href="${page.at}/grants?${new URLSearchParams({ client: client.id }).toString()}">${own.apps}</a></p>
${client.declared !== undefined && declaredAt(client.declared, words)}
${
  view.form &&
  html`<h2>${own.settings}</h2>
${form(
  { action: view.form.action, csrf: page.csrf },
  html`${id}${hidden("act", "set")}
${field(own.name, "name", view.form.entries.name, html` maxlength="200"`)}
${area(own.redirectLines, "redirect_uris", view.form.entries.redirectUris, 3)}
<button>${own.save}</button>`,
  "settings",
)}`
}
${
  view.vouching !== undefined &&
  html`<h2>${own.vouching}</h2>
<p>${own.vouchExplained}</p>
${form(target, html`${id}${hidden("seen", view.seen)}<button class="deny small" name="act" value="${view.vouching === "given" ? "withdraw" : "vouch"}">${view.vouching === "given" ? own.withdraw : own.vouch}</button>`)}`
}
${
  view.mayRotate &&
  html`<h2>${own.secret}</h2>
<p>${own.rotation}</p>
${form(target, html`${id}${hidden("act", "rotate")}${choice(words.servers.keep, "keep", words.servers.keeps, "24h")}<button class="deny small">${own.rotate}</button>`)}`
}
${
  mayRemove &&
  html`<h2>${own.removal}</h2>
${form(target, html`${id}<button class="deny small" name="act" value="remove">${own.remove}</button>`)}`
}`,
  };
}

function facts({ client, origin, previousUntil }: ClientView, words: ConsoleWords): Html {
  const { clients: own } = words;
  const at = (instant: number | undefined) =>
    instant === undefined ? undefined : words.person.at(date(instant));
  return html`<dl class="facts">
${fact(own.id, html`<code>${foreign(client.id)}</code>`)}
${fact(own.origin, own.origins[origin])}
${fact(own.authMethod, own.methods[client.authMethod])}
${fact(own.grantTypes, html`<code>${client.grantTypes.join(" ")}</code>`)}
${fact(own.redirects, html`${client.redirectUris.map((uri) => html`<code>${foreign(uri)}</code>`)}`)}
${fact(own.homePage, client.metadata.uri && html`<code>${foreign(client.metadata.uri)}</code>`)}
${fact(own.createdAt, at(client.createdAt))}
${fact(own.lastUse, at(client.lastUsedAt) ?? own.neverUsed)}
${fact(own.oldSecret, at(previousUntil))}
</dl>`;
}
