import { SignInError } from "../../oauth/ports.ts";
import { isPlainGroup, maxGroupLength } from "../plain-text.ts";
import { failedAnswer, type GithubApi, isObject, unreadable } from "./api.ts";

/** What is known of a person's organisations and teams. */
export interface Memberships {
  /** Organisations they certainly are an active member of, lower case. */
  readonly organizations: readonly string[];
  /** `org` and `org/team`, lower case; `undefined` when not all of them could be had (V34). */
  readonly groups: readonly string[] | undefined;
  /** Why not, for the log. */
  readonly problem: unknown;
}

interface Organization {
  readonly login: string;
  readonly id: unknown;
}

/**
 * Active memberships alone: who was invited to an organisation and has not accepted is no member (V-n15).
 * Never throws: what cannot be had is unknown, which is never the same as none.
 * @param listed the organisations to ask for, one by one, which tells of each why it cannot be had; all of
 * the person's when left out
 */
export async function readMemberships(
  api: GithubApi,
  listed: readonly string[] | undefined,
): Promise<Memberships> {
  const problems: unknown[] = [];
  const note = (error: unknown) => {
    problems.push(error);
    return undefined;
  };
  const [organizations, teams] = await Promise.all([
    listed === undefined ? allOrganizations(api).catch(note) : listedOrganizations(api, listed, note),
    api.list("/user/teams").catch(note),
  ]);
  const active = new Map((organizations?.active ?? []).map((each) => [each.login, each.id]));
  const hidden = [...(organizations?.hidden ?? []), ...(teams?.hidden ?? [])];
  // Of organisations that nobody asks for it does not matter what they hide.
  if (hidden.some((id) => listed === undefined || [...active.values()].includes(id))) {
    note(
      new SignInError(
        "server_error",
        `GitHub left out organisations ${hidden.join(", ")}: they demand a SAML sign-in that this authorization was made without; the person signs in to them at GitHub, and then here again`,
      ),
    );
  }
  const groups = new Set(active.keys());
  for (const { slug, organization } of teams?.entries ?? []) {
    const login = loginOf(organization);
    if (typeof slug === "string" && login !== undefined && active.has(login)) {
      groups.add(`${login}/${slug.toLowerCase()}`);
    }
  }
  const odd = [...groups].find((name) => name.length > maxGroupLength || !isPlainGroup(name));
  if (odd !== undefined) note(`the name of a group is none: ${JSON.stringify(odd.slice(0, 100))}`);
  return {
    organizations: [...active.keys()],
    groups: problems.length === 0 ? [...groups] : undefined,
    problem: problems[0],
  };
}

async function allOrganizations(
  api: GithubApi,
): Promise<{ active: readonly Organization[]; hidden: readonly number[] }> {
  const { entries, hidden } = await api.list("/user/memberships/orgs?state=active");
  return { active: entries.flatMap(activeOrganization), hidden };
}

async function listedOrganizations(
  api: GithubApi,
  listed: readonly string[],
  note: (error: unknown) => undefined,
): Promise<{ active: readonly Organization[]; hidden: readonly number[] }> {
  const found = await Promise.all(
    listed.map((name) => listedOrganization(api, name).catch((error: unknown) => note(error) ?? [])),
  );
  return { active: found.flat(), hidden: [] };
}

async function listedOrganization(api: GithubApi, name: string): Promise<Organization[]> {
  const answer = await api.ask(`/user/memberships/orgs/${encodeURIComponent(name)}`);
  if (answer.status === 404) return [];
  if (answer.status !== 200) throw failedAnswer(answer);
  if (!isObject(answer.body)) throw unreadable(answer);
  // Of exactly that name: of whatever else is answered with, nobody said that it may be (V-n15).
  return activeOrganization(answer.body).filter(({ login }) => login === name.toLowerCase());
}

function activeOrganization({ state, organization }: Readonly<Record<string, unknown>>): Organization[] {
  const login = loginOf(organization);
  if (state !== "active" || login === undefined || !isObject(organization)) return [];
  return [{ login, id: organization.id }];
}

/** Organisations are compared without regard to case, as GitHub does. */
function loginOf(organization: unknown): string | undefined {
  if (!isObject(organization) || typeof organization.login !== "string") return undefined;
  return organization.login.toLowerCase();
}
