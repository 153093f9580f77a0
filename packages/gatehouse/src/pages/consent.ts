import { getDomain } from "tldts";
import type { ConsentPage } from "../oauth/page.ts";
import { type Html, html } from "./html.ts";
import { readableName, safeLink } from "./untrusted.ts";

/**
 * The question itself: who asks, where the answer goes, for which server, to do what, as whom (D04-D07). The redirect host stands large, because it is
 * the one thing about a stranger's client that cannot be made up.
 */
export function consentPage(page: ConsentPage): { title: string; content: Html } {
  const name = readableName(page.client.name ?? "") || "An app without a name";
  const server =
    page.resource && (readableName(page.resource.name ?? "") || new URL(page.resource.identifier).host);
  return {
    title: `Allow ${name}?`,
    content: html`<p class="step">Connect an app</p>
<h1>Allow <bdi class="name">${name}</bdi> to use <bdi class="name">${server ?? "your account"}</bdi> as you?</h1>
${whoAsks(page)}
${destination(page)}
<dl class="facts">
${page.resource && html`<div><dt>MCP server</dt><dd>${server} <code>${page.resource.identifier}</code></dd></div>`}
<div><dt>It may</dt><dd><ul>${abilities(page)}</ul></dd></div>
<div><dt>Your account</dt><dd><strong><bdi>${page.account.email}</bdi></strong></dd></div>
</dl>
<form method="post" action="${page.action}">
<input type="hidden" name="transaction" value="${page.transaction}">
<input type="hidden" name="csrf" value="${page.csrf}">
<div class="choices">
<button class="approve" name="decision" value="approve">Approve</button>
<button class="deny" name="decision" value="deny">Deny</button>
</div>
<p class="aside">Not you? <button class="link" name="decision" value="switch_account">Use another account</button></p>
</form>
${links(page)}`,
  };
}

function whoAsks({ client }: ConsentPage): Html {
  if (client.vouchedBy === "operator") {
    return html`<p class="badge known">Set up by whoever runs this server</p>`;
  }
  if (client.vouchedBy === "document") {
    // D04: the site is known for certain, what it says is not.
    return html`<p class="badge published">Published by <bdi>${emphasised(new URL(client.id).host)}</bdi></p>`;
  }
  const since = new Date(client.registeredAt * 1000).toISOString().slice(0, 10);
  return html`<p class="badge unknown">Not verified: the app chose this name itself (registered ${since})</p>`;
}

/** D05, D06. */
function destination({ redirect }: ConsentPage): Html {
  const words = {
    web: ["Access goes to the website", "Continue only if you know this website and just came from it."],
    loopback: [
      "Access goes to a program on this computer",
      "Any program can call itself anything. Continue only if you just started connecting it yourself.",
    ],
    app: [
      "Access goes to the app that opens links beginning with",
      "Continue only if you just started connecting that app yourself.",
    ],
  } as const;
  const [label, warning] = words[redirect.kind];
  return html`<section class="destination ${redirect.kind}" aria-labelledby="goes-to">
<h2 id="goes-to">${label}</h2>
<p class="host"><bdi>${emphasised(redirect.host)}</bdi></p>
<p class="warning">${warning}</p>
<details><summary>Full address</summary><code>${redirect.uri}</code></details>
</section>`;
}

/** The part of a host that somebody registered stands out: everything left of it they may call as they like. */
function emphasised(host: string): Html {
  const registrable = getDomain(host, { allowPrivateDomains: true });
  if (registrable === null || !host.includes(registrable)) return html`${host}`;
  const at = host.lastIndexOf(registrable);
  return html`<span class="subdomain">${host.slice(0, at)}</span>${host.slice(at)}`;
}

/** D07. */
function abilities({ scopes, staysConnected, resource }: ConsentPage): Html[] {
  const named = scopes.map(({ name, sentence }) =>
    sentence === undefined ? html`<li><code>${name}</code></li>` : html`<li>${sentence}</li>`,
  );
  const general =
    resource === undefined ? html`<li>Know your e-mail address</li>` : html`<li>Use this server as you</li>`;
  const connection = staysConnected ? [html`<li>Stay connected without asking you again</li>`] : [];
  return [...(named.length > 0 ? named : [general]), ...connection];
}

function links({ client }: ConsentPage): Html | undefined {
  const offered = [
    ["About the app", client.homepage],
    ["Privacy policy", client.policy],
    ["Terms", client.terms],
  ] as const;
  const shown = offered.flatMap(([label, uri]) => {
    const link = safeLink(uri);
    return link === undefined
      ? []
      : [
          html`<li><a href="${link}" rel="noopener noreferrer nofollow">${label} (${new URL(link).host})</a></li>`,
        ];
  });
  return shown.length === 0
    ? undefined
    : html`<ul class="links" aria-label="What the app says of itself">${shown}</ul>`;
}
