import { oneLine } from "../../oauth/harmless.ts";
import type { ConsolePage, ConsoleView } from "../../oauth/messages/console-page.ts";
import { shownAccount } from "../account.ts";
import type { Asset } from "../assets.ts";
import { brandLinks, brandMark } from "../brand.ts";
import { html } from "../html.ts";
import type { Language } from "../language.ts";
import { documentOf, type Site } from "../layout.ts";
import type { Words } from "../words.ts";
import type { Content } from "./parts.ts";
import type { ConsoleWords } from "./words.ts";

/**
 * The frame of every page of the console: whose it is, its sections, who looks at it, one heading in
 * `content`.
 * @param style the console's own
 */
export function consoleLayout(
  site: Site,
  style: Asset,
  language: Language,
  page: ConsolePage,
  { title, content }: Content,
  words: ConsoleWords,
  catalogue: Words,
): string {
  const { at, home, view } = page;
  const { brand, logo } = site;
  const current = sectionOf[view.kind];
  const sections = [
    ["", "overview", words.overview.title],
    ["/people", "people", words.people.title],
    ["/grants", "grants", words.grants.title],
    ["/servers", "servers", words.servers.title],
    ["/clients", "clients", words.clients.title],
    ["/access", "access", words.access.title],
    ["/flows", "flows", words.flows.title],
    ["/audit", "audit", words.audit.title],
  ] as const;
  return documentOf(
    site,
    language,
    { title: `${oneLine(title, 100)} · ${words.title}`, style },
    html`<body class="console">
<header>
<p class="brand">${brandMark(brand, logo, catalogue) ?? html`<span>Gatehouse</span>`} <small>${words.title}</small></p>
<nav aria-label="${words.sections}">
<ul class="sections">${sections.map(([path, name, title]) => html`<li><a class="tab" href="${at}${path}"${name === current && html` aria-current="page"`}>${title}</a></li>`)}</ul>
</nav>
</header>
<main>
${content}
</main>
<footer>${words.signedInAs({ account: shownAccount(page.account, catalogue) })} · <a href="${home}">${words.home}</a>${brandLinks(brand, catalogue)}</footer>
</body>`,
  );
}

const sectionOf: Readonly<Record<ConsoleView["kind"], string | undefined>> = {
  overview: "overview",
  people: "people",
  person: "people",
  invitations: "people",
  "invitation-form": "people",
  invited: "people",
  grants: "grants",
  grant: "grants",
  servers: "servers",
  "server-form": "servers",
  server: "servers",
  clients: "clients",
  "client-form": "clients",
  client: "clients",
  access: "access",
  flows: "flows",
  flow: "flows",
  audit: "audit",
  secret: undefined,
  question: undefined,
  again: undefined,
  missing: undefined,
};
