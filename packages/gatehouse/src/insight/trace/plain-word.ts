/**
 * Whether a stranger's text may stand in a command that somebody pastes: a shell takes nothing in it for
 * something else, and nothing of it was cut off.
 */
export const isPlainWord = (word: string): boolean => /^[\w./:@%~+][\w./:@%~+-]*$/.test(word);
