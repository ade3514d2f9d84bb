/** The names after `$secrets` in a program; undefined where none can be seen. Text in jq's quotes counts too: better once too often. */
export function secretNames(program: string): readonly (string | undefined)[] {
  const uses = program.matchAll(
    /\$secrets\b(?:\s*\.\s*(?:([A-Za-z_]\w*)|"([^"\\]*)")|\s*\.?\[\s*"([^"\\]*)"\s*\])?/g,
  );
  return [...uses].map((use) => use[1] ?? use[2] ?? use[3]);
}
