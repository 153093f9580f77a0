import type {
  AccessToken,
  Account,
  AuthorizationRequest,
  BrowserSession,
  Code,
  Consent,
  FoundCode,
  Grant,
  KnownAccount,
  NewGrant,
  SignInChoice,
  Standing,
  TokenGrant,
  Transaction,
} from "../oauth/records.ts";
import type { AttemptState } from "../oauth/store/transactions.ts";
import type { GrantUse } from "../oauth/store/uses.ts";
import type { ClientId, GrantId, ResourceIdentifier, Seconds, SecretHash, Subject } from "../oauth/values.ts";
import { type Columns, layout, type Written } from "./layout.ts";

/*
 * The records, as they stand in the tables of both databases.
 */

/** @param table as the statement calls it, with a dot, where several have such columns */
const readGrant = (column: Columns, table = ""): Grant => {
  const id = column.text<GrantId>(`${table}id`);
  const clientId = column.text<ClientId>(`${table}client_id`);
  const subject = column.text<Subject>(`${table}subject`);
  const email = column.text(`${table}email`);
  const scope = column.text(`${table}scope`);
  const takenScope = column.optionalText(`${table}taken_scope`);
  const reference = column.optionalText(`${table}reference`);
  return {
    id,
    clientId,
    subject,
    email,
    scope,
    resource: column.filledText<ResourceIdentifier>(`${table}resource`),
    generation: column.integer(`${table}generation`),
    salt: column.text(`${table}salt`),
    authTime: column.instant(`${table}auth_time`),
    createdAt: column.instant(`${table}created_at`),
    rotatedAt: column.instant(`${table}rotated_at`),
    expiresAt: column.instant(`${table}expires_at`),
    endsAt: column.instant(`${table}ends_at`),
    keyId: column.optionalInteger(`${table}key_id`),
    ...(takenScope && { takenScope }),
    ...(reference && { reference }),
  };
};

export const grants = layout((column) => readGrant(column));

/** Of a grant that is made. */
export const newGrants = layout(
  (column): NewGrant => ({ ...readGrant(column), tokenAddress: column.optionalText("token_address") }),
  (grant, { instant }) => ({
    id: grant.id,
    client_id: grant.clientId,
    subject: grant.subject,
    email: grant.email,
    scope: grant.scope,
    taken_scope: grant.takenScope ?? null,
    resource: grant.resource ?? "",
    generation: grant.generation,
    salt: grant.salt,
    auth_time: instant(grant.authTime),
    created_at: instant(grant.createdAt),
    rotated_at: instant(grant.rotatedAt),
    expires_at: instant(grant.expiresAt),
    ends_at: instant(grant.endsAt),
    key_id: grant.keyId ?? null,
    reference: grant.reference ?? null,
    token_address: grant.tokenAddress ?? null,
  }),
);

/** @param table as the statement calls it, with a dot, where several have such columns */
const readToken = (column: Columns, table = ""): AccessToken => ({
  tokenHash: column.text<SecretHash>(`${table}token`),
  email: column.text(`${table}email`),
  subject: column.optionalText<Subject>(`${table}subject`),
  clientId: column.optionalText<ClientId>(`${table}client_id`),
  grantId: column.optionalText<GrantId>(`${table}grant_id`),
  scope: column.optionalText(`${table}scope`),
  resource: column.filledText<ResourceIdentifier>(`${table}resource`),
  createdAt: column.instant(`${table}created_at`),
  expiresAt: column.instant(`${table}expires_at`),
});

/** When each was used last, of {@link usesOfGrants}. */
export const grantUses = layout((column): [GrantId, Omit<GrantUse, "grantId">] => [
  column.text<GrantId>("id"),
  { usedAt: column.instant("used_at"), address: column.optionalText("token_address") },
]);

/** A grant's row notes each rotation by itself, which may be after the last use that was noted besides. */
export const usesOfGrants =
  "(select id, case when used_at > rotated_at then used_at else rotated_at end as used_at, token_address from gatehouse_grants) as uses";

export const accessTokens = layout(
  (column) => readToken(column),
  (token, { instant }) => ({
    token: token.tokenHash,
    email: token.email,
    subject: token.subject ?? null,
    client_id: token.clientId ?? null,
    grant_id: token.grantId ?? null,
    scope: token.scope ?? null,
    resource: token.resource ?? null,
    created_at: instant(token.createdAt),
    expires_at: instant(token.expiresAt),
  }),
);

