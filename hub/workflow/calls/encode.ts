import type { Json } from "#kernel/json.js";
import { mediaType } from "./body.js";
import { callFailure } from "./failures.js";

/** A body as it goes out, with the header that says what it is. */
interface EncodedBody {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A value as a body. `type` is the content type that the author wants; without one, text is text and everything else JSON. A text is
 * sent as it is under every type. Throws a failure of type `configuration` for what a type cannot hold.
 */
export function encodeBody(value: Json, type?: string): EncodedBody {
  if (typeof value === "string")
    return { body: value, headers: { "content-type": type ?? "text/plain; charset=utf-8" } };
  const { media } = mediaType(type);
  if (media === "application/x-www-form-urlencoded" && type !== undefined)
    return { body: formOf(value).toString(), headers: { "content-type": type } };
  if (media === "" || media === "application/json" || media.endsWith("+json"))
    return { body: JSON.stringify(value), headers: { "content-type": type ?? "application/json" } };
  throw callFailure("configuration", `A body of the type ${media.slice(0, 80)} must be a text`, {
    detail: "Objects and lists are sent as JSON, or as a form (application/x-www-form-urlencoded).",
  });
}

function formOf(value: Json): URLSearchParams {
  const form = new URLSearchParams();
  const entries =
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : undefined;
  if (entries === undefined)
    throw callFailure("configuration", "The body of a form must be an object", {
      detail: "Each key is a field; a list stands for several fields of the same name.",
    });
  for (const [name, field] of entries) {
    for (const one of Array.isArray(field) ? (field as readonly Json[]) : [field]) {
      if (one === null) continue;
      form.append(name, typeof one === "object" ? JSON.stringify(one) : String(one));
    }
  }
  return form;
}
