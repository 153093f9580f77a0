import { oneLine } from "../../oauth/harmless.ts";
import type { ConsolePage, ConsoleView } from "../../oauth/messages/console-page.ts";
import { shownAccount } from "../account.ts";
import { html } from "../html.ts";
import type { Language } from "../language.ts";
import type { Words } from "../words.ts";
import type { Content } from "./parts.ts";
import type { ConsoleWords } from "./words.ts";

/** Where the stylesheets are. */
export interface ConsoleSite {
  readonly stylesheets: readonly string[];
}

/** The frame of every page of the console: its sections, who looks at it, one heading in `content`. */
export function consoleLayout(
  { stylesheets }: ConsoleSite,
  language: Language,
  page: ConsolePage,
  { title, content }: Content,
  words: ConsoleWords,
  catalogue: Words,
): string {
  const { at, home, view } = page;
  const current = sectionOf[view.kind];
  const sections = [
    ["", "overview", words.overview.title],
    ["/people", "people", words.people.title],
    ["/grants", "grants", words.grants.title],
    ["/servers", "servers", words.servers.title],
    ["/clients", "clients", words.clients.title],
    ["/flows", "flows", words.flows.title],
    ["/audit", "audit", words.audit.title],
  ] as const;
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${oneLine(title, 100)} · ${words.title} · Gatehouse</title>
${stylesheets.map((path) => html`<link rel="stylesheet" href="${path}">`)}
</head>
<body class="console">
<header>
<p class="brand">Gatehouse <span>${words.title}</span></p>
<nav aria-label="${words.sections}">
<ul class="sections">${sections.map(([path, name, title]) => html`<li><a class="tab" href="${at}${path}"${name === current && html` aria-current="page"`}>${title}</a></li>`)}</ul>
</nav>
</header>
<main>
${content}
</main>
<footer>${words.signedInAs({ account: shownAccount(page.account, catalogue) })} · <a href="${home}">${words.home}</a></footer>
</body>
</html>
`.text;
}

const sectionOf: Readonly<Record<ConsoleView["kind"], string | undefined>> = {
  overview: "overview",
  people: "people",
  person: "people",
  grants: "grants",
  grant: "grants",
  servers: "servers",
  "server-form": "servers",
  server: "servers",
  clients: "clients",
  "client-form": "clients",
  client: "clients",
  flows: "flows",
  flow: "flows",
  audit: "audit",
  secret: undefined,
  question: undefined,
  again: undefined,
  missing: undefined,
};
