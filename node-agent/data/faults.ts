import { ComityError, isSystemError } from "#kernel/errors.js";

/**
 * A fault in a site's data. The sentence says where and what is allowed, but never the value that was found: the hub may
 * read the sentence, and a raw value must not leave the site.
 */
export function dataFault(place: string, sentence: string, hint?: string): ComityError {
  return new ComityError("DATA_INVALID", `${place}: ${sentence}`, hint === undefined ? {} : { hint });
}

/** A file with no header. */
export const emptyFault = (file: string): ComityError =>
  dataFault(`${file}:1`, "the file is empty; its first line must name the columns.");

/** A file that was another one at the beginning. */
export const changedFault = (file: string): ComityError =>
  dataFault(file, "the file changed while it was read.", "Replace data files by renaming.");

/** A file that cannot be opened or read, as a `DATA_INVALID`; anything else as it is. */
export function fileFault(file: string, error: unknown): unknown {
  const sentences: Record<string, string> = {
    ENOENT: "there is no such file",
    EISDIR: "this is a folder, not a file",
    EACCES: "the agent may not read this file",
    EPERM: "the agent may not read this file",
  };
  for (const [code, sentence] of Object.entries(sentences)) {
    if (isSystemError(error, code))
      return dataFault(file, `${sentence}.`, "Check the path of the dataset in agent.yaml.");
  }
  return error;
}
