import { getDomain } from "tldts";
import type { ConsentPage } from "../oauth/messages/page.ts";
import { type Html, html } from "./html.ts";
import { readableName, safeLink } from "./untrusted.ts";

/**
 * The question itself: who asks, where access goes, for which server, to do what, as whom (D04-D07). What
 * the client says of itself stands in quotation marks; colours follow what this server knows by itself.
 */
export function consentPage(page: ConsentPage): { title: string; content: Html } {
  const { redirect, suspicion } = page;
  return {
    title: `Allow ${nameOf(page) ?? "an app"}?`,
    content: html`<p class="step">Connect an app</p>
<h1>${whoAsks(page)} wants to use ${server(page)} as you</h1>
${vouching(page)}
${whereAccessGoes(page)}
<dl class="facts">
<div><dt>It may</dt><dd><ul>${abilities(page)}</ul></dd></div>
${page.resource && html`<div><dt>MCP server</dt><dd>${page.resource.name} <code>${shortened(page.resource.identifier, addressLength)}</code></dd></div>`}
<div><dt>Your account</dt><dd><strong><bdi>${page.account.email}</bdi></strong></dd></div>
</dl>
<form method="post" action="${page.action}">
<input type="hidden" name="transaction" value="${page.transaction}">
<input type="hidden" name="csrf" value="${page.csrf}">
<input type="hidden" name="seen" value="${page.seen}">
${redirect.destination === "stranger" && confirmation(redirect.host)}
<div class="choices${suspicion && " doubtful"}">
<button class="approve" name="decision" value="approve">Approve</button>
<button class="deny" name="decision" value="deny" formnovalidate>Deny</button>
</div>
<p class="aside">Not you? <button class="link" name="decision" value="switch_account" formnovalidate>Use another account</button></p>
</form>
${links(page)}`,
  };
}

/** A name that is certain, or the operator's, as it is; one that the client gave itself in quotation marks. */
function nameOf({ client }: ConsentPage): string | undefined {
  if (client.certainName !== undefined) return client.certainName;
  if (client.vouchedBy === "operator") return client.name || undefined;
  const name = readableName(client.name ?? "");
  return name === "" ? undefined : `“${name}”`;
}

function whoAsks(page: ConsentPage): Html {
  const name = nameOf(page);
  const { client } = page;
  if (name === undefined) {
    return client.name === undefined ? html`An app without a name` : html`An app with an unreadable name`;
  }
  const claims = client.vouchedBy !== "operator" && client.certainName === undefined;
  return html`${claims && html`<span class="lead">An app that calls itself</span> `}<bdi class="name">${name}</bdi>`;
}

function server({ resource }: ConsentPage): Html {
  if (resource === undefined) return html`your account`;
  if (resource.name) return html`<bdi class="name">${resource.name}</bdi>`;
  return html`the MCP server at <bdi class="name">${new URL(resource.identifier).host}</bdi>`;
}

function vouching({ client }: ConsentPage): Html | undefined {
  if (client.vouchedBy === "operator") {
    return html`<p class="badge known">Set up by whoever runs this server</p>`;
  }
  if (client.vouchedBy === "self-asserted") return undefined;
  // D04: the site is known for certain, what it says is not.
  return html`<p class="badge published">Published by <bdi>${emphasised(new URL(client.id).host)}</bdi></p>`;
}

/** D05, D06. */
function whereAccessGoes(page: ConsentPage): Html {
  const { destination } = page.redirect;
  const danger = page.suspicion !== undefined;
  return html`<section class="destination ${danger ? "danger" : destination}" aria-label="Where access goes">
${danger && alarm(page)}
${page.redirect.kind === "web" ? website(page) : program(page)}
<details><summary>Full address</summary><code>${page.redirect.uri}</code>${since(page)}</details>
</section>`;
}

/**
 * The host stands large where nobody vouches for it, because it is the one thing about a stranger that
 * cannot be made up.
 */
function website({ redirect, client }: ConsentPage): Html {
  const host = html`<bdi>${emphasised(redirect.host)}</bdi>`;
  switch (redirect.destination) {
    case "known":
      return html`<p>Access goes to <strong>${host}</strong>, where ${client.certainName}’s answers really go.</p>`;
    case "operator":
      return html`<p>Access goes to <strong>${host}</strong>.</p>`;
    default:
      return html`<p>Access goes to the website</p>
<p class="host">${host}</p>
<p>Continue only if you know this website and just came from it.</p>`;
  }
}

