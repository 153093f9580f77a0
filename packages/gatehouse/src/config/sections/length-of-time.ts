import { z } from "zod";
import { seconds } from "../../oauth/values.ts";
import { parseDuration } from "../parsers.ts";

/**
 * A length of time as the settings write it (`90`, `15m`, `24h`), in seconds.
 * @param expected in words, such as "a length of time such as 24h, at least 15m"
 * @param most in seconds
 */
export const lengthOfTime = (least: string, expected: string, most = Number.POSITIVE_INFINITY) =>
  z
    .union([z.int().min(0), z.string().regex(/^\d{1,9}[smhd]?$/, expected)], expected)
    .transform((value, context) => {
      const length = parseDuration(String(value));
      const isLong = length !== undefined && length >= (parseDuration(least) ?? 0);
      if (isLong && length <= most) return seconds(length);
      context.issues.push({ code: "custom", input: value, message: expected });
      return z.NEVER;
    });
