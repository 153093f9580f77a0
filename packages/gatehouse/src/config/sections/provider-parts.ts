import type { Path } from "../yaml-tree.ts";
import type { DeclaredProvider } from "./providers.ts";

/** A provider as far as it could be read. A member that is wrong has been told, and counts as there. */
export type KnownPart = Partial<DeclaredProvider> & { readonly wrong: ReadonlySet<string> };

export type Member = keyof DeclaredProvider;
export type Tell = (path: Path, found: string, expected: string) => void;
/** The same, below one provider. */
export type TellOf = (member: Member | undefined, found: string, expected: string) => void;
