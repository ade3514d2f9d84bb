/** The data of each whole event in a text of server-sent events (HTML, "Interpreting an event stream"). */
export function eventsOf(text: string): readonly string[] {
  // What follows the last empty line is no whole event yet.
  const events = text
    .replace(/^\uFEFF/, "")
    .replace(/\r\n?/g, "\n")
    .split("\n\n")
    .slice(0, -1);
  return events.flatMap((event) => {
    const lines = event.split("\n").filter((line) => line.startsWith("data:"));
    return lines.length === 0 ? [] : [lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n")];
  });
}