/** An authorization request in the row of a transaction or a code, which call two columns differently. */
const readRequest = (column: Columns, uri: string, state: string, table = ""): AuthorizationRequest => {
  const clientId = column.text<ClientId>(`${table}client_id`);
  const redirectUri = column.text(`${table}${uri}`);
  const sentState = column.optionalText(`${table}${state}`);
  const codeChallenge = column.filledText(`${table}code_challenge`);
  column.text(`${table}code_challenge_method`); // S256 wherever there is a challenge
  const scope = column.text(`${table}scope`);
  const resource = column.filledText<ResourceIdentifier>(`${table}resource`);
  const reference = column.optionalText(`${table}reference`);
  const authorization = { clientId, redirectUri, state: sentState, codeChallenge, scope, resource };
  return reference === undefined ? authorization : { ...authorization, reference };
};

const writeRequest = (authorization: AuthorizationRequest, uri: string, state: string): Written => ({
  client_id: authorization.clientId,
  [uri]: authorization.redirectUri,
  [state]: authorization.state ?? null,
  code_challenge: authorization.codeChallenge ?? "",
  code_challenge_method: authorization.codeChallenge === undefined ? "" : "S256",
  scope: authorization.scope,
  resource: authorization.resource ?? "",
  reference: authorization.reference ?? null,
});

export const transactions = layout(
  (column): Transaction => {
    const handleHash = column.text<SecretHash>("id");
    const bindingHash = column.text<SecretHash>("binding_hash");
    const expiresAt = column.instant("expires_at");
    const subject = column.optionalText<Subject>("subject");
    const email = column.text("email");
    const authTime = column.instant("auth_time");
    const authorization = readRequest(column, "callback_url", "callback_state");
    const provider = column.optionalText("provider");
    const choice = column.optionalJson<SignInChoice>("choice");
    const signedIn = subject && { subject, email, authTime };
    return {
      handleHash,
      bindingHash,
      authorization,
      ...(provider && { provider }),
      ...(choice && { choice }),
      signedIn,
      expiresAt,
    };
  },
  ({ handleHash, bindingHash, authorization, provider, choice, signedIn, expiresAt }, { instant }) => ({
    id: handleHash,
    binding_hash: bindingHash,
    expires_at: instant(expiresAt),
    subject: signedIn?.subject ?? null,
    email: signedIn?.email ?? null,
    auth_time: signedIn === undefined ? null : instant(signedIn.authTime),
    provider: provider ?? null,
    choice: choice === undefined ? null : JSON.stringify(choice),
    ...writeRequest(authorization, "callback_url", "callback_state"),
  }),
);

export const attemptStates = layout(
  (column): AttemptState => ({
    reference: column.optionalText("reference"),
    clientId: column.text<ClientId>("client_id"),
    stage: column.text<AttemptState["stage"]>("stage"),
    expiresAt: column.instant("expires_at"),
  }),
);

/** The stage at which a transaction begins. */
export function firstStage({ choice, signedIn }: Transaction): "choice" | "sign-in" | "consent" {
  if (signedIn !== undefined) return "consent";
  return choice === undefined || choice.silent ? "sign-in" : "choice";
}

const readCode = (column: Columns, table = ""): Code => ({
  codeHash: column.text<SecretHash>(`${table}id`),
  subject: column.text<Subject>(`${table}subject`),
  email: column.text(`${table}email`),
  authTime: column.instant(`${table}auth_time`),
  createdAt: column.instant(`${table}created_at`),
  expiresAt: column.instant(`${table}expires_at`),
  authorization: readRequest(column, "redirect_uri", "state", table),
});

/** Of a code as issued. */
export const codes = layout(
  (column) => readCode(column),
  (code, { instant }) => ({
    id: code.codeHash,
    subject: code.subject,
    email: code.email,
    auth_time: instant(code.authTime),
    created_at: instant(code.createdAt),
    expires_at: instant(code.expiresAt),
    ...writeRequest(code.authorization, "redirect_uri", "state"),
  }),
);

/** @param table as the statement calls it, with a dot, where several have such columns */
const readFoundCode = (column: Columns, table = ""): FoundCode => ({
  ...readCode(column, table),
  used: column.flag(`${table}used`),
  grantId: column.optionalText<GrantId>(`${table}grant_id`),
});

export const consents = layout(
  (column): Consent => ({
    subject: column.text<Subject>("subject"),
    clientId: column.text<ClientId>("client_id"),
    redirectUri: column.text("redirect_uri"),
    resource: column.filledText<ResourceIdentifier>("resource"),
    scope: column.text("scope"),
    fingerprint: column.text("fingerprint"),
    decidedAt: column.instant("decided_at"),
  }),
  (consent, { instant }) => ({
    subject: consent.subject,
    client_id: consent.clientId,
    redirect_uri: consent.redirectUri,
    resource: consent.resource ?? "",
    scope: consent.scope,
    fingerprint: consent.fingerprint,
    decided_at: instant(consent.decidedAt),
  }),
);

