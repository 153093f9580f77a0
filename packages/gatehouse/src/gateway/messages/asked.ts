/** What a request asks for, as far as the door judges it. */
export interface Asked {
  /** By revision: 2026-07-28 and later, or before. */
  readonly era: "modern" | "legacy";
  /** In order; several of a batch. None for GET and DELETE. */
  readonly messages: readonly Message[];
  readonly isBatch: boolean;
}

export interface Message {
  readonly kind: "request" | "notification" | "response";
  /** As JSON text, digits and all; `undefined` of a notification. */
  readonly id: string | undefined;
  readonly method: string | undefined;
  /** What permissions are looked up by: the name of a tool or prompt, URIs of resources. */
  readonly targets: readonly Target[];
  /** `params._meta.progressToken`, as JSON text. */
  readonly progressToken: string | undefined;
  /** `params.arguments`: one JSON text, as sent and not read. A part of the body. */
  readonly arguments: Buffer | undefined;
}

export interface Target {
  readonly kind: "tool" | "resource" | "prompt";
  readonly name: string;
}

/** Of a batch and of what is no request: `null`. As JSON text. */
export function idToAnswer({ messages, isBatch }: Asked): string {
  return (isBatch ? undefined : messages[0]?.id) ?? "null";
}
