/** The groups that an invitation gives, as written with commas between; `undefined` where one is no name. */
export function readGroups(text: string): readonly string[] | undefined {
  const groups = [...new Set(text.split(",").map((group) => group.trim()))];
  return groups.every((group) => /^[^\p{C}]{1,256}$/u.test(group)) ? groups : undefined;
}
