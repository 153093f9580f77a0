import { buildConnector } from "undici";
import { ForbiddenAddressError } from "./checked-lookup.ts";

/** A connector that keeps a connection only to an address that is allowed, whatever led there (I08). */
export function guardedConnector(
  isAllowed: (address: string) => boolean,
  connecting: buildConnector.BuildOptions,
): buildConnector.connector {
  const connect = buildConnector(connecting);
  return (options, callback) =>
    connect(options, (error, socket) => {
      if (error !== null) return callback(error, null);
      if (isAllowed(socket.remoteAddress ?? "")) return callback(null, socket);
      socket.destroy();
      callback(new ForbiddenAddressError(`connected to ${socket.remoteAddress}`), null);
    });
}
