import type { JWTPayload } from "jose";
import { google } from "./presets.ts";
import { refusedToken, show } from "./refusal.ts";

/** Which issuers a provider may name: in its metadata, in its answers, in its tokens. */
export interface IssuerRule {
  /** Whether its metadata may say that it is this one (C16). */
  acceptsMetadata(found: string): boolean;
  /** Whether an answer may name this one (RFC 9207 §2.4); `ofMetadata`: what its metadata says. */
  acceptsAnswer(named: string, ofMetadata: string): boolean;
  /**
   * The issuer of the account that a token is about (C10). Throws `SignInError`.
   * @param ofKeys the `issuer` members of the keys that may have signed it, where keys have one (V25)
   */
  ofToken(claims: JWTPayload, ofMetadata: string, ofKeys: readonly unknown[]): string;
}

/** The configured one, everywhere and exactly. Google documents a second form of its own name in tokens. */
export function exactIssuer(issuer: string): IssuerRule {
  return {
    acceptsMetadata: (found) => found === issuer,
    acceptsAnswer: (named) => named === issuer,
    ofToken({ iss }) {
      if (iss === issuer || (issuer === google && iss === "accounts.google.com")) return issuer;
      throw refusedToken(`iss is ${show(iss)}, expected ${issuer}`);
    },
  };
}
