/**
 * Makes what gives the time of a line as a member of its JSON, in UTC with milliseconds (RFC 3339).
 * All but the milliseconds is made once a second.
 */
export function createTimestamps(): () => string {
  let second = Number.NaN;
  let begin = "";
  return () => {
    const now = Date.now();
    const milliseconds = now % 1000;
    if (now - milliseconds !== second) {
      second = now - milliseconds;
      begin = `,"time":"${new Date(second).toISOString().slice(0, -4)}`;
    }
    return `${begin}${String(milliseconds).padStart(3, "0")}Z"`;
  };
}
