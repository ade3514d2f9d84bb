import { type KeyObject, sign } from "node:crypto";
import { pino } from "pino";
import { newKey } from "#certs/keys.js";
import { createRequest } from "#certs/request.js";
import { Operators } from "#hub/access/operators.js";
import { Enrolment } from "#hub/sites/enrolment.js";
import type { Admission } from "#hub/sites/issuing.js";
import { Revocations } from "#hub/sites/revocations.js";
import { openSqlite } from "#hub/store/sqlite.js";
import { Store } from "#hub/store/store.js";
import type { Clock } from "#kernel/clock.js";
import { parseSiteId, type SiteId } from "#kernel/ids.js";
import { TestAuthority } from "./tls.js";

export const minuteMs = 60_000;
export const dayMs = 86_400_000;

/** A clock whose wall time the test sets. */
export class TestClock implements Clock {
  ms = Date.UTC(2026, 5, 1, 12);
  readonly nowMs = (): number => this.ms;
  readonly monotonicMs = (): number => this.ms;
  after(): () => void {
    throw new Error("nothing here waits");
  }
}

const trust = new TestAuthority("test.example", Date.UTC(2026, 5, 1));

/** The parts of a hub that know who is who, over a real database, and what a site would send them. */
export interface IdentityHub {
  readonly clock: TestClock;
  readonly store: Store;
  readonly revocations: Revocations;
  readonly enrolment: Enrolment;
  readonly operators: Operators;
  /** What was logged, as JSON. */
  readonly logged: string[];
  invite(site?: string, ttlSeconds?: number): Promise<string>;
  join(token: string, key: KeyObject): Promise<Admission>;
}

export const berlin: SiteId = parseSiteId("acme/berlin");
export const trustDomain = "test.example";

export async function openIdentityHub(
  directory: string,
  tokenKey: KeyObject = newKey(),
): Promise<IdentityHub> {
  const clock = new TestClock();
  const store = new Store(await openSqlite(`${directory}/hub.db`));
  const revocations = await Revocations.load(store.db, clock.nowMs());
  const logged: string[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => void logged.push(line) });
  const { authority } = trust;
  const hubAddresses = () => ["hub.example:7443"];
  const enrolment = new Enrolment({ store, authority, tokenKey, revocations, hubAddresses, clock, log });
  const operators = new Operators({ store, tokenKey, issuer: trustDomain, clock, log });
  return {
    clock,
    store,
    revocations,
    enrolment,
    operators,
    logged,
    async invite(site = berlin, ttlSeconds = 0) {
      const wish = { site: parseSiteId(site), labels: {}, ttlSeconds, invitedBy: "ada" };
      return enrolment.tokenOf(await store.write((tx) => enrolment.invite(tx, wish)));
    },
    join: (token, key) =>
      enrolment.join({ token, certificateRequest: createRequest(key), agentVersion: "0.1.0" }),
  };
}

/** A request for `next`, signed as a site signs it whose certificate, of the key `old`, has ended. */
export function expiredRequest(certificate: string, old: KeyObject, next: KeyObject) {
  const certificateRequest = createRequest(next);
  return { certificateRequest, certificate, signature: sign("sha256", certificateRequest, old) };
}
