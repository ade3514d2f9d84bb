import { uuidv7 } from "uuidv7";
import { ComityError } from "./errors.js";

/** A string that the compiler keeps apart from other strings. */
type Id<Kind extends string> = string & { readonly __kind: Kind };

/** One execution of a workflow version. */
export type RunId = Id<"run">;
/** The part of a task given to one site. */
export type AssignmentId = Id<"assignment">;
/** One place of an organisation's data: `organisation/site`. */
export type SiteId = Id<"site">;
/** Names one effect, however often it is asked for. */
export type OpId = Id<"op">;
/** One hub's store: its rows, its folder and its blobs have it in common. */
export type StoreId = Id<"store">;
/** 64 lower-case hexadecimal characters. */
export type Sha256 = Id<"sha256">;

const word = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const sitePattern = new RegExp(`^${word}/${word}$`);
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const sha256Pattern = /^[0-9a-f]{64}$/;

/** Whether a text, such as a file's name, has the form of a digest. */
export const isSha256 = (text: string): text is Sha256 => sha256Pattern.test(text);

/** A new id; version 7 UUIDs sort by time of birth (RFC 9562). */
export const newRunId = (): RunId => uuidv7() as RunId;
export const newOpId = (): OpId => uuidv7() as OpId;
export const newStoreId = (): StoreId => uuidv7() as StoreId;

export const parseRunId = (text: string): RunId =>
  parse(text, idPattern, "run id", "letters, digits, `.`, `_` and `-`") as RunId;
export const parseOpId = (text: string): OpId =>
  parse(text, idPattern, "op_id", "letters, digits, `.`, `_` and `-`") as OpId;
export const parseStoreId = (text: string): StoreId =>
  parse(text, idPattern, "store id", "letters, digits, `.`, `_` and `-`") as StoreId;
export const parseSha256 = (text: string): Sha256 =>
  parse(text, sha256Pattern, "digest", "64 lower-case hexadecimal characters") as Sha256;
export const parseAssignmentId = (text: string): AssignmentId => {
  if (text.length === 0 || text.length > 256 || !/^[A-Za-z0-9._-]+$/.test(text))
    return refuse(text, "assignment id", "the id of the offer");
  return text as AssignmentId;
};
export const parseSiteId = (text: string): SiteId =>
  parse(
    text,
    sitePattern,
    "site",
    "`organisation/site` in lower-case letters, digits and `-`, for example `acme/berlin`",
  ) as SiteId;

/** The organisation of a site. */
export const organisationOf = (site: SiteId): string => site.slice(0, site.indexOf("/"));

function parse(text: string, pattern: RegExp, noun: string, allowed: string): string {
  return pattern.test(text) ? text : refuse(text, noun, allowed);
}

function refuse(text: string, noun: string, allowed: string): never {
  throw new ComityError(
    "ARGUMENT_INVALID",
    `${JSON.stringify(text.slice(0, 80))} is no ${noun}: it must be ${allowed}.`,
  );
}
