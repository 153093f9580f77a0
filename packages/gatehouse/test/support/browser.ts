import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, type CDPSession, chromium, type Page } from "playwright-core";
import { findChromium } from "./chromium.ts";

/** A real browser without a window. Close it in an `after` hook. */
export async function openBrowser(): Promise<Browser> {
  const { executable, environment } = await findChromium();
  return chromium.launch({
    executablePath: executable,
    env: { ...process.env, ...environment },
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

const animations = new WeakMap<Page, Promise<CDPSession>>();

/**
 * How fast animations and transitions of a page are, whatever it shows: 1 as they are, 0 to stop them, more
 * where waiting for a button is not what is tested.
 */
export async function setAnimationSpeed(page: Page, playbackRate: number): Promise<void> {
  // One session a page: of two each would bring its own speed to the next document.
  const opened = animations.get(page) ?? page.context().newCDPSession(page);
  animations.set(page, opened);
  const session = await opened;
  await session.send("Animation.enable");
  await session.send("Animation.setPlaybackRate", { playbackRate });
}

/** The serious and critical errors axe-core finds on a page, each as one line. */
export async function accessibilityErrors(page: Page): Promise<string[]> {
  const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  // Buttons fade in, and are hard to read until they have.
  await page.evaluate("for (const one of document.getAnimations()) one.finish()");
  // Evaluated by the debugger, not loaded by the page: its content security policy stays as strict as it is.
  await page.evaluate(source);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: Axe };
    return (await axe.run({ resultTypes: ["violations"] })).violations;
  });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ html }) => html).join(" ")})`);
}

interface Axe {
  run(options: { readonly resultTypes: readonly string[] }): Promise<{ readonly violations: Violation[] }>;
}

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string }[];
}
