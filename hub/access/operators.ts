import { type KeyObject, randomUUID } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import { publicKeyOf } from "#certs/keys.js";
import {
  findOperator,
  listOperators,
  markOperatorRemoved,
  type OperatorRow,
  saveOperator,
} from "#hub/store/operators.js";
import type { Store } from "#hub/store/store.js";
import type { Tx } from "#hub/store/tx.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { Log } from "#kernel/log.js";
import type { OperatorPrincipal } from "#proto/rpc/principal.js";
import { parseRole, type Role } from "./roles.js";

const type = "operator+jwt";
const audience = "hub-control";
const defaultDays = 90;
const maxDays = 366;
const daySeconds = 24 * 3600;
const maxTokenCharacters = 4096;

/** An operator as others see it. */
interface Operator {
  readonly name: string;
  readonly role: Role;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly removed: boolean;
}

/** An operator with the id of the token: what {@link Operators.tokenOf} signs. The id is no secret. */
interface AddedOperator extends Operator {
  readonly jti: string;
}

interface Parts {
  readonly store: Store;
  /** The hub's private key for tokens (P-256). */
  readonly tokenKey: KeyObject;
  /** The trust domain. */
  readonly issuer: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** People with a role, and the one token that each of them holds. */
export class Operators {
  readonly #parts: Parts;
  readonly #publicKey: KeyObject;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#publicKey = publicKeyOf(parts.tokenKey);
  }

  /** Adds an operator; `ttlDays` 0: 90. The token comes from {@link tokenOf}. Throws `ALREADY_EXISTS`. */
  async add(tx: Tx, wish: { name: string; role: string; ttlDays: number }): Promise<AddedOperator> {
    const former = await findOperator(tx.db, wish.name);
    if (former !== undefined && counts(former, this.#parts.clock.nowMs())) {
      throw new ComityError("ALREADY_EXISTS", `There is an operator ${wish.name} already.`, {
        hint: "Take another name, or remove that one first.",
      });
    }
    return this.replace(tx, wish);
  }

  /** Adds an operator, or gives one that is there a new token and role: the old token counts no more. */
  async replace(tx: Tx, wish: { name: string; role: string; ttlDays: number }): Promise<AddedOperator> {
    const { clock, log } = this.#parts;
    const { name } = wish;
    const ttlDays = wish.ttlDays === 0 ? defaultDays : wish.ttlDays;
    const role = parseRole(wish.role);
    checkName(name);
    if (!Number.isInteger(ttlDays) || ttlDays < 1 || ttlDays > maxDays) {
      throw new ComityError("ARGUMENT_INVALID", `An operator's token lives from 1 to ${maxDays} days.`);
    }
    const nowMs = clock.nowMs();
    // A token counts in whole seconds.
    const createdAtMs = Math.floor(nowMs / 1000) * 1000;
    const row: OperatorRow = {
      name,
      role,
      jti: randomUUID(),
      created_at_ms: createdAtMs,
      expires_at_ms: createdAtMs + ttlDays * daySeconds * 1000,
      removed_at_ms: null,
    };
    await saveOperator(tx.db, row);
    tx.afterCommit(() => log.info({ operator: name, role }, "an operator was added"));
    return { ...toOperator(row), jti: row.jti };
  }

  /** The token of an operator who was just added. It is kept nowhere: asked again, the same claims are signed again. */
  tokenOf(operator: AddedOperator): Promise<string> {
    return new SignJWT({ role: operator.role })
      .setProtectedHeader({ alg: "ES256", typ: type })
      .setIssuer(this.#parts.issuer)
      .setAudience(audience)
      .setSubject(operator.name)
      .setJti(operator.jti)
      .setIssuedAt(operator.createdAtMs / 1000)
      .setExpirationTime(operator.expiresAtMs / 1000)
      .sign(this.#parts.tokenKey);
  }

  async list(): Promise<Operator[]> {
    return (await listOperators(this.#parts.store.db)).map(toOperator);
  }

  /** The operator's token counts no more, from the next call on. Throws `OPERATOR_NOT_FOUND`; the last admin stays. */
  async remove(tx: Tx, name: string): Promise<Operator> {
    const { clock, log } = this.#parts;
    const nowMs = clock.nowMs();
    const row = await findOperator(tx.db, name);
    if (row === undefined) {
      throw new ComityError(
        "OPERATOR_NOT_FOUND",
        `There is no operator ${JSON.stringify(name.slice(0, 80))}.`,
        {
          hint: "`comity operator list` shows the operators.",
        },
      );
    }
    await this.#keepAnAdmin(tx, row, nowMs);
    await markOperatorRemoved(tx.db, name, nowMs);
    tx.afterCommit(() => log.info({ operator: name }, "an operator was removed"));
    return { ...toOperator(row), removed: true };
  }

  /** Who holds a token. Throws `UNAUTHENTICATED`. */
  async verify(token: string): Promise<OperatorPrincipal> {
    if (token.length > maxTokenCharacters) throw refused("The operator token was refused.");
    const { store, issuer, clock } = this.#parts;
    const nowMs = clock.nowMs();
    const { payload } = await jwtVerify(token, this.#publicKey, {
      algorithms: ["ES256"],
      typ: type,
      issuer,
      audience,
      requiredClaims: ["sub", "role", "jti", "iat", "exp"],
      maxTokenAge: maxDays * daySeconds,
      clockTolerance: 60,
      currentDate: new Date(nowMs),
    }).catch((cause: unknown) => {
      if (cause instanceof errors.JWTExpired) throw refused("The operator token has expired.", cause);
      throw refused("The operator token was refused.", cause);
    });
    const row = await findOperator(store.db, payload.sub ?? "");
    if (row === undefined || row.jti !== payload.jti || row.role !== payload["role"] || !counts(row, nowMs)) {
      throw refused("The operator token counts no more.");
    }
    return { kind: "operator", name: row.name, role: parseRole(row.role) };
  }

  /** A hub without an admin could never get one again. */
  async #keepAnAdmin(tx: Tx, leaving: OperatorRow, nowMs: number): Promise<void> {
    if (leaving.role !== "admin" || !counts(leaving, nowMs)) return;
    const others = (await listOperators(tx.db)).filter(
      (row) => row.name !== leaving.name && row.role === "admin" && counts(row, nowMs),
    );
    if (others.length > 0) return;
    throw new ComityError(
      "ARGUMENT_INVALID",
      `${leaving.name} is the hub's last admin and cannot be removed.`,
      {
        hint: "Add another admin first.",
      },
    );
  }
}

const counts = (row: OperatorRow, nowMs: number): boolean =>
  row.removed_at_ms === null && nowMs < row.expires_at_ms;

const toOperator = (row: OperatorRow): Operator => ({
  name: row.name,
  role: parseRole(row.role),
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
  removed: row.removed_at_ms !== null,
});

function checkName(name: string): void {
  if (/^[a-z0-9][a-z0-9._-]{0,62}$/.test(name)) return;
  throw new ComityError(
    "ARGUMENT_INVALID",
    `${JSON.stringify(name.slice(0, 80))} is no name of an operator.`,
    {
      hint: "Use lower-case letters, digits, `.`, `_` and `-`, at most 63 characters.",
    },
  );
}

const refused = (sentence: string, cause?: unknown): ComityError =>
  new ComityError("UNAUTHENTICATED", sentence, {
    hint: "Ask an admin of the hub for a new token (`comity operator add`).",
    cause,
  });
