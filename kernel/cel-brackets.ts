/** What holds no brackets of a rule: texts and bytes, raw ones (`r"…"`) in which a backslash is one, of one line or of many; and comments. */
const literals = [
  /[rR][bB]?"""[^]*?"""|[bB][rR]"""[^]*?"""/,
  /[rR][bB]?'''[^]*?'''|[bB][rR]'''[^]*?'''/,
  /[rR][bB]?"[^"\n]*"|[bB][rR]"[^"\n]*"/,
  /[rR][bB]?'[^'\n]*'|[bB][rR]'[^'\n]*'/,
  /"""(?:\\[^]|[^\\])*?"""/,
  /'''(?:\\[^]|[^\\])*?'''/,
  /"(?:\\.|[^"\\\n])*"/,
  /'(?:\\.|[^'\\\n])*'/,
  /\/\/[^\n]*/,
];

const tokens = new RegExp(`${literals.map(({ source }) => source).join("|")}|[[({\\])}]`, "g");

/** How many brackets stand in each other in a text of CEL (cel.dev), also in one that is none: what is not closed counts. */
export function bracketDepth(text: string): number {
  let [depth, most] = [0, 0];
  for (const [token] of text.matchAll(tokens)) {
    if ("[({".includes(token)) most = Math.max(most, ++depth);
    else if ("])}".includes(token)) depth = Math.max(0, depth - 1);
  }
  return most;
}
