/**
 * Whether a text tells its reader to run what the registry holds under the bare name of our command: that
 * package is somebody else's, and would find the reader's secrets in its environment. Options in between
 * count; a package of ours named before the command does not.
 */
export const isNpxOfSomebodyElse = (text: string): boolean =>
  /\b(?:npx|npm exec|pnpm dlx|yarn dlx|bunx)(?:[ \t]+(?!--package|-p\b)-{1,2}[\w=-]*)*[ \t]+gatehouse\b/.test(
    text,
  );
