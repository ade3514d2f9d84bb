/** What an expression may cost. Payloads belong in blobs, so that jq sees small values only. */
export const expressionLimits = {
  /** Of the input with the variables that are used, and of each answer. jq takes about 9 ms to read 256 KiB, and 0.3 s for 8 MiB. */
  maxBytes: 256 << 10,
  /** Levels of an input or an answer. jq's own stack ends at about 4,000. */
  maxDepth: 256,
  /** One expression's text. */
  maxExpressionBytes: 16 << 10,
  /** Work of one jq program: an honest expression takes about one millisecond. */
  programMs: 250,
  /** Work more for each further expression of the program. */
  furtherMs: 20,
  /** Expressions in one jq program. */
  maxBatch: 64,
  /** Of what jq says about an error, in characters. */
  maxMessage: 500,
  /** jq starts with 16 MiB of memory; what needs more than this is ended. */
  maxMemoryBytes: 128 << 20,
} as const;
