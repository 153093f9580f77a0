import { hash } from "node:crypto";
import { readShippedFile } from "../shipped-files.ts";
import { accentStyle, readableAccent } from "./accent.ts";
import type { Brand, Logo } from "./brand.ts";

/** A file of the pages, to be served where they look for it: the name changes with what is in it. */
export interface Asset {
  readonly path: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly type: "text/css" | "text/javascript" | Logo["type"];
}

export interface Assets {
  readonly stylesheet: Asset;
  /** Of the pages of passkeys: no other has a script. */
  readonly script: Asset;
  readonly icon: Asset;
  readonly logo: Asset | undefined;
}

const endings = { "image/png": ".png", "image/webp": ".webp", "image/svg+xml": ".svg" } as const;

/** @param basePath what all paths begin with */
export function createAssets(basePath: string, { accent, logo }: Brand): Assets {
  const asset = (body: Asset["body"], name: string, ending: string, type: Asset["type"]): Asset => {
    const version = hash("sha256", body, "base64url").slice(0, 12);
    return { path: `${basePath}/assets/${name}-${version}${ending}`, body, type };
  };
  const style = readShippedFile("src/pages/style.css");
  const coloured = accent === undefined ? style : style + accentStyle(readableAccent(accent));
  const own = logo && asset(logo.bytes, "logo", endings[logo.type], logo.type);
  return {
    stylesheet: asset(coloured, "gatehouse", ".css", "text/css"),
    script: asset(readShippedFile("src/pages/passkey.js"), "passkey", ".js", "text/javascript"),
    icon: own ?? asset(readShippedFile("src/pages/icon.svg"), "icon", ".svg", "image/svg+xml"),
    logo: own,
  };
}
