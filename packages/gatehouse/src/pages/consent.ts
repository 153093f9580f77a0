import { getDomain } from "tldts";
import type { ConsentPage } from "../oauth/messages/page.ts";
import { shownAccount } from "./account.ts";
import { type Html, html } from "./html.ts";
import { readableName, safeLink } from "./untrusted.ts";
import type { Words } from "./words.ts";

type ConsentWords = Words["consent"];

/**
 * The question itself: who asks, where access goes, for which server, to do what, as whom (D04-D07). What
 * the client says of itself stands in quotation marks; colours follow what this server knows by itself.
 */
export function consentPage(page: ConsentPage, catalogue: Words): { title: string; content: Html } {
  const { redirect, suspicion } = page;
  const words = catalogue.consent;
  const app = nameOf(page, words);
  return {
    title: app === undefined ? words.titleWithoutName : words.title({ app }),
    content: html`<p class="step">${words.step}</p>
<h1>${words.heading({ app: whoAsks(page, words), server: server(page, words) })}</h1>
${vouching(page, words)}
${whereAccessGoes(page, words)}
<dl class="facts">
<div><dt>${words.itMay}</dt><dd><ul>${abilities(page, words)}</ul></dd></div>
${page.resource && html`<div><dt>${words.mcpServer}</dt><dd>${page.resource.name} <code>${shortened(page.resource.identifier, addressLength)}</code></dd></div>`}
<div><dt>${words.yourAccount}</dt><dd>${shownAccount(page.account, catalogue)}</dd></div>
</dl>
<form method="post" action="${page.action}">
<input type="hidden" name="transaction" value="${page.transaction}">
<input type="hidden" name="csrf" value="${page.csrf}">
<input type="hidden" name="seen" value="${page.seen}">
${ticks(page, words)}
${redirect.destination === "stranger" && confirmation(redirect.host, words)}
<div class="choices${suspicion && " doubtful"}">
<button class="approve" name="decision" value="approve">${words.approve}</button>
<button class="deny" name="decision" value="deny" formnovalidate>${words.deny}</button>
</div>
<p class="aside">${words.notYou} <button class="link" name="decision" value="switch_account" formnovalidate>${words.anotherAccount}</button></p>
<p class="aside"><a href="${page.home}">${words.yourApps}</a></p>
</form>
${links(page, words)}`,
  };
}

/**
 * A name that is certain, or the operator's, as it is; one that the client gave itself in quotation marks.
 */
function nameOf({ client }: ConsentPage, words: ConsentWords): string | undefined {
  if (client.certainName !== undefined) return client.certainName;
  if (client.vouchedBy === "operator") return client.name || undefined;
  const name = readableName(client.name ?? "");
  return name === "" ? undefined : words.quoted({ name });
}

function whoAsks(page: ConsentPage, words: ConsentWords): Html | string {
  const app = nameOf(page, words);
  const { client } = page;
  if (app === undefined) return client.name === undefined ? words.withoutName : words.withUnreadableName;
  const name = html`<bdi class="name">${app}</bdi>`;
  return isNameVouchedFor(page) ? name : words.callsItself({ name });
}

function isNameVouchedFor({ client }: ConsentPage): boolean {
  return client.vouchedBy === "operator" || client.certainName !== undefined;
}

function server({ resource }: ConsentPage, words: ConsentWords): Html | string {
  if (resource === undefined) return words.account;
  if (resource.name) return html`<bdi class="name">${resource.name}</bdi>`;
  return words.serverAt({ host: html`<bdi class="name">${new URL(resource.identifier).host}</bdi>` });
}

function vouching({ client }: ConsentPage, words: ConsentWords): Html | undefined {
  if (client.vouchedBy === "operator") return html`<p class="badge known">${words.setUpHere}</p>`;
  if (client.vouchedBy === "self-asserted") return undefined;
  // D04: the site is known for certain, what it says is not.
  const host = html`<bdi>${emphasised(new URL(client.id).host)}</bdi>`;
  return html`<p class="badge published">${words.publishedBy({ host })}</p>`;
}

/** D05, D06. */
function whereAccessGoes(page: ConsentPage, words: ConsentWords): Html {
  const { destination } = page.redirect;
  const danger = page.suspicion !== undefined;
  return html`<section class="destination ${danger ? "danger" : destination}" aria-label="${words.whereAccessGoes}">
${danger && html`<p class="alarm">${alarm(page, words)}</p>`}
${page.redirect.kind === "web" ? website(page, words) : program(page, words)}
<details><summary>${words.fullAddress}</summary><code>${page.redirect.uri}</code>${since(page, words)}</details>
</section>`;
}

/**
 * The host stands large where nobody vouches for it, because it is the one thing about a stranger that
 * cannot be made up.
 */
function website({ redirect, client }: ConsentPage, words: ConsentWords): Html {
  const name = html`<bdi>${emphasised(redirect.host)}</bdi>`;
  const host = html`<strong>${name}</strong>`;
  if (redirect.destination === "known" && client.certainName !== undefined) {
    return html`<p>${words.goesToOwnSite({ host, app: client.certainName })}</p>`;
  }
  if (redirect.destination === "operator") return html`<p>${words.goesToOperatorsSite({ host })}</p>`;
  return html`<p>${words.goesToWebsite}</p>
<p class="host">${name}</p>
<p>${words.onlyIfKnown}</p>`;
}

