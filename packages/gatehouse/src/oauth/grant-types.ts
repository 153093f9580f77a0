/**
 * The grant types this server speaks, by name: what clients may register, and what the metadata list (A08).
 */
export const grantTypeNames = ["authorization_code", "refresh_token"] as const;

export type GrantTypeName = (typeof grantTypeNames)[number];

export function isGrantTypeName(name: string): name is GrantTypeName {
  return (grantTypeNames as readonly string[]).includes(name);
}
