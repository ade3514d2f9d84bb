import type { KeyObject } from "node:crypto";
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { ComityError } from "#kernel/errors.js";
import { parseSiteId, type SiteId } from "#kernel/ids.js";

const type = "join+jwt";
const audience = "hub-enroll";
const maxBytes = 8 * 1024;
/** An ES256 signature is 64 bytes. */
const signatureCharacters = 86;
const clockToleranceSeconds = 60;

/** How long an invitation may stay open. */
export const joinTokenTtl = { defaultSeconds: 3600, maxSeconds: 24 * 3600 } as const;

/** What a join token says. */
export interface JoinClaims {
  /** Names the invitation. */
  readonly jti: string;
  readonly site: SiteId;
  /** Where the hub's control port is: `host:port`, in the order of preference. */
  readonly hub: readonly string[];
  /** Pins of the hub's roots: `sha256:` and the base64url digest of a root's SubjectPublicKeyInfo. */
  readonly ca: readonly string[];
  readonly expiresAtMs: number;
}

const claimsSchema = z.object({
  jti: z.string().min(1).max(128),
  iat: z.int(),
  exp: z.int(),
  site: z.string().max(128),
  hub: z
    .array(
      z
        .string()
        .regex(/^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+):[0-9]{1,5}$/i)
        .max(300),
    )
    .min(1)
    .max(16),
  ca: z
    .array(z.string().regex(/^sha256:[A-Za-z0-9_-]{43}$/))
    .min(1)
    .max(8),
});

/** Signs an invitation. `issuer` is the hub's trust domain; `key` the hub's token key (P-256). */
export async function signJoinToken(options: {
  key: KeyObject;
  issuer: string;
  jti: string;
  site: SiteId;
  hub: readonly string[];
  ca: readonly string[];
  nowMs: number;
  ttlSeconds?: number;
}): Promise<{ token: string; expiresAtMs: number }> {
  const ttlSeconds = options.ttlSeconds ?? joinTokenTtl.defaultSeconds;
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > joinTokenTtl.maxSeconds) {
    throw new ComityError(
      "ARGUMENT_INVALID",
      `A join token lives from 1 to ${joinTokenTtl.maxSeconds} seconds.`,
    );
  }
  const issuedAt = Math.floor(options.nowMs / 1000);
  const token = await new SignJWT({ site: options.site, hub: [...options.hub], ca: [...options.ca] })
    .setProtectedHeader({ alg: "ES256", typ: type })
    .setIssuer(options.issuer)
    .setAudience(audience)
    .setJti(options.jti)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ttlSeconds)
    .sign(options.key);
  return { token, expiresAtMs: (issuedAt + ttlSeconds) * 1000 };
}

/**
 * Reads a token at the site, where nobody can verify it: only to learn where the hub is and which root it must show.
 * White space from copying is taken out: send the `token` that comes back. Throws `TOKEN_INVALID`.
 */
export function readJoinToken(text: string): JoinClaims & { readonly token: string } {
  const token = text.replaceAll(/\s/g, "");
  const parts = token.split(".");
  if (token === "" || token.length > maxBytes || !/^[A-Za-z0-9_.-]+$/.test(token) || parts.length > 3) {
    throw unreadable("This is no join token.");
  }
  if (parts.length < 3 || (parts[2] ?? "").length < signatureCharacters)
    throw unreadable("The join token is cut off at its end.");
  try {
    if (decodeProtectedHeader(token).typ !== type) throw unreadable("This is a token, but no join token.");
    return { token, ...readClaims(decodeJwt(token)) };
  } catch (cause) {
    if (cause instanceof ComityError) throw cause;
    throw unreadable("The join token is damaged.", cause);
  }
}

/**
 * Verifies a token at the hub: signature, type, issuer, audience, age. A token is taken for `graceMs` after its end too,
 * for the repetition of a call whose reply was lost: whoever allows that must look at `expiresAtMs`. Throws `TOKEN_INVALID`
 * with the reason, which is for the log and not for the caller.
 */
export async function verifyJoinToken(options: {
  token: string;
  key: KeyObject;
  issuer: string;
  nowMs: number;
  graceMs?: number;
}): Promise<JoinClaims> {
  if (options.token.length > maxBytes) throw new ComityError("TOKEN_INVALID", "The token is too long.");
  try {
    const { payload } = await jwtVerify(options.token, options.key, {
      algorithms: ["ES256"],
      typ: type,
      issuer: options.issuer,
      audience,
      requiredClaims: ["jti", "iat", "exp", "site", "hub", "ca"],
      maxTokenAge: joinTokenTtl.maxSeconds,
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(options.nowMs),
    });
    return readClaims(payload);
  } catch (cause) {
    // jose checks the dates last: an expired token has passed everything else.
    if (cause instanceof errors.JWTExpired && cause.claim === "exp") {
      const claims = readClaims(cause.payload);
      if (options.nowMs <= claims.expiresAtMs + (options.graceMs ?? 0)) return claims;
    }
    if (cause instanceof ComityError) throw cause;
    throw new ComityError(
      "TOKEN_INVALID",
      cause instanceof Error ? cause.message : "The token cannot be verified.",
      { cause },
    );
  }
}

function readClaims(payload: JWTPayload): JoinClaims {
  const parsed = claimsSchema.safeParse(payload);
  if (!parsed.success)
    throw new ComityError("TOKEN_INVALID", "The token lacks a claim.", { cause: parsed.error });
  const { jti, exp, hub, ca, site } = parsed.data;
  return { jti, site: readSite(site), hub, ca, expiresAtMs: exp * 1000 };
}

function readSite(text: string): SiteId {
  try {
    return parseSiteId(text);
  } catch (cause) {
    throw new ComityError("TOKEN_INVALID", "The token names no site.", { cause });
  }
}

function unreadable(sentence: string, cause?: unknown): ComityError {
  return new ComityError("TOKEN_INVALID", sentence, {
    hint: "Copy the whole token again: one line of three parts with dots between them, as `comity site invite` printed it.",
    cause,
  });
}
