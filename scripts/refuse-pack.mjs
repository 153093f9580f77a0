/*
 * Runs before `npm pack` and `npm publish` in a source folder (`prepack`). What lies there is TypeScript,
 * which no Node reads below node_modules: only what `npm run build` writes may be packed. Plain JavaScript,
 * because it runs on whatever Node there is.
 */
console.error(
  "This folder holds sources, which are not what is published: in the root of the repository, npm run pack builds the packages and packs those.",
);
process.exit(1);
