import type { ConsolePage, PersonView } from "../../oauth/messages/console-page.ts";
import { connectedApp } from "../connected-apps.ts";
import { type Html, html } from "../html.ts";
import type { Words } from "../words.ts";
import { type Content, date, fact, foreign, form, hidden } from "./parts.ts";
import type { ConsoleWords } from "./words.ts";

/** @param catalogue of the other pages, which tell of apps in the same words */
export function personPage(
  page: ConsolePage,
  view: PersonView,
  words: ConsoleWords,
  catalogue: Words,
): Content {
  const { person, apps, count } = view;
  const { person: own } = words;
  const name = person.email || person.upstreamSubject;
  const target = { action: `${page.at}/person`, csrf: page.csrf };
  const subject = hidden("subject", person.subject);
  return {
    title: name,
    content: html`<h1>${foreign(name)}</h1>
${person.blockedAt !== undefined && html`<p class="badge unknown">${words.people.isBlocked}</p>`}
${facts(view, words)}
<p><a href="${page.at}/access?person=${encodeURIComponent(person.subject)}">${own.testAccess}</a></p>
<h2>${own.doing}</h2>
${form(
  target,
  html`${subject}
${person.blockedAt === undefined ? html`<button class="deny small" name="act" value="block">${own.block}</button>` : html`<button class="deny small" name="act" value="unblock">${own.unblock}</button>`}
${count > 0 && html`<button class="deny small" name="act" value="disconnect_all">${own.disconnectAll}</button>`}
${person.email !== "" && html`<button class="deny small" name="act" value="release">${own.release}</button>`}
<button class="deny small" name="act" value="remove_person">${own.remove}</button>`,
)}
<h2>${own.apps} <span class="many">${own.amount({ count })}</span></h2>
${
  count === 0
    ? html`<p>${own.noApps}</p>`
    : html`<ul class="apps">${apps.map((app) => connectedApp(app, { action: target.action, fields: html`${hidden("csrf", page.csrf)}${subject}` }, catalogue.connectedApps))}</ul>
${count > apps.length && html`<p class="aside">${catalogue.connectedApps.more({ more: count - apps.length })}</p>`}`
}
${
  view.passkeys.length > 0 &&
  html`<h2>${own.passkeys} <span class="many">${own.amount({ count: view.passkeys.length })}</span></h2>
<ul class="rows">${view.passkeys.map(
    ({ name: called, createdAt, lastUsedAt }) =>
      html`<li><strong>${called === "" ? own.unnamedPasskey : foreign(called)}</strong> <span class="aside">${own.made(date(createdAt))} ${lastUsedAt === undefined ? own.neverUsed : own.used(date(lastUsedAt))}</span></li>`,
  )}</ul>`
}`,
  };
}

function facts({ person, provider, sessions }: PersonView, { person: own }: ConsoleWords): Html {
  const { groups, confirmedAt, blockedAt } = person;
  return html`<dl class="facts">
${fact(own.address, person.email === "" ? undefined : foreign(person.email))}
${fact(own.name, person.name && foreign(person.name))}
${fact(own.provider, provider ?? own.goneProvider({ name: person.provider }))}
${fact(own.groups, groups === undefined ? own.unknownGroups : groups.length === 0 ? own.noGroups : html`${groups.map((group, at) => html`${at > 0 && ", "}${foreign(group)}`)}`)}
${fact(own.sessions, own.amount({ count: sessions }))}
${fact(own.lastSignIn, own.at(date(person.signedInAt)))}
${fact(own.confirmed, confirmedAt && own.at(date(confirmedAt)))}
${fact(own.since, own.at(date(person.createdAt)))}
${fact(own.blockedSince, blockedAt && own.at(date(blockedAt)))}
${fact(own.subject, html`<code>${person.subject}</code>`)}
${fact(own.issuer, html`<code>${foreign(person.issuer)}</code>`)}
${fact(own.upstreamSubject, html`<code>${foreign(person.upstreamSubject)}</code>`)}
</dl>`;
}
