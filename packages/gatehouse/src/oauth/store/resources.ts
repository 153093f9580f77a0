import type { Declared, Resource } from "../records.ts";
import type { ScopeChanges } from "../scope-changes.ts";
import type { ResourceIdentifier, Seconds, SecretHash } from "../values.ts";

/**
 * Protected resources and their introspection credentials. See {@link Store} for what holds for all
 * operations.
 */
export interface ResourceStore {
  findResource(identifier: ResourceIdentifier): Promise<Resource | undefined>;
  /** Oldest first. */
  listResources(): Promise<Resource[]>;
  /** False, and nothing changed, when the identifier is taken. */
  addResource(resource: Resource, credentialHash: SecretHash): Promise<boolean>;
  /**
   * Removes the resource and its credential, then ends, in small batches, all that was allowed for it:
   * transactions and codes under way, consents, grants with their access tokens. What moves from one to the
   * next meanwhile ends there; a rotation at the same moment leaves no live token behind. Once it resolves
   * nothing stored before it was asked lives on. Where the process dies in between, the rest is left for the
   * next call, which is why it looks for all that even when the resource is unknown; `undefined` when there
   * was nothing either, and, with nothing changed, for one that a file declares.
   */
  removeResource(identifier: ResourceIdentifier): Promise<{ readonly grants: number } | undefined>;
  /**
   * Gives the resource another name, other scopes or marks, other claims, or several of these; what is left
   * out stays as it is when this happens, whatever else changes it at the same moment, and so do its
   * credential and its grants. Nothing changes unless it is `changed`. Of two changes of the same at once the
   * later holds.
   */
  changeResource(identifier: ResourceIdentifier, changes: ResourceChanges): Promise<ResourceChange>;
  /**
   * Replaces the credential: the old one stops at once, or is kept beside the new one as the previous one,
   * and the one before it stops then. False when the resource is unknown, or a file declares it. Of two
   * rotations at once the later one's previous is the earlier one's.
   */
  replaceResourceCredential(
    identifier: ResourceIdentifier,
    credentialHash: SecretHash,
    keepUntil?: Seconds,
  ): Promise<boolean>;
  /** The resource whose introspection credential has this hash, or whose previous one, be it over or not. */
  findResourceByCredential(credentialHash: SecretHash): Promise<Resource | undefined>;
}

/** What `resources set` changes. See `changedScopes`. */
export interface ResourceChanges extends ScopeChanges {
  readonly name?: string | undefined;
  readonly claims?: Resource["claims"] | undefined;
}

export type ResourceChange =
  | { readonly outcome: "changed"; readonly resource: Resource }
  | { readonly outcome: "unknown" }
  /** A file declares it, and nobody else changes it. */
  | { readonly outcome: "declared"; readonly declared: Declared }
  /** The resource has no such scope, or it would be both default and optional. */
  | { readonly outcome: "no_such_scope" | "default_and_optional"; readonly scope: string };
