/** A group belongs to the provider that names it: the same name elsewhere is another group (V36). */
export interface GroupName {
  readonly provider: string;
  readonly name: string;
}

/** A group as rules write it, and as resources are told of it where there are several providers. */
export const groupNameShape = /^([a-z0-9-]{1,32}):(.+)$/;

/** Whom a rule is about: every key that is there must fit, by one of its values; never without any. */
export interface Match {
  readonly everyone?: true;
  /** Names of providers. */
  readonly provider?: readonly string[];
  /** Lower case, IDN in its ASCII form; subdomains are others. */
  readonly domain?: readonly string[];
  /** Their ASCII letters in lower case, their domain as above. */
  readonly address?: readonly string[];
  readonly group?: readonly GroupName[];
}

export interface Rule {
  readonly effect: "allow" | "deny";
  readonly match: Match;
  /** What it gives or takes, of a resource's scopes; `undefined`: all. Only of rules for a resource. */
  readonly scopes?: readonly string[];
  /** As the file calls it: `access.sign_in[0]`. */
  readonly name: string;
}

/** The order of rules never matters: somebody gets what an allow rule gives and no deny rule takes. */
export interface AccessRules {
  /** `undefined`: whoever a provider may speak for (V39). */
  readonly signIn: readonly Rule[] | undefined;
  /** By identifier or short id. A resource that is not here may be used by whoever may sign in. */
  readonly resources: ReadonlyMap<string, readonly Rule[]>;
}