/** @param table as the statement calls it, with a dot, where several have such columns */
const readAccount = (column: Columns, table = ""): Account => ({
  subject: column.text<Subject>(`${table}subject`),
  issuer: column.text(`${table}issuer`),
  upstreamSubject: column.text(`${table}upstream_subject`),
  provider: column.text(`${table}provider`),
  email: column.text(`${table}email`),
  name: column.optionalText(`${table}name`),
  groups: column.optionalJson<string[]>(`${table}group_names`),
  confirmedAt: column.optionalInstant(`${table}confirmed_at`),
});

export const accounts = layout(
  (column) => readAccount(column),
  ({ subject, issuer, upstreamSubject, provider, email, name, groups, confirmedAt }, { instant }) => ({
    subject,
    issuer,
    upstream_subject: upstreamSubject,
    provider,
    email,
    name: name ?? null,
    group_names: groups === undefined ? null : JSON.stringify(groups),
    confirmed_at: confirmedAt === undefined ? null : instant(confirmedAt),
  }),
);

/** Of an account `a` that may be missing. */
const readTheirAccount = (column: Columns): Account | undefined => {
  const account = readAccount(column, "a.");
  return (account.subject as string | null) === null ? undefined : account;
};

const later = (one: Seconds, other: Seconds | undefined): Seconds =>
  other !== undefined && other > one ? other : one;

/** Of a resource `r` and a client `c` that may be missing. */
const readStanding = (column: Columns): { readonly standing?: Standing } => {
  const scopes = column.optionalJson<{ name: string }[]>("r.scopes");
  const resourceLeft = column.optionalInstant("r.left_at");
  const clientLeft = column.optionalInstant("c.left_at");
  const left = resourceLeft !== undefined || clientLeft !== undefined;
  if (!scopes?.length && !left) return {};
  return {
    standing: {
      ...(scopes?.length && { scopes: scopes.map(({ name }) => name) }),
      ...(left && { left: true }),
    },
  };
};

/** A table together with the resources and the clients of what it holds, for the layouts below. */
export const withStanding = (table: string): string =>
  `${table} as held left join gatehouse_resources as r on r.identifier = held.resource left join oauth2_clients as c on c.id = held.client_id`;

export const grantsStanding = layout((column) => ({
  ...readGrant(column, "held."),
  ...readStanding(column),
}));

/** Of a grant `held`, with {@link withStanding}. */
export const tokenGrants = layout((column): TokenGrant => {
  const rotatedAt = column.instant("held.rotated_at");
  return {
    clientId: column.text<ClientId>("held.client_id"),
    subject: column.text<Subject>("held.subject"),
    email: column.text("held.email"),
    scope: column.text("held.scope"),
    resource: column.filledText<ResourceIdentifier>("held.resource"),
    salt: column.text("held.salt"),
    expiresAt: column.instant("held.expires_at"),
    usedAt: later(rotatedAt, column.optionalInstant("held.used_at")),
    reference: column.optionalText("held.reference"),
    standing: readStanding(column).standing,
  };
});

export const codesStanding = layout((column) => ({
  ...readFoundCode(column, "held."),
  ...readStanding(column),
}));

export const tokensStanding = layout((column) => ({
  ...readToken(column, "held."),
  ...readStanding(column),
}));

/** Of a grant `held` and its account `a`. */
export const grantsAndAccounts = layout((column) => ({
  grant: { ...readGrant(column, "held."), ...readStanding(column) },
  account: readTheirAccount(column),
}));

/** Of a code `held` and its account `a`. */
export const codesAndAccounts = layout((column) => ({
  code: { ...readFoundCode(column, "held."), ...readStanding(column) },
  account: readTheirAccount(column),
}));

/** Of an access token `held` and its account `a`. */
export const tokensAndAccounts = layout((column) => ({
  token: { ...readToken(column, "held."), ...readStanding(column) },
  account: readTheirAccount(column),
}));

/** A table together with the accounts of its subjects, for the layouts above. */
export const withAccounts = (table: string): string =>
  `${withStanding(table)} left join gatehouse_accounts as a on a.subject = held.subject`;

export const knownAccounts = layout(
  (column): KnownAccount => ({
    ...readAccount(column),
    createdAt: column.instant("created_at"),
    signedInAt: column.instant("signed_in_at"),
    blockedAt: column.optionalInstant("blocked_at"),
  }),
);

/** What is known of asking a provider about somebody again. */
export const confirmations = layout((column) => ({
  account: readAccount(column),
  credential: column.optionalText("upstream_credential"),
  triedAt: column.optionalInstant("confirm_tried_at"),
  failingSince: column.optionalInstant("confirm_failing_since"),
}));

/** Of a session `s` and its account `a`. */
export const browserSessions = layout(
  (column): BrowserSession => ({
    account: readAccount(column, "a."),
    authTime: column.instant("s.auth_time"),
  }),
);
