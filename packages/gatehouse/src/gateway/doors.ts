import type { Backend } from "./call.ts";
import type { Door } from "./door.ts";
import type { ProtectedServer } from "./protected-server.ts";

/** What doors are made of. */
export interface DoorParts {
  openBackend(server: ProtectedServer): Backend;
  openDoor(server: ProtectedServer, backend: Backend): Door;
}

export interface Doors {
  /** The door at a path; of several at the same path the one whose host is named, else any. */
  find(host: string | undefined, path: string): Door | undefined;
  /** Of each server by name the processes that run, where it is made of some. */
  children(): ReadonlyMap<string, number | undefined>;
  /** Whether a server is still among those that stand behind. */
  isServed(server: ProtectedServer): boolean;
  /**
   * Takes over another list. What is unchanged stays as it is, connections and children too; what is under
   * way at a changed or removed one goes on as it began, and its backend closes once nothing is.
   */
  apply(servers: readonly ProtectedServer[]): void;
  /** Closes all backends, whatever is under way. */
  close(): Promise<void>;
}

/** A server's backend, with the calls that are under way there. */
interface OpenBackend {
  readonly key: string;
  readonly backend: Backend;
  calls: number;
  wanted: boolean;
  closed: Promise<void> | undefined;
}

interface OpenDoor {
  readonly server: ProtectedServer;
  readonly content: string;
  readonly path: string;
  readonly host: string;
  readonly door: Door;
  readonly behind: OpenBackend;
}

/** @param onFailure told of a backend that could not be closed */
export function createDoors(
  servers: readonly ProtectedServer[],
  { openBackend, openDoor }: DoorParts,
  onFailure: (error: unknown) => void,
): Doors {
  const backends = new Set<OpenBackend>();
  let open: readonly OpenDoor[] = [];
  let byPath = new Map<string, readonly OpenDoor[]>();
  apply(servers);

  function apply(list: readonly ProtectedServer[]): void {
    open = list.map((server) => {
      const content = JSON.stringify(server);
      return open.find((each) => each.content === content) ?? newDoor(server, content);
    });
    byPath = new Map(Map.groupBy(open, ({ path }) => path));
    const wanted = new Set(open.map(({ behind }) => behind));
    for (const behind of backends) {
      behind.wanted = wanted.has(behind);
      closeIfIdle(behind);
    }
  }

  function newDoor(server: ProtectedServer, content: string): OpenDoor {
    const key = backendKey(server);
    const behind = [...backends].find((each) => each.wanted && each.key === key) ?? newBackend(server, key);
    const { host, pathname: path } = new URL(server.address);
    const door = openDoor(server, behind.backend);
    const counted: Door = async (...request) => {
      behind.calls++;
      try {
        await door(...request);
      } finally {
        behind.calls--;
        closeIfIdle(behind);
      }
    };
    return { server, content, path, host, door: counted, behind };
  }

  function newBackend(server: ProtectedServer, key: string): OpenBackend {
    const behind = { key, backend: openBackend(server), calls: 0, wanted: true, closed: undefined };
    backends.add(behind);
    return behind;
  }

  function closeIfIdle(behind: OpenBackend): void {
    if (behind.wanted || behind.calls > 0) return;
    void close(behind).catch(onFailure);
  }

  function close(behind: OpenBackend): Promise<void> {
    behind.closed ??= behind.backend.close().finally(() => backends.delete(behind));
    return behind.closed;
  }

  return {
    find(host, path) {
      const all = byPath.get(path);
      const named = all !== undefined && all.length > 1 && all.find((each) => each.host === host);
      return (named || all?.[0])?.door;
    },
    children: () => new Map(open.map(({ server, behind }) => [server.name, behind.backend.children?.()])),
    isServed: ({ address }) => open.some(({ server }) => server.address === address),
    apply,
    async close() {
      await Promise.all([...backends].map(close));
    },
  };
}

/** Of all that a backend is made from: with the same, it can go on. */
function backendKey({ name, address, backend, identityHeaders, maxCallSeconds }: ProtectedServer): string {
  return JSON.stringify([name, address, backend, identityHeaders, maxCallSeconds]);
}
