import { oneLine } from "../../oauth/harmless.ts";
import type { ShownProblem } from "../../oauth/messages/console-page.ts";
import { type Html, html } from "../html.ts";
import type { ConsoleWords } from "./words.ts";

/* What several pages of the console are made of. */

/** A page's part of the frame. */
export interface Content {
  readonly title: string;
  readonly content: Html;
}

/** What every form posts to and carries. */
export interface Form {
  readonly action: string;
  readonly csrf: string;
}

export const hidden = (name: string, value: string): Html =>
  html`<input type="hidden" name="${name}" value="${value}">`;

/** A form whose buttons are its content, or which begins with fields. */
export const form = ({ action, csrf }: Form, content: Html, kind = "acts"): Html =>
  html`<form method="post" action="${action}" class="${kind}">${hidden("csrf", csrf)}${content}</form>`;

export const date = (instant: number): { readonly when: Date } => ({ when: new Date(instant * 1000) });

/** Characters of what others chose: enough to know it by. */
const longest = 160;

/** Text of others: on a line of its own direction, without what is invisible or turns text around. */
export const foreign = (text: string): Html => html`<bdi>${oneLine(text, longest)}</bdi>`;

/** A fact that there may not be. */
export const fact = (name: string, value: Html | string | number | undefined): Html | undefined =>
  value === undefined ? undefined : html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

/** A field with what it is called. */
export const field = (label: string, name: string, value: string, attributes?: Html): Html =>
  html`<div class="field"><label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="text" value="${value}" autocomplete="off" spellcheck="false"${attributes}></div>`;

export const area = (label: string, name: string, value: string, rows: number): Html =>
  html`<div class="field"><label for="${name}">${label}</label>
<textarea id="${name}" name="${name}" rows="${rows}" autocomplete="off" spellcheck="false">${`\n${value}`}</textarea></div>`;

/** A choice of one. */
export const choice = (
  label: string,
  name: string,
  options: Readonly<Record<string, string>>,
  chosen: string,
): Html =>
  html`<div class="field"><label for="${name}">${label}</label>
<select id="${name}" name="${name}">${Object.entries(options).map(([value, text]) => html`<option value="${value}"${value === chosen && html` selected=""`}>${text}</option>`)}</select></div>`;

/** Why what was entered is refused. */
export const problemOf = (problem: ShownProblem | undefined, words: ConsoleWords): Html | undefined =>
  problem &&
  html`<p class="problem" role="alert">${words.problems[problem.key]}${problem.about !== undefined && html` <code lang="en">${foreign(problem.about)}</code>`}</p>`;

/** The way through a long list. */
export function pager(
  { next, isFirst }: { readonly next: string | undefined; readonly isFirst: boolean },
  beginning: string,
  words: ConsoleWords,
): Html | undefined {
  if (next === undefined && isFirst) return undefined;
  return html`<p class="pager">
${!isFirst && html`<a href="${beginning}">${words.beginning}</a>`}
${next !== undefined && html`<a class="continue" href="${next}" rel="next">${words.next}</a>`}
</p>`;
}