function program(page: ConsentPage, words: ConsentWords): Html {
  const host = html`<bdi>${page.redirect.host}</bdi>`;
  const goesTo = page.redirect.kind === "app" ? words.goesToApp({ scheme: host }) : words.goesTo({ host });
  return html`<p>${whoever(page, words)}</p>
<p class="where">${goesTo}</p>`;
}

/** Who it is that asks, as far as anybody but the person can tell. */
function whoever(page: ConsentPage, words: ConsentWords): Html | string {
  const isProgram = page.redirect.kind === "loopback";
  const app = nameOf(page, words);
  if (app === undefined) return isProgram ? words.anyProgram : words.anyApp;
  const name = html`<bdi>${app}</bdi>`;
  if (isNameVouchedFor(page)) {
    return isProgram ? words.anyProgramLikeIt({ name }) : words.anyAppLikeIt({ name });
  }
  return isProgram ? words.anyProgramCalledLikeIt({ name }) : words.anyAppCalledLikeIt({ name });
}

function alarm(page: ConsentPage, words: ConsentWords): Html | undefined {
  const { suspicion } = page;
  if (suspicion === undefined) return undefined;
  const host = html`<bdi>${suspicion.host}</bdi>`;
  switch (suspicion.kind) {
    case "name": {
      const { imitates } = suspicion;
      const name = nameOf(page, words);
      return name === undefined
        ? words.trickByUnreadableName({ host, imitates })
        : words.trickByName({ name: html`<bdi>${name}</bdi>`, host, imitates });
    }
    case "host":
      return words.trickByHost({ host, imitates: suspicion.imitates });
    case "punycode":
      return words.trickByLetters({ host });
  }
}

function since({ client }: ConsentPage, words: ConsentWords): Html | undefined {
  if (client.vouchedBy !== "self-asserted") return undefined;
  return html`<p>${words.registeredOn({ day: new Date(client.registeredAt * 1000) })}</p>`;
}

/**
 * Approving a website takes two clicks in two places: a double click that began on another page does not do
 * it.
 */
function confirmation(host: string, words: ConsentWords): Html {
  return html`<label class="confirm"><input class="tick" type="checkbox" name="confirmed" value="yes" required> <span>${words.confirm({ host: html`<bdi>${host}</bdi>` })}</span></label>`;
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
function abilities({ scopes, staysConnected, resource }: ConsentPage, words: ConsentWords): Html[] {
  const declared = scopes
    .filter((scope) => scope.declared && scope.tick === undefined)
    .map(({ name, sentence }) =>
      sentence === undefined ? html`<li><code>${name}</code></li>` : html`<li>${sentence}</li>`,
    );
  const general = html`<li>${resource === undefined ? words.knowAddress : words.useServer}</li>`;
  const undeclared = scopes.filter((scope) => !scope.declared);
  return [
    ...(declared.length > 0 ? declared : [general]),
    ...(staysConnected ? [html`<li>${words.stayConnected}</li>`] : []),
    ...(undeclared.length > 0
      ? [
          alsoNamed(
            undeclared.map(({ name }) => name),
            words,
          ),
        ]
      : []),
  ];
}

/** What is allowed only to who ticks it; empty at first. */
function ticks({ scopes }: ConsentPage, words: ConsentWords): Html | undefined {
  const optional = scopes.filter(({ tick }) => tick !== undefined);
  if (optional.length === 0) return undefined;
  const boxes = optional.map(
    ({ name, sentence, tick }) =>
      html`<label class="confirm"><input class="tick" type="checkbox" name="${tick}" value="yes"> <span>${sentence ?? html`<code>${name}</code>`}</span></label>`,
  );
  return html`<fieldset class="ticks"><legend>${words.onlyWhatYouTick}</legend>${boxes}</fieldset>`;
}

/** Characters of what a client chooses itself: nothing it sends pushes the buttons off the page. */
const addressLength = 120;
const scopeLength = 40;
const namesShown = 5;

function shortened(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

function alsoNamed(names: readonly string[], words: ConsentWords): Html {
  const shown = names
    .slice(0, namesShown)
    .map((name, at) => html`${at > 0 && ", "}<code>${shortened(name, scopeLength)}</code>`);
  const scopes = html`${shown}`;
  const more = names.length - shown.length;
  return html`<li class="undeclared">${more > 0 ? words.alsoNamesMore({ scopes, more }) : words.alsoNames({ scopes })}</li>`;
}

/**
 * Only links to where the client is known to be at home: others would lend it the good name of another site.
 */
function links({ client, redirect }: ConsentPage, words: ConsentWords): Html | undefined {
  const offered = [
    [words.aboutTheApp, client.homepage],
    [words.privacyPolicy, client.policy],
    [words.terms, client.terms],
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
    : html`<ul class="links" aria-label="${words.saysOfItself}">${shown}</ul>`;
}

function siteOf(url: string): string {
  return getDomain(url, { allowPrivateDomains: true }) ?? new URL(url).hostname;
}
