import type { Step } from "../../../../src/insight/doctor/walk/stopped.ts";
import { startCallback } from "../../../real-clients/support/callback.ts";
import { McpRemote } from "../../../real-clients/support/mcp-remote.ts";
import type { Browse } from "../../../real-clients/support/person.ts";
import { SdkV1Client } from "../../../real-clients/support/sdk-v1-client.ts";
import { SdkV2Client } from "../../../real-clients/support/sdk-v2-client.ts";
import type { Ends } from "./mcp-server.ts";
import { signInAt } from "./person.ts";

/*
 * The programs themselves, against a server: whether they connect, and if not, how far they got.
 */

/** `connects`, or the step at which it stopped. */
export type Outcome = "connects" | Step;

/** A person who signs in and approves, where that is asked of them. */
const person =
  (fields: Readonly<Record<string, string>>): Browse =>
  async (url) => {
    const answer = await signInAt(url.href, fields);
    if (!answer.searchParams.has("code")) throw new Error(answer.href);
    return answer;
  };

export interface Playground {
  readonly mcp: string;
  /** What the authorization server was asked: `POST /register 201`. */
  readonly asked: readonly string[];
  /** What is filled in on its pages. */
  readonly person?: Readonly<Record<string, string>>;
}

export async function playSdkV1(t: Ends, { mcp, asked, person: fields = {} }: Playground): Promise<Outcome> {
  const client = new SdkV1Client(mcp);
  t.after(() => client.close());
  return play(asked, (browse) => client.connect(browse), person(fields));
}

export async function playSdkV2(t: Ends, { mcp, asked, person: fields = {} }: Playground): Promise<Outcome> {
  const callback = await startCallback();
  t.after(callback.close);
  const client = new SdkV2Client(mcp, callback.url, { token_endpoint_auth_method: "none" });
  t.after(() => client.close());
  return play(asked, (browse) => client.connect(browse), person(fields));
}

export async function playMcpRemote(
  t: Ends,
  { mcp, asked, person: fields = {} }: Playground,
): Promise<Outcome> {
  const remote = await McpRemote.install(t as Parameters<typeof McpRemote.install>[0], mcp);
  const browse: Browse = async (url) => {
    const answer = await person(fields)(url);
    await fetch(answer);
    return answer;
  };
  return play(
    asked,
    (opened) =>
      remote.start(opened).catch((error: unknown) => {
        throw new Error(remote.printed, { cause: error });
      }),
    browse,
  );
}

async function play(
  asked: readonly string[],
  connect: (browse: Browse) => Promise<unknown>,
  browse: Browse,
): Promise<Outcome> {
  const from = asked.length;
  let browsed: "no" | "failed" | "came back" = "no";
  try {
    await connect(async (url) => {
      browsed = "failed";
      const answer = await browse(url);
      browsed = "came back";
      return answer;
    });
    return "connects";
  } catch (error) {
    const registered = asked.slice(from).filter((line) => /^POST \/reg\w* /.test(line));
    if (browsed === ("came back" as string)) return "walk.token";
    if (browsed !== "no") return "walk.authorize";
    const last = registered.at(-1);
    if (last !== undefined) return / 20\d$/.test(last) ? "walk.authorize" : "walk.identify";
    const said = chain(error);
    if (/register|registration|client registration/i.test(said)) return "walk.identify";
    return /\b(?:403|404|500)\b.*endpoint|Error POSTing|denied access/i.test(said)
      ? "walk.challenge"
      : "walk.discovery";
  }
}

function chain(error: unknown): string {
  return error instanceof Error ? `${error.message} ${chain(error.cause)}` : "";
}
