/** The text of a stream, or `undefined` as soon as it is longer than `limit` characters. */
export async function readBounded(
  stream: ReadableStream<Uint8Array> | null,
  limit: number,
): Promise<string | undefined> {
  if (stream === null) return "";
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    text += decoder.decode(value, { stream: !done });
    if (text.length > limit) {
      // Not awaited: one branch of a cloned body is cancelled only when the other is.
      reader.cancel().catch(() => undefined);
      return undefined;
    }
    if (done) return text;
  }
}
