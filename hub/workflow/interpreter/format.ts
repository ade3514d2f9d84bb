/**
 * The rules by which a transition was made; its row keeps the number, so that it can be played again for ever. What one format leaves
 * out of a state, a later one may keep: a state of any format is one of all later ones.
 *
 * 1: release 0.1.
 * 2: a task that failed or was cancelled keeps its call, for a retry by hand (`resumes`, `unfinished`).
 */
export type JournalFormat = 1 | 2;

/** What new transitions are made by. */
export const newestFormat = 2 satisfies JournalFormat;

/** Whether this release can play what has a format. */
export const isKnownFormat = (format: number): format is JournalFormat =>
  Number.isInteger(format) && format >= 1 && format <= newestFormat;
