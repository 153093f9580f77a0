import { SignInError } from "../../oauth/ports.ts";
import { isEmailAddress } from "../email-address.ts";
import { plainName } from "../plain-text.ts";
import { type ApiAnswer, failedAnswer, type GithubApi, isObject, unreadable } from "./api.ts";

export interface GithubUser {
  /** The number of the account in decimal digits: it stays when the login changes hands (V31). */
  readonly id: string;
  /** Anybody's who registers it next: for the log alone. */
  readonly login: string;
  readonly name: string | undefined;
}

/** Whose token it is. Throws {@link SignInError}: `access_denied` when GitHub takes the token no more. */
export async function readUser(api: GithubApi): Promise<GithubUser> {
  const answer = await api.ask("/user");
  if (answer.status === 401) {
    throw new SignInError("access_denied", answer.explanation, {
      hint: "the authorization at GitHub was withdrawn",
    });
  }
  if (answer.status !== 200) throw failedAnswer(answer);
  return userOf(answer);
}

function userOf(answer: ApiAnswer): GithubUser {
  const { id, login, name } = isObject(answer.body) ? answer.body : {};
  if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 1) throw unreadable(answer);
  if (typeof login !== "string") throw unreadable(answer);
  return {
    id: String(id),
    login: login.slice(0, 100),
    name: plainName(name),
  };
}

export type Address =
  | { readonly email: string }
  | { readonly email: undefined; readonly problem: "noAddress" | "unverifiedAddress" };

/**
 * The primary address, and no other (V32). The one on the profile is whatever its owner typed; a secondary
 * one is not the one they are known by.
 * @param proven an Enterprise Server verifies nothing: whether the operator vouches for it (`trust_email`)
 */
export async function readAddress(
  api: GithubApi,
  proven: "by GitHub" | "by the operator" | "by nobody",
): Promise<Address> {
  const { entries } = await api.list("/user/emails");
  const primary = entries.find((entry) => entry.primary === true);
  const email = primary?.email;
  if (typeof email !== "string" || !isEmailAddress(email)) return { email: undefined, problem: "noAddress" };
  const isProven = proven === "by GitHub" ? primary?.verified === true : proven === "by the operator";
  return isProven ? { email } : { email: undefined, problem: "unverifiedAddress" };
}
