import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import { least, readableAccent } from "../pages/accent.ts";

/** A colour that cannot be read is shown darker or lighter, which whoever chose it should know (Z33). */
export function warnOfAccent({ brand: { accent } }: Config, log: Pick<Logger, "warn">): void {
  if (accent === undefined) return;
  const { corrections, light, dark } = readableAccent(accent);
  if (corrections.length === 0) return;
  const told = corrections.map(
    ({ scheme, contrast, shown }) =>
      `on ${scheme} pages ${accent} has a contrast of ${contrast.toFixed(1)}:1 where ${least}:1 can be read; ${shown} is shown`,
  );
  log.warn({ accent, light, dark }, `BRAND_ACCENT: ${told.join("; ")}`);
}
