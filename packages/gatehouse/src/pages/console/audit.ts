import type { AuditRecord } from "../../oauth/audit-record.ts";
import {
  type AuditField,
  type AuditView,
  auditFields,
  type ConsolePage,
} from "../../oauth/messages/console-page.ts";
import { type Html, html } from "../html.ts";
import { type Content, field, foreign, pager } from "./parts.ts";
import type { ConsoleWords } from "./words.ts";

export function auditPage({ at }: ConsolePage, view: AuditView, words: ConsoleWords): Content {
  const { audit: own } = words;
  const path = `${at}/audit`;
  const { asked, wrong } = view;
  const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== "")).toString();
  return {
    title: own.title,
    content: html`<h1>${own.title}</h1>
<form method="get" action="${path}" class="many-fields" role="search">
<div class="field"><label for="name">${own.fields.name}</label>
<select id="name" name="name"><option value="">${own.anything}</option>${view.names.map((name) => html`<option value="${name}"${name === asked.name && html` selected=""`}>${name}</option>`)}</select></div>
${auditFields.filter((each) => each !== "name").map((each) => field(own.fields[each], each, asked[each], attributesOf(each)))}
<button>${own.find}</button>
</form>
${wrong !== undefined && html`<p class="problem" role="alert">${wrong === "person" ? own.wrong.person : own.wrong.day}</p>`}
${view.records.length === 0 ? wrong === undefined && html`<p>${own.none}</p>` : recordList(view.records, at, words)}
${pager(view, query === "" ? path : `${path}?${query}`, words)}`,
  };
}

const attributesOf = (name: AuditField) =>
  name === "since" || name === "until"
    ? html` inputmode="numeric" placeholder="2026-11-26" maxlength="10"`
    : html` maxlength="2048"`;

/** Records, each on a row, with what leads on from it. */
export function recordList(records: readonly AuditRecord[], at: string, words: ConsoleWords): Html {
  return html`<ol class="records">${records.map((record) => html`<li>${recordLine(record, at, words)}</li>`)}</ol>`;
}

/** The names are the log's, for every language. */
function recordLine(record: AuditRecord, at: string, words: ConsoleWords): Html {
  const { name, outcome, time, actor, reference, facts, reason } = record;
  const detail = [reason, ...Object.entries(facts).map(([key, value]) => `${key}: ${value}`)].filter(Boolean);
  return html`<p><time datetime="${new Date(time).toISOString()}">${words.flows.at({ when: new Date(time) })}</time>
<strong lang="en"><code>${name}</code></strong> <span class="state ${outcome}">${words.flows.outcomes[outcome]}</span>
<span class="aside">${words.audit.by({ actor: actorOf(actor, at, words) })}</span></p>
<p class="aside about">${about(record, at)}${reference !== undefined && html` <a href="${at}/flow?reference=${encodeURIComponent(reference)}"><code>${reference}</code></a>`}</p>
${detail.length > 0 && html`<p class="aside" lang="en">${foreign(detail.join("; "))}</p>`}`;
}

function actorOf({ kind, id, how }: AuditRecord["actor"], at: string, { audit: own }: ConsoleWords): Html {
  if (id === undefined) return html`${own.actors[kind]}`;
  const more = how === undefined ? undefined : html` (${foreign(how)})`;
  return id.startsWith("user_") ? html`${person(id, at)}${more}` : html`<code>${foreign(id)}</code>${more}`;
}

const person = (subject: string, at: string) =>
  html`<a href="${at}/person?subject=${encodeURIComponent(subject)}"><code>${subject.slice(0, 14)}…</code></a>`;

/** Whom and what it is about. */
function about({ subject, client, resource, address, actor }: AuditRecord, at: string): Html {
  return html`${subject !== undefined && subject !== actor.id && html`${person(subject, at)} `}${client !== undefined && html`<a href="${at}/client?id=${encodeURIComponent(client)}"><code>${foreign(client)}</code></a> `}${resource !== undefined && html`<code>${foreign(resource)}</code> `}${address !== undefined && html`<code>${foreign(address)}</code>`}`;
}