function program(page: ConsentPage): Html {
  const { client, redirect } = page;
  const name = nameOf(page);
  const what = redirect.kind === "loopback" ? "program" : "app";
  const claim =
    client.certainName !== undefined || client.vouchedBy === "operator" ? "say it is" : "call itself";
  const whoever =
    name === undefined
      ? html`This may be any ${what} on this computer`
      : html`Any ${what} on this computer can ${claim} <bdi>${name}</bdi>`;
  return html`<p>${whoever}: only you know whether you just started it.</p>
<p class="where">Access goes to ${redirect.kind === "app" && "the app that opens links beginning with "}<bdi>${redirect.host}</bdi></p>`;
}

function alarm(page: ConsentPage): Html | undefined {
  const { suspicion } = page;
  switch (suspicion?.kind) {
    case "name": {
      const name = nameOf(page);
      const claim =
        name === undefined
          ? html`its name is made to look like ${suspicion.imitates}`
          : html`it calls itself <bdi>${name}</bdi>`;
      return html`<p class="alarm">This may be a trick: ${claim}, but <bdi>${suspicion.host}</bdi> is not an address of ${suspicion.imitates}.</p>`;
    }
    case "host":
      return html`<p class="alarm">This may be a trick: <bdi>${suspicion.host}</bdi> looks like ${suspicion.imitates}, but is not.</p>`;
    case "punycode":
      return html`<p class="alarm">This may be a trick: <bdi>${suspicion.host}</bdi> stands for letters that can look like those of another address.</p>`;
    default:
      return undefined;
  }
}

function since({ client }: ConsentPage): Html | undefined {
  if (client.vouchedBy !== "self-asserted") return undefined;
  const day = new Date(client.registeredAt * 1000).toISOString().slice(0, 10);
  return html`<p>Registered itself here on ${day}.</p>`;
}

/**
 * Approving a website takes two clicks in two places: a double click that began on another page does not do
 * it.
 */
function confirmation(host: string): Html {
  return html`<label class="confirm"><input class="tick" type="checkbox" name="confirmed" value="yes" required> <span>I know <bdi>${host}</bdi> and just came from there</span></label>`;
}

/**
 * The part of a host that somebody registered stands out: everything left of it they may call as they like.
 */
function emphasised(host: string): Html {
  const registrable = getDomain(host, { allowPrivateDomains: true });
  if (registrable === null || !host.includes(registrable)) return html`${host}`;
  const at = host.lastIndexOf(registrable);
  return html`<span class="subdomain">${host.slice(0, at)}</span>${host.slice(at)}`;
}

/**
 * D07. What the MCP server declares is said in its words; names that a client may have invented replace
 * nothing.
 */
function abilities({ scopes, staysConnected, resource }: ConsentPage): Html[] {
  const declared = scopes
    .filter((scope) => scope.declared)
    .map(({ name, sentence }) =>
      sentence === undefined ? html`<li><code>${name}</code></li>` : html`<li>${sentence}</li>`,
    );
  const general =
    resource === undefined ? html`<li>Know your e-mail address</li>` : html`<li>Use this server as you</li>`;
  const undeclared = scopes.filter((scope) => !scope.declared);
  return [
    ...(declared.length > 0 ? declared : [general]),
    ...(staysConnected ? [html`<li>Stay connected without asking you again</li>`] : []),
    ...(undeclared.length > 0 ? [alsoNamed(undeclared.map(({ name }) => name))] : []),
  ];
}

/** Characters of what a client chooses itself: nothing it sends pushes the buttons off the page. */
const addressLength = 120;
const scopeLength = 40;
const namesShown = 5;

function shortened(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

function alsoNamed(names: readonly string[]): Html {
  const shown = names
    .slice(0, namesShown)
    .map((name, at) => html`${at > 0 && ", "}<code>${shortened(name, scopeLength)}</code>`);
  const rest = names.length - shown.length;
  return html`<li class="undeclared">It also names ${shown}${rest > 0 && html` and ${rest} more`}, which this page cannot explain</li>`;
}

/**
 * Only links to where the client is known to be at home: others would lend it the good name of another site.
 */
function links({ client, redirect }: ConsentPage): Html | undefined {
  const offered = [
    ["About the app", client.homepage],
    ["Privacy policy", client.policy],
    ["Terms", client.terms],
  ] as const;
  const homes = [
    ...(client.vouchedBy === "document" ? [siteOf(client.id)] : []),
    ...(redirect.kind === "web" ? [siteOf(redirect.uri)] : []),
  ];
  const shown = offered.flatMap(([label, uri]) => {
    const link = safeLink(uri);
    return link === undefined || !(client.vouchedBy === "operator" || homes.includes(siteOf(link)))
      ? []
      : [
          html`<li><a href="${link}" rel="noopener noreferrer nofollow">${label} (${new URL(link).host})</a></li>`,
        ];
  });
  return shown.length === 0
    ? undefined
    : html`<ul class="links" aria-label="What the app says of itself">${shown}</ul>`;
}

function siteOf(url: string): string {
  return getDomain(url, { allowPrivateDomains: true }) ?? new URL(url).hostname;
}
