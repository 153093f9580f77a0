/**
 * Whether everybody on the way reads the same request out of the bytes (RFC 9112 §6.3, §11.2), as far as
 * node's parser leaves it open: it joins or drops what comes twice.
 */
export function hasClearFraming(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  let framings = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    if (name.length === 4 && name.toLowerCase() === "host") hosts++;
    else if (name.length === 14 && name.toLowerCase() === "content-length") framings++;
    else if (name.length === 17 && name.toLowerCase() === "transfer-encoding") {
      if (rawHeaders[at + 1]?.toLowerCase() !== "chunked") return false;
      framings++;
    }
  }
  return hosts <= 1 && framings <= 1;
}
