/*
 * After an installation: is the Node there that this repository runs on? Plain JavaScript, because it runs on
 * whatever Node there is. The pinned one is an optional package for each platform (package.json), so that the
 * lock file holds its hash; npm leaves out what it cannot install without a word.
 */
const wanted = 26;
const { platform, arch, version, versions } = process;
if (Number(versions.node.split(".")[0]) < wanted) {
  console.error(
    `This repository runs on Node ${wanted}, and here is ${version}. Its package for ${platform} ${arch} could not be installed, or there is none: try npm ci again, or install Node ${wanted} yourself.`,
  );
  process.exit(1);
}
