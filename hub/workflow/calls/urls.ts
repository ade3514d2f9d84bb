import type { z } from "zod";
import { callFailure } from "./failures.js";
import type { queryForm } from "./forms.js";

/** An endpoint's address. Throws a failure of type `configuration`. */
export function urlOf(text: string, base?: URL): URL {
  if (URL.canParse(text, base?.href)) return new URL(text, base);
  throw callFailure("configuration", `${JSON.stringify(text.slice(0, 200))} is no address`, {
    detail: "An endpoint is a URI with its scheme, such as https://example.org/.",
  });
}

/** The address with more parameters in its query. */
export function addQuery(url: URL, query: z.output<typeof queryForm>): URL {
  const longer = new URL(url);
  for (const [name, value] of Object.entries(query)) {
    for (const one of value === null ? [] : [value].flat()) longer.searchParams.append(name, one);
  }
  return longer;
}
