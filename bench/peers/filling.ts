import type { Plan } from "../contenders/contender.ts";

/** What a peer's server holds from the beginning. */
export interface Filling {
  readonly tokens: number;
  readonly codes: number;
  /** Refresh tokens. */
  readonly chains: number;
}

export const nothing: Filling = { tokens: 0, codes: 0, chains: 0 };

/** More chains than lanes, for a lane may lose its own at the end of each round. */
export const everything = ({ tokens, codes, lanes }: Plan): Filling => ({
  tokens,
  codes,
  chains: lanes * 20,
});

export interface Task {
  readonly port: number;
  readonly filling: Filling;
  /** For its files. */
  readonly folder: string;
}

/** A task as the command line of a peer's server. */
export function toArguments({ port, filling, folder }: Task): string[] {
  return [`${port}`, `${filling.tokens}`, `${filling.codes}`, `${filling.chains}`, folder];
}

export function fromArguments(): Task {
  const [port, tokens, codes, chains, folder = ""] = process.argv.slice(2);
  return {
    port: Number(port),
    filling: { tokens: Number(tokens), codes: Number(codes), chains: Number(chains) },
    folder,
  };
}
