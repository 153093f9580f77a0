import type { HomePage } from "../oauth/messages/page.ts";
import { shownAccount } from "./account.ts";
import { connectedAppsSection } from "./connected-apps.ts";
import { type Html, html } from "./html.ts";
import type { Words } from "./words.ts";

/** For whoever opens the server's own address. */
export function homePage(
  { issuer, session, signIn }: HomePage,
  catalogue: Words,
): { title: string; content: Html } {
  const words = catalogue.home;
  return {
    title: words.title,
    content: html`<p class="step">${words.title}</p>
<h1>${words.heading}</h1>
${
  session === undefined
    ? html`<p>${words.nothingToDo}</p>
<p>${words.nobodySignedIn}</p>
<p>${words.signInToSee}</p>
<p class="providers">${signIn.map(
        ({ href, provider }) =>
          html`<a class="continue" href="${href}">${provider === undefined ? words.signIn : words.signInWith({ provider })}</a>`,
      )}</p>`
    : html`<p>${words.signedIn({ account: shownAccount(session.account, catalogue) })}</p>
<form method="post" action="${session.signOut}">
<input type="hidden" name="csrf" value="${session.csrf}">
<div class="choices"><button class="deny">${words.signOut}</button></div>
</form>
${session.passkeys !== undefined && html`<p><a href="${session.passkeys}">${catalogue.passkeys.lookAfter}</a></p>`}
${session.console !== undefined && html`<p><a href="${session.console}">${words.console}</a></p>`}
${connectedAppsSection(session, catalogue.connectedApps)}`
}
<dl class="facts"><div><dt>${words.issuer}</dt><dd><code>${issuer}</code></dd></div></dl>`,
  };
}

export function signedOutPage({ home: words }: Words): { title: string; content: Html } {
  return {
    title: words.signedOutTitle,
    content: html`<p class="step">${words.title}</p>
<h1>${words.signedOut}</h1>
<p>${words.appsStayConnected}</p>`,
  };
}
