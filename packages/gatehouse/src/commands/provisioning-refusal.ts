import { oneLine } from "../oauth/harmless.ts";
import { ProvisioningError } from "../oauth/provisioning/problem.ts";
import { resourceClaims } from "../oauth/records.ts";
import { declaredElsewhere } from "./declared.ts";
import { Refusal } from "./refusal.ts";

/**
 * Does what the rules for operators may refuse, which is then told in the words of the command line.
 * @param name of the client or resource that it is about
 */
export function asRefusal<T>(rule: () => T, name = ""): T {
  try {
    return rule();
  } catch (error) {
    throw error instanceof ProvisioningError ? refusalOf(error, oneLine(name)) : error;
  }
}

function refusalOf({ problem, about = "", declared }: ProvisioningError, name: string): Refusal {
  const wrong = oneLine(about);
  switch (problem) {
    case "malformed_identifier":
      return new Refusal(2, `resource ${name}: ${about}`);
    case "malformed_scope":
      return new Refusal(2, `--scope takes name='what it allows', not ${JSON.stringify(wrong)}`);
    case "scope_twice":
      return new Refusal(2, `the scope ${wrong} is given twice`);
    case "no_such_scope":
      return new Refusal(2, `${wrong}: the resource has no such scope`);
    case "default_and_optional":
      return new Refusal(2, `${wrong} cannot be both default and optional`);
    case "unknown_claim":
      return new Refusal(2, `--claim takes ${resourceClaims.join(" or ")}, not ${JSON.stringify(wrong)}`);
    case "malformed_id":
      return new Refusal(2, "a client id is 1 to 200 letters, digits and . _ ~ -");
    case "malformed_redirect":
      return new Refusal(2, `redirect URI ${wrong}`);
    case "no_redirect":
      return new Refusal(2, "a client needs a redirect URI");
    case "taken":
      return new Refusal(1, `the client id ${name} is taken`);
    case "unknown":
      return new Refusal(1, `there is no client ${name}`);
    case "declared":
      return declared === undefined
        ? new Refusal(1, `${name} is declared in a file`)
        : declaredElsewhere(`the client ${name}`, declared);
    case "registered_itself":
      return new Refusal(1, `client ${name} registered itself, and only it can change what it said then`);
    case "known_by_document":
      return new Refusal(
        1,
        `client ${name} is known by its document: the site that publishes it is named, and vouches for it`,
      );
    case "holds_own_secret":
      return new Refusal(
        1,
        `client ${name} holds a secret that it got by itself: remove it and provision one with clients add`,
      );
    case "no_secret":
      return new Refusal(1, `client ${name} has no secret`);
    case "secret_of_its_own":
      return new Refusal(
        1,
        `client ${name} registered itself, and only it can be told a secret: it gets a new one by registering anew`,
      );
    case "changed_meanwhile":
      return new Refusal(
        1,
        `the secret of client ${name} was changed at this moment: look who did, then run it again`,
      );
    case "not_as_seen":
      return new Refusal(
        1,
        `client ${name} changed at this moment what it says of itself: look at it again, then run it again`,
      );
    case "provisioned":
      return new Refusal(1, `client ${name} is one that you provisioned: clients remove takes it away`);
  }
}
