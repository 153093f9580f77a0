import { readShippedFile } from "../shipped-files.ts";

/*
 * The house's colour on our pages: as it is where it can be read, else the nearest lighter or darker one
 * that can (WCAG 2.2 §1.4.3).
 */

/** What stands behind links and around buttons, and the text on a button, as `style.css` has them. */
const schemes = {
  light: { behind: ["#f4f4f1", "#ffffff"], text: "#ffffff", towards: "#000000" },
  dark: { behind: ["#121417", "#1b1e23"], text: "#121417", towards: "#ffffff" },
} as const;

/** Less than that is hard to read for many. */
export const least = 4.5;

export interface Accent {
  readonly light: string;
  readonly dark: string;
  /** Where it could not be read, and what is shown there. */
  readonly corrections: readonly {
    readonly scheme: "light" | "dark";
    readonly contrast: number;
    readonly shown: string;
  }[];
}

/** @param wanted `#rgb` or `#rrggbb` */
export function readableAccent(wanted: string): Accent {
  const light = corrected(wanted, "light");
  const dark = corrected(wanted, "dark");
  const corrections = (
    [
      ["light", light],
      ["dark", dark],
    ] as const
  ).flatMap(([scheme, shown]) => {
    const found = worst(wanted, scheme);
    return found >= least ? [] : [{ scheme, contrast: found, shown }];
  });
  return { light, dark, corrections };
}

/** What follows the shipped style. */
export function accentStyle({ light, dark }: Accent): string {
  return readShippedFile("src/pages/accent.css")
    .replace("accent-on-light", light)
    .replace("text-on-light", schemes.light.text)
    .replace("accent-on-dark", dark)
    .replace("text-on-dark", schemes.dark.text);
}

function corrected(wanted: string, scheme: keyof typeof schemes): string {
  const from = channels(wanted);
  const to = channels(schemes[scheme].towards);
  for (let step = 0; step <= 100; step++) {
    const mixed = from.map((channel, at) => Math.round(channel + ((to[at] ?? 0) - channel) * (step / 100)));
    const shown = `#${mixed.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
    if (worst(shown, scheme) >= least) return shown;
  }
  return schemes[scheme].towards;
}

/** The contrast with whichever it has least to do with; the text on a button is among them. */
function worst(colour: string, scheme: keyof typeof schemes): number {
  const { behind, text } = schemes[scheme];
  return Math.min(...[...behind, text].map((other) => contrast(colour, other)));
}

/** WCAG 2.2, relative luminance and contrast ratio. */
export function contrast(one: string, other: string): number {
  const [lighter = 0, darker = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = channels(colour).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channels(colour: string): number[] {
  const digits = colour.slice(1);
  const pairs = digits.length === 3 ? [...digits].map((digit) => digit + digit) : (digits.match(/../g) ?? []);
  return pairs.map((pair) => Number.parseInt(pair, 16));
}
