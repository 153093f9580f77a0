import { hash } from "node:crypto";
import type { ConsolePage } from "../../oauth/messages/console-page.ts";
import { readShippedFile } from "../../shipped-files.ts";
import type { Asset } from "../assets.ts";
import { type Brand, whomToAsk } from "../brand.ts";
import { html } from "../html.ts";
import type { Language } from "../language.ts";
import type { Site } from "../layout.ts";
import type { Words } from "../words.ts";
import { accessPage } from "./access.ts";
import { auditPage } from "./audit.ts";
import { clientPage, clientsPage, newClientPage } from "./clients.ts";
import { flowPage, flowsPage } from "./flows.ts";
import { grantPage, grantsPage } from "./grants.ts";
import { invitationsPage, invitedPage, newInvitationPage } from "./invitations.ts";
import { consoleCatalogues } from "./language.ts";
import { consoleLayout } from "./layout.ts";
import { overviewPage } from "./overview.ts";
import type { Content } from "./parts.ts";
import { peoplePage } from "./people.ts";
import { personPage } from "./person.ts";
import { againPage, questionPage, secretPage } from "./questions.ts";
import { newServerPage, serverPage, serversPage } from "./servers.ts";
import type { ConsoleWords } from "./words.ts";

/** What is loaded only where there is a console. */
export interface ConsolePages {
  /** Seen by administrators alone, as all of the console. */
  readonly stylesheet: Asset;
  /** @param words of all pages, as whoever runs the server words them */
  render(page: ConsolePage, language: Language, site: Site, words: Words): string;
}

/** @param consolePath below which the stylesheet is served */
export function createConsolePages(consolePath: string): ConsolePages {
  const body = readShippedFile("src/pages/console/console.css");
  const version = hash("sha256", body, "base64url").slice(0, 12);
  const stylesheet: Asset = { path: `${consolePath}/console-${version}.css`, body, type: "text/css" };
  return {
    stylesheet,
    render(page, language, site, catalogue) {
      const words = consoleCatalogues[language];
      const content = contentOf(page, words, catalogue, site.brand, language);
      return consoleLayout(site, stylesheet, language, page, content, words, catalogue);
    },
  };
}

function contentOf(
  page: ConsolePage,
  words: ConsoleWords,
  catalogue: Words,
  brand: Brand,
  language: Language,
): Content {
  const { view } = page;
  switch (view.kind) {
    case "overview":
      return overviewPage(page, view, words);
    case "people":
      return peoplePage(page, view, words);
    case "person":
      return personPage(page, view, words, catalogue);
    case "invitations":
      return invitationsPage(page, view, words);
    case "invitation-form":
      return newInvitationPage(page, view, words, language);
    case "invited":
      return invitedPage(page, view, words);
    case "grants":
      return grantsPage(page, view, words);
    case "grant":
      return grantPage(page, view, words, catalogue);
    case "servers":
      return serversPage(page, view, words);
    case "server-form":
      return newServerPage(page, view, words);
    case "server":
      return serverPage(page, view, words);
    case "clients":
      return clientsPage(page, view, words);
    case "client-form":
      return newClientPage(page, view, words);
    case "client":
      return clientPage(page, view, words);
    case "access":
      return accessPage(page, view, words);
    case "flows":
      return flowsPage(page, view, words);
    case "flow":
      return flowPage(page, view, words);
    case "audit":
      return auditPage(page, view, words);
    case "secret":
      return secretPage(page, view, words);
    case "question":
      return questionPage(page, view, words);
    case "again":
      return againPage(view, words);
    case "missing":
      return {
        title: words.missing.title,
        content: html`<h1>${words.missing.title}</h1>
<p>${words.missing.explanation}</p>
${brand.support !== undefined && html`<dl class="facts">${whomToAsk(brand, catalogue)}</dl>`}`,
      };
  }
}
