import { ComityError } from "#kernel/errors.js";
import { didYouMean, listWords } from "#kernel/words.js";
import { type Role, roles } from "#proto/rpc/principal.js";

export { type Role, roles };

/** Throws `ARGUMENT_INVALID` with the roles that there are. */
export function parseRole(text: string): Role {
  const role = roles.find((candidate) => candidate === text);
  if (role !== undefined) return role;
  throw new ComityError(
    "ARGUMENT_INVALID",
    `${JSON.stringify(text.slice(0, 80))} is no role: it must be one of ${listWords(roles)}${didYouMean(text.slice(0, 80), roles)}.`,
  );
}
