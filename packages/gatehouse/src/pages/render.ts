import { hash } from "node:crypto";
import type { ConsolePage } from "../oauth/messages/console-page.ts";
import { hasScript, type Page } from "../oauth/messages/page.ts";
import { readShippedFile } from "../shipped-files.ts";
import type { Brand } from "./brand.ts";
import { chooseProviderPage } from "./choose-provider.ts";
import { appsQuestionPage } from "./connected-apps.ts";
import { consentPage } from "./consent.ts";
import type { ConsolePages } from "./console/render.ts";
import { developmentSignInPage } from "./development-sign-in.ts";
import { errorPage } from "./error.ts";
import { homePage, signedOutPage } from "./home.ts";
import type { Html } from "./html.ts";
import { catalogues, chooseLanguage, type Language } from "./language.ts";
import { layout } from "./layout.ts";
import {
  invitationPage,
  ownPasskeysPage,
  passkeyEntrancePage,
  passkeyReadyPage,
  passkeyRegistrationPage,
  passkeySignInPage,
  removePasskeyPage,
} from "./passkeys.ts";
import { refusedPersonPage } from "./refused-person.ts";
import type { Words } from "./words.ts";

export interface Pages {
  /** A page's HTML, in the language that suits whoever sent this `Accept-Language`. */
  renderPage(page: Page, acceptLanguage?: string): RenderedPage;
  /** To be served where the pages look for it; the name changes with the content. */
  readonly stylesheet: Asset;
  /** The same, of the pages of passkeys: no other has a script. */
  readonly script: Asset;
}

export interface Asset {
  readonly path: string;
  readonly body: string;
}

export interface RenderedPage {
  readonly html: string;
  readonly language: Language;
}

/**
 * @param basePath the issuer's path without trailing slash: what all paths begin with
 * @param console what administrators see, if there are any
 */
export function createPages(basePath: string, brand: Brand = {}, console?: ConsolePages): Pages {
  const asset = (file: string, name: string, ending: string): Asset => {
    const body = readShippedFile(`src/pages/${file}`);
    const version = hash("sha256", body, "base64url").slice(0, 12);
    return { path: `${basePath}/assets/${name}-${version}${ending}`, body };
  };
  const stylesheet = asset("style.css", "gatehouse", ".css");
  const script = asset("passkey.js", "passkey", ".js");
  return {
    stylesheet,
    script,
    renderPage(page, acceptLanguage) {
      const language = chooseLanguage(acceptLanguage);
      if (page.kind === "console") {
        if (console === undefined) throw new Error("the pages of the console were not loaded");
        return { html: console.render(page, language, stylesheet.path), language };
      }
      const content = contentOf(page, catalogues[language], brand);
      const site = { stylesheet: stylesheet.path, script: hasScript(page) ? script.path : undefined };
      return { html: layout(site, language, content), language };
    },
  };
}

function contentOf(
  page: Exclude<Page, ConsolePage>,
  words: Words,
  brand: Brand,
): { title: string; content: Html } {
  switch (page.kind) {
    case "consent":
      return consentPage(page, words);
    case "choose-provider":
      return chooseProviderPage(page, words);
    case "refused-person":
      return refusedPersonPage(page, words, brand);
    case "error":
      return errorPage(page, words, brand);
    case "home":
      return homePage(page, words);
    case "apps-question":
      return appsQuestionPage(page, words.connectedApps);
    case "signed-out":
      return signedOutPage(words);
    case "development-sign-in":
      return developmentSignInPage(page, words);
    case "passkey-sign-in":
      return passkeySignInPage(page, words);
    case "invitation":
      return invitationPage(page, words);
    case "passkey-registration":
      return passkeyRegistrationPage(page, words);
    case "passkey-ready":
      return passkeyReadyPage(page, words);
    case "passkey-entrance":
      return passkeyEntrancePage(page, words);
    case "own-passkeys":
      return ownPasskeysPage(page, words);
    case "remove-passkey":
      return removePasskeyPage(page, words);
  }
}
