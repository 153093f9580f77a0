import { appsOf } from "../../authorization/connected-apps.ts";
import { OAuthError } from "../../messages/errors.ts";
import type { Grant } from "../../records.ts";
import type { ClientId, GrantId, ResourceIdentifier } from "../../values.ts";
import { recordAct } from "./act.ts";
import { askAgain, toAct } from "./again.ts";
import {
  type Asked,
  type ConsolePath,
  goTo,
  isConfirmed,
  nextPart,
  requireOwnForm,
  rowsAtOnce,
  show,
} from "./asked.ts";

/** What lives of what people have allowed, of one client or for one server too. */
export const grants: ConsolePath = {
  async get(asked) {
    const { request, services, path } = asked;
    const { clock, store } = services;
    const client = request.query.get("client");
    const resource = request.query.get("resource");
    const after = request.query.get("after");
    const which = {
      client: client as ClientId | undefined,
      resource: client === undefined ? (resource as ResourceIdentifier | undefined) : undefined,
    };
    const page = { limit: rowsAtOnce, after };
    const { items, next } = await store.listGrants(which, clock.now(), page);
    return show(asked, {
      kind: "grants",
      ...which,
      grants: items.map(({ id, clientId, subject, email, resource, createdAt }) => {
        return { id, client: clientId, subject, email, resource, createdAt };
      }),
      next: nextPart(path, which, next),
      isFirst: after === undefined,
    });
  },
};

/** One of them. */
export const grant: ConsolePath = {
  async get(asked) {
    const found = await findGrant(asked, asked.request.query.get("id"));
    if (found === undefined) return show(asked, { kind: "missing" });
    return asked.request.query.get("act") === "revoke" ? question(asked, found) : showGrant(asked, found);
  },

  async post(asked) {
    const form = requireOwnForm(asked);
    const found = await findGrant(asked, form.get("id"));
    if (found === undefined) return show(asked, { kind: "missing" });
    if (form.get("act") !== "revoke")
      throw new OAuthError("invalid_request", { hint: "act is none of this page's" });
    if (!isConfirmed(form)) return question(asked, found);
    const again = await askAgain(asked, toAct, { returnTo: `${pathOf(asked, found)}&act=revoke` });
    if (again !== undefined) return again;
    const { id, subject, clientId: client, resource, reference: attempt } = found;
    if (await asked.services.store.revokeGrant(id)) {
      await recordAct(asked, { name: "grant_revoked", subject, client, resource, grant: id, attempt });
    }
    return goTo(asked, "/grants");
  },
};

async function findGrant({ services }: Asked, id: string | undefined): Promise<Grant | undefined> {
  if (id === undefined || !/^[A-Za-z0-9_-]{1,64}$/.test(id)) return undefined;
  return services.store.findGrant(id as GrantId, services.clock.now());
}

const pathOf = ({ path }: Asked, { id }: Grant) => `${path}?id=${encodeURIComponent(id)}`;

async function showGrant(asked: Asked, found: Grant) {
  const [app] = await appsOf(asked.services, [found]);
  if (app === undefined) throw new Error("a grant is one app");
  const { subject, email, reference } = found;
  return show(asked, { kind: "grant", subject, email, reference, app });
}

const question = async (asked: Asked, found: Grant) =>
  show(asked, {
    kind: "question",
    act: "revoke",
    about: found.email || found.subject,
    grants: 1,
    action: asked.path,
    fields: { id: found.id, act: "revoke", confirmed: "yes" },
    back: pathOf(asked, found),
  });
