import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  openConsentPage,
  redeem,
  resource,
  type TestClient,
} from "../support/oauth-client.ts";
import { namesOf, traceOf } from "../support/traces.ts";
import { type Arrival, UserAgent } from "../support/user-agent.ts";

/* What somebody may try with references and with attempts that are not theirs. */

let server: TestGatehouse;
let client: TestClient;

before(async () => {
  server = await startTestGatehouse({ TRUSTED_PROXIES: "loopback", ADMINS: "boss@example.com" });
  await server.addResource(resource, { read: "Read your notes" });
  client = await aPublicClient(server);
});
after(() => server.stop());

const referenceOf = ({ headers }: { readonly headers: Headers }) => headers.get("x-request-id") ?? "";
const isClients = ({ port }: URL) => port === "33418";

/** Somebody at a computer of their own. */
class Person extends UserAgent {
  readonly #headers: Readonly<Record<string, string>>;

  constructor(name: string, address: string) {
    super();
    this.#headers = { "user-agent": `${name}'s browser`, "x-forwarded-for": address };
  }

  override request(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    for (const [name, value] of Object.entries(this.#headers)) headers.set(name, value);
    return super.request(url, { ...init, headers });
  }
}

async function signedIn(sub: string, agent: UserAgent): Promise<Arrival> {
  server.upstream.account = { sub, email: `${sub}@example.com`, email_verified: true };
  const { page } = await openConsentPage(server, client, agent);
  return page;
}

test("Z-n1 whoever guesses a reference is told nothing by any endpoint, and joins nothing by it", async () => {
  const page = await signedIn("alice", new UserAgent());
  const reference = referenceOf(page.response);
  const before = await traceOf(server, reference, "consent_shown");
  const unknown = "7777-8888-9999";
  const paths = (guess: string) => [
    `/${guess}`,
    `/trace/${guess}`,
    `/console?reference=${guess}`,
    `/console/trace?reference=${guess}`,
    `/console/traces/${guess}`,
    `/?reference=${guess}`,
    `/authorize?reference=${guess}&client_id=x`,
    `/callback?state=${guess}&code=x`,
    `/consent?transaction=${guess}`,
    `/sign-in?transaction=${guess}`,
    `/register/${guess}`,
    `/healthz?reference=${guess}`,
  ];
  const posts = (guess: string) =>
    [
      ["/token", { grant_type: "refresh_token", refresh_token: guess, client_id: client.id }],
      ["/token", { grant_type: "authorization_code", code: guess, client_id: client.id }],
      ["/introspect", { token: guess }],
      ["/revoke", { token: guess, client_id: client.id }],
      ["/consent", { transaction: guess, csrf: guess, decision: "approve" }],
      ["/sign-in", { transaction: guess, csrf: guess }],
    ] as const;
  /** All that a stranger can say a reference in. */
  const headersOf = (guess: string) => ({
    "x-request-id": guess,
    traceparent: `00-${guess.replaceAll("-", "").padEnd(32, "0").toLowerCase()}-0000000000000001-01`,
    cookie: `gatehouse-session=${guess}; gatehouse-attempt-${guess.slice(0, 12)}=${guess}; reference=${guess}`,
    authorization: `Bearer ${guess}`,
  });
  const answersTo = async (guess: string) => {
    const asked = [
      ...paths(guess).map((path) =>
        fetch(server.url + path, { headers: headersOf(guess), redirect: "manual" }),
      ),
      ...posts(guess).map(([path, form]) =>
        fetch(server.url + path, {
          method: "POST",
          body: new URLSearchParams(form),
          headers: { ...headersOf(guess), origin: server.issuer },
          redirect: "manual",
        }),
      ),
    ];
    return Promise.all(
      asked.map(async (answer) => {
        const { status, headers } = await answer;
        const own = referenceOf({ headers });
        assert.notEqual(own, guess, "a sent reference is not taken over");
        const text = (await (await answer).text()).replaceAll(own, "its own").replaceAll(guess, "the guess");
        return [status, text, headers.get("location")?.replaceAll(guess, "the guess")];
      }),
    );
  };
  const [there, nowhere] = [await answersTo(reference), await answersTo(unknown)];
  for (const [at, answer] of there.entries()) assert.deepEqual(answer, nowhere[at], `${at}`);
  // The next step of the attempt itself is written behind all of theirs.
  const refused = await fetch(`${server.url}/authorize`);
  await traceOf(server, referenceOf(refused), "request_refused");
  assert.deepEqual(await server.store.findTrace(reference), before);
  assert.deepEqual(await server.store.findTrace(unknown), []);
});

test("Z-n2 what a victim does with an attacker's attempt is not in its trace, which names another browser and nothing of it", async () => {
  const mallory = new Person("Mallory", "192.0.2.66");
  const begun = await mallory.request(authorizationUrl(server, client));
  const callbacks = referenceOf(begun);
  server.upstream.account = { sub: "mallory", email: "mallory@example.com", email_verified: true };
  const { url: callback } = await mallory.follow(
    begun.headers.get("location") ?? "",
    ({ pathname }) => pathname === "/callback",
  );
  const waiting = await signedIn("mallory", mallory);

  const victim = new Person("Victim", "203.0.113.9");
  const own = await signedIn("victor", victim);
  const [person] = await server.store.findAccounts("victor@example.com");
  for (const [link, attempt] of [
    [callback.href, callbacks],
    [waiting.url.href, referenceOf(waiting.response)],
  ] as const) {
    const opened = await victim.request(link);
    assert.equal(opened.status, 400);
    const its = referenceOf(opened);
    assert.notEqual(its, attempt);
    const steps = await traceOf(server, attempt, "other_browser");
    assert.equal(steps.filter(({ step }) => step === "authorization_received").length, 1);
    assert.equal(steps.at(-1)?.facts?.see, its, "an operator finds the other one by it");
    const text = JSON.stringify(steps);
    assert.match(text, /Mallory's browser/);
    for (const secret of ["Victim", "203.0.113.9", "victor", person?.subject ?? "?"]) {
      assert.ok(!text.includes(secret), secret);
    }
    const [theirs] = await traceOf(server, its, "request_refused");
    assert.deepEqual([theirs?.facts?.browser, theirs?.facts?.address], ["Victim's browser", "203.0.113.9"]);
  }

  // The link that begins an attempt begins another one in the other browser, with all of its steps.
  const link = await victim.follow(authorizationUrl(server, client), isClients);
  const anew = await traceOf(server, referenceOf(link.response), "consent_shown");
  assert.notEqual(referenceOf(link.response), callbacks);
  assert.deepEqual(namesOf(anew), ["authorization_received", "session_used", "consent_shown"]);
  // And the victim's own attempt goes on as if nothing had been.
  const end = await victim.submit(own, { decision: "approve" }, isClients);
  const redeemed = await redeem(server, client, end.url.searchParams.get("code") ?? "");
  assert.equal(redeemed.status, 200);
  const whole = await traceOf(server, referenceOf(own.response), "tokens_issued");
  assert.ok(!namesOf(whole).includes("other_browser"));
});
