import type { HubPort } from "./hub.js";
import type { Job } from "./job.js";
import type { Reason } from "./model.js";

/** Progress of one assignment is told at most this often; what comes between is left out. */
const progressEveryMs = 200;

/** Which offer is answered; one that could not be read has no more than this. */
interface Addressed {
  readonly assignmentId: string;
  readonly attempt: number;
}

/** What the hub is told over the session about an offer. A word that is lost is made good by the next Hello. */
export class Replies {
  readonly #hub: HubPort;

  constructor(hub: HubPort) {
    this.#hub = hub;
  }

  /** The site will answer the assignment. */
  accept({ assignmentId, attempt }: Addressed): void {
    this.#hub.send({ accept: { assignmentId, attempt } });
  }

  /** The site declines the assignment. */
  refuse({ assignmentId, attempt }: Addressed, { code, text }: Omit<Reason, "retryable">): void {
    this.#hub.send({ refuse: { assignmentId, attempt, code, reason: text } });
  }

  /** The site cannot do the assignment. */
  failed({ assignmentId, attempt }: Addressed, { code, text, retryable }: Reason): void {
    this.#hub.send({ failed: { assignmentId, attempt, code, reason: text, retryable } });
  }

  /** The way to tell how far a job has come, from 0 to 1. */
  progressOf(job: Job): (fraction: number, text: string) => void {
    let toldMs = Number.NEGATIVE_INFINITY;
    return (fraction, text) => {
      const nowMs = performance.now();
      if (job.abort.signal.aborted || nowMs - toldMs < progressEveryMs) return;
      toldMs = nowMs;
      const { assignmentId, attempt } = job.offer;
      this.#hub.send({ progress: { assignmentId, attempt, fraction, text } });
    };
  }
}
