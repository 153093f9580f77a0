import type { HomePage } from "../oauth/messages/page.ts";
import { type Html, html } from "./html.ts";

/** For whoever opens the server's own address. */
export function homePage({ issuer, session }: HomePage): { title: string; content: Html } {
  return {
    title: "Sign-in server",
    content: html`<p class="step">Sign-in server</p>
<h1>This server signs you in to MCP servers</h1>
<p>There is nothing to do here. Add an MCP server's address to your app; it sends you here when it needs your approval.</p>
${
  session === undefined
    ? html`<p>You are not signed in in this browser.</p>`
    : html`<p>You are signed in as <strong><bdi>${session.email}</bdi></strong>. Signing out does not disconnect your apps.</p>
<form method="post" action="${session.signOut}">
<input type="hidden" name="csrf" value="${session.csrf}">
<div class="choices"><button class="deny">Sign out</button></div>
</form>`
}
<dl class="facts"><div><dt>Issuer, for developers</dt><dd><code>${issuer}</code></dd></div></dl>`,
  };
}

export function signedOutPage(): { title: string; content: Html } {
  return {
    title: "Signed out",
    content: html`<p class="step">Sign-in server</p>
<h1>You are signed out</h1>
<p>The next app that needs your approval will ask you to sign in again. Apps you connected before stay connected.</p>`,
  };
}
