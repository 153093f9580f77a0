import type { ConsolePage } from "../oauth/messages/console-page.ts";
import { hasScript, type Page } from "../oauth/messages/page.ts";
import { type Assets, createAssets } from "./assets.ts";
import type { Brand } from "./brand.ts";
import { chooseProviderPage } from "./choose-provider.ts";
import { appsQuestionPage } from "./connected-apps.ts";
import { consentPage } from "./consent.ts";
import type { ConsolePages } from "./console/render.ts";
import { developmentSignInPage } from "./development-sign-in.ts";
import { errorPage } from "./error.ts";
import { homePage, signedOutPage } from "./home.ts";
import type { Html } from "./html.ts";
import { chooseLanguage, type Language } from "./language.ts";
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
import { type Sentences, withSentences } from "./sentences.ts";
import type { Words } from "./words.ts";

export interface Pages {
  /** A page's HTML, in the language that suits whoever sent this `Accept-Language`. */
  renderPage(page: Page, acceptLanguage?: string): RenderedPage;
  readonly assets: Assets;
  /** Takes these sentences in place of ours, from the next page on. */
  replaceSentences(sentences: Sentences): void;
}

export interface RenderedPage {
  readonly html: string;
  readonly language: Language;
}

/**
 * @param basePath the issuer's path without trailing slash: what all paths begin with
 * @param brand whose house it is
 * @param more `console`: what administrators see, if there are any; `sentences`: in place of ours
 */
export function createPages(
  basePath: string,
  brand: Brand = {},
  more: { readonly console?: ConsolePages | undefined; readonly sentences?: Sentences | undefined } = {},
): Pages {
  const assets = createAssets(basePath, brand);
  const { script, ...always } = assets;
  const wordsWith = (replaced: Sentences): Record<Language, Words> => ({
    en: withSentences("en", replaced),
    de: withSentences("de", replaced),
  });
  let current = wordsWith(more.sentences ?? {});
  return {
    assets,
    replaceSentences(replaced) {
      current = wordsWith(replaced);
    },
    renderPage(page, acceptLanguage) {
      const language = chooseLanguage(acceptLanguage);
      const words = current[language];
      const site = { brand, ...always, script: hasScript(page) ? script : undefined };
      if (page.kind === "console") {
        if (more.console === undefined) throw new Error("the pages of the console were not loaded");
        return { html: more.console.render(page, language, site, words), language };
      }
      return { html: layout(site, language, words, contentOf(page, words, brand)), language };
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
