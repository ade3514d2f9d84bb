import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { ErrorCode } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import type { Offer__Output } from "#proto/generated/comity/v1/Offer.js";
import { startTestHub } from "../support/hub.js";
import { type Answer, answerTo, answerWith, chunks, fill } from "../support/site.js";
import {
  ended,
  good,
  players,
  refusal,
  resumed,
  startTraining,
  tensors,
  withHeader,
} from "../support/training.js";

const firstTensor = tensors[0]?.name ?? "";
const lastTensor = tensors.at(-1)?.name ?? "";
const sizeOf = (name: string): number =>
  tensors.find((tensor) => tensor.name === name)?.shape.reduce((a, b) => a * b, 1) ?? 0;

/** An answer whose bytes are not what their header says, but have the digest that it says. */
function withBytes({ header }: Answer, bytes: Uint8Array): Answer {
  return { bytes, header: { ...header, update: { sha256: hashBytes(bytes), sizeBytes: bytes.length } } };
}

/** A wrong answer, how it is refused, and what its sentence must say. */
interface Wrong {
  readonly what: string;
  readonly code: ErrorCode;
  readonly says: RegExp;
  /** Whether the site may send a better one for the same offer. */
  readonly again?: true;
  make(offer: Offer__Output): Answer;
}

const valueAt = (tensor: string, index: number, value: number) => (offer: Offer__Output) =>
  answerTo(offer, tensors, (name, i) => (name === tensor && i === index ? value : 0.5));
const whole = fill(tensors, () => 0.5);
const escape = (text: string): string => text.replace(/[/[\].]/g, "\\$&");
const names0 = escape(firstTensor);

const wrongAnswers: readonly Wrong[] = [
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].flatMap((value): Wrong[] => [
    {
      what: `${value} at the first value`,
      code: "UPDATE_NOT_FINITE",
      says: new RegExp(`"${names0}" holds ${value} at place 0 `),
      make: valueAt(firstTensor, 0, value),
    },
    {
      what: `${value} in the middle`,
      code: "UPDATE_NOT_FINITE",
      says: new RegExp(`"${names0}" holds ${value} at place 5 `),
      make: valueAt(firstTensor, 5, value),
    },
    {
      what: `${value} at the last value`,
      code: "UPDATE_NOT_FINITE",
      says: new RegExp(`"${escape(lastTensor)}" holds ${value} at place ${sizeOf(lastTensor) - 1} `),
      make: valueAt(lastTensor, sizeOf(lastTensor) - 1, value),
    },
  ]),
  {
    what: "more sites behind it than one",
    code: "UPDATE_SCHEMA_WRONG",
    says: /5 sites stand behind it; a site stands for itself alone/,
    make: (offer) => withHeader(good(offer), { behind: 5 }),
  },
  {
    what: "a wrong shape in the header",
    code: "UPDATE_SCHEMA_WRONG",
    says: new RegExp(`"${names0}" must have shape \\[3,4\\], but has \\[4,3\\]`),
    make: (offer) =>
      answerWith(
        offer,
        whole.map((tensor, i) => (i === 0 ? { ...tensor, shape: [4, 3] } : tensor)),
      ),
  },
  {
    what: "a wrong shape in the bytes only",
    code: "UPDATE_SCHEMA_WRONG",
    says: new RegExp(`"${names0}" must have shape \\[3,4\\], but has \\[4,3\\]`),
    make: (offer) =>
      withBytes(
        good(offer),
        answerWith(
          offer,
          whole.map((tensor, i) => (i === 0 ? { ...tensor, shape: [4, 3] } : tensor)),
        ).bytes,
      ),
  },
  {
    what: "a wrong dtype in the header",
    code: "UPDATE_SCHEMA_WRONG",
    says: new RegExp(`"${names0}" must have dtype F32, but has "F16"`),
    make: (offer) =>
      withHeader(good(offer), {
        tensors: tensors.map(({ name, shape }) => ({ name, shape: [...shape], dtype: "F16" })),
      }),
  },
  {
    what: "a wrong dtype in the bytes only",
    code: "UPDATE_SCHEMA_WRONG",
    says: new RegExp(`"${names0}" has dtype "I32"; only F32`),
    make: (offer) => {
      const answer = good(offer);
      const text = Buffer.from(answer.bytes).toString("latin1").replace('"F32"', '"I32"');
      return withBytes(answer, Buffer.from(text, "latin1"));
    },
  },
  {
    what: "a missing tensor",
    code: "UPDATE_SCHEMA_WRONG",
    says: new RegExp(`"${escape(lastTensor)}" is missing`),
    make: (offer) => answerWith(offer, whole.slice(0, -1)),
  },
  {
    what: "an extra tensor",
    code: "UPDATE_SCHEMA_WRONG",
    says: /"extra" does not belong to the model/,
    make: (offer) =>
      answerWith(offer, [...whole, { name: "extra", dtype: "F32", shape: [1], values: new Float32Array(1) }]),
  },
  {
    what: "the wrong order",
    code: "UPDATE_SCHEMA_WRONG",
    says: new RegExp(`"${names0}" is expected at place 0`),
    make: (offer) => answerWith(offer, whole.toReversed()),
  },
  {
    what: "the wrong base model",
    code: "UPDATE_BASE_WRONG",
    says: /made from model abababababab/,
    make: (offer) => withHeader(good(offer), { baseSha256: "ab".repeat(32) }),
  },
  ...(
    [
      [0, /sample count 0 /],
      // What -1 becomes in an unsigned field.
      ["18446744073709551615", /sample count 18446744073709552000 /],
      ["9007199254740992", /sample count 9007199254740992 /],
      [110, /sample count 110 is not possible: it must be a whole number from 1 to 109/],
    ] as const
  ).map(
    ([samples, says]): Wrong => ({
      what: `the sample count ${samples}`,
      code: "UPDATE_SAMPLES_WRONG",
      says,
      make: (offer) => withHeader(good(offer), { samples }),
    }),
  ),
  {
    what: "a metric that is not finite",
    code: "UPDATE_NOT_FINITE",
    says: /metric "loss" is not a finite number/,
    make: (offer) => withHeader(good(offer), { metrics: { loss: Number.NaN } }),
  },
  {
    what: "no update",
    code: "UPDATE_SCHEMA_WRONG",
    says: /kind train must have an update/,
    make: (offer) => ({ ...withHeader(good(offer), { update: null }), bytes: Buffer.alloc(0) }),
  },
  {
    what: "a size that cannot be",
    code: "UPLOAD_SIZE_WRONG",
    says: /said to have 5 bytes/,
    make: (offer) => withHeader(good(offer), { update: { sha256: "ab".repeat(32), sizeBytes: 5 } }),
  },
  {
    what: "more bytes than declared",
    code: "UPLOAD_SIZE_WRONG",
    says: /More than the declared \d+ bytes/,
    make: (offer) => {
      const answer = good(offer);
      return { ...answer, bytes: Buffer.concat([answer.bytes, Buffer.alloc(100)]) };
    },
  },
  {
    what: "another size in the blob's own header",
    code: "UPDATE_MALFORMED",
    says: /asks for a blob of \d+ bytes, but \d+ were declared/,
    make: (offer) => withBytes(good(offer), Buffer.concat([good(offer).bytes, Buffer.alloc(8)])),
  },
  {
    what: "no safetensors at all",
    code: "UPDATE_MALFORMED",
    says: /safetensors header claims/,
    make: (offer) => withBytes(good(offer), Buffer.alloc(good(offer).bytes.length, 0xff)),
  },
  {
    what: "too few bytes",
    code: "UPLOAD_OFFSET_WRONG",
    says: /ended after \d+ of \d+ bytes/,
    again: true,
    make: (offer) => ({ ...good(offer), bytes: good(offer).bytes.subarray(0, -7) }),
  },
  {
    what: "bytes of another digest",
    code: "UPLOAD_DIGEST_WRONG",
    says: /do not have the digest abab/,
    again: true,
    make: (offer) =>
      withHeader(good(offer), { update: { sha256: "ab".repeat(32), sizeBytes: good(offer).bytes.length } }),
  },
  {
    what: "an offset before which nothing is stored",
    code: "UPLOAD_OFFSET_WRONG",
    says: /begins at byte 16, but 0 bytes are stored/,
    again: true,
    make: (offer) => withHeader(good(offer), { offset: 16 }),
  },
];

describe("wrong answers", function () {
  this.timeout(60_000);

  it("refuses every wrong answer by its code, names the fault, and goes on with the other site", async () => {
    await using hub = await startTestHub();
    const [honest, wrong] = await players(hub, "acme/honest", "acme/wrong");
    for (const wrongAnswer of wrongAnswers) {
      const { what, code, says, again } = wrongAnswer;
      const { runId } = await startTraining(hub);
      const [offer, offered] = [await wrong.session.next("offer"), await honest.session.next("offer")];
      const error = await refusal(wrong.site.upload(wrongAnswer.make(offer)));
      assert.equal(error.code, code, `${what}: ${error.message}`);
      assert.match(error.message, says, `${what}: ${error.message}`);
      if (again === true) {
        // The offer is still open: the same site makes it good.
        const better = good(offer);
        assert.equal(
          (await wrong.site.upload(resumed(better, await wrong.site.stored(better)))).samples,
          10,
          what,
        );
      } else {
        const cancel = await wrong.session.next("cancel");
        assert.match(cancel.reason, /answer was refused/, what);
        assert.match(cancel.reason, says, what);
      }
      await honest.site.upload(good(offered));
      const run = await ended(hub, runId);
      assert.equal(run.state, "completed", `${what}: ${run.errorText}`);
      assert.equal(run.rounds[0]?.samples, again === true ? 20 : 10, what);
      const row = run.rounds[0].assignments.find(({ site }) => site === "acme/wrong");
      assert.equal(row?.state, again === true ? "delivered" : "failed", what);
      assert.equal(row.reasonCode, again === true ? "" : code, what);
    }
    assert.equal(honest.session.end, undefined);
    assert.equal(wrong.session.end, undefined);
    assert.deepEqual(hub.faults, []);
  });

  it("refuses what is out of order on the upload stream, and keeps the assignment open", async () => {
    await using hub = await startTestHub();
    const [one, other] = await players(hub, "acme/one", "acme/other");
    const { runId } = await startTraining(hub);
    const offer = await one.session.next("offer");
    const foreign = await other.session.next("offer");
    const answer = good(offer);
    const header = { body: "header", header: answer.header } as const;
    const parts = [...chunks(answer.bytes, 64)];
    const [first] = parts;
    assert(first !== undefined);
    const cases: [string, () => Promise<unknown>, ErrorCode, RegExp][] = [
      ["nothing", () => one.site.send([]), "MESSAGE_INVALID", /begins with its header/],
      [
        "a chunk before the header",
        () => one.site.send([first, header]),
        "MESSAGE_INVALID",
        /begins with its header/,
      ],
      ["an empty message", () => one.site.send([{}]), "MESSAGE_INVALID", /begins with its header/],
      ["two headers", () => one.site.send([header, header]), "MESSAGE_INVALID", /chunks only/],
      [
        "an empty chunk",
        () => one.site.send([header, { body: "chunk", chunk: Buffer.alloc(0) }]),
        "MESSAGE_INVALID",
        /empty/,
      ],
      [
        "a chunk that is too large",
        () => one.site.send([header, { body: "chunk", chunk: Buffer.alloc(256 * 1024 + 1) }]),
        "MESSAGE_INVALID",
        /256 KiB/,
      ],
      [
        "another site's assignment",
        () => one.site.upload(withHeader(answer, { assignmentId: foreign.assignmentId })),
        "ASSIGNMENT_NOT_FOUND",
        /no such assignment for this site/,
      ],
      [
        "an unknown assignment",
        () => one.site.upload(withHeader(answer, { assignmentId: "no-such" })),
        "ASSIGNMENT_NOT_FOUND",
        /no such assignment for this site/,
      ],
      [
        "an id that is none",
        () => one.site.upload(withHeader(answer, { assignmentId: "../../etc/passwd" })),
        "ARGUMENT_INVALID",
        /no assignment id/,
      ],
      ["no op_id", () => one.site.upload(withHeader(answer, { opId: "" })), "ARGUMENT_INVALID", /no op_id/],
      [
        "a digest that is none",
        () => one.site.upload(withHeader(answer, { update: { sha256: "../x", sizeBytes: 10 } })),
        "ARGUMENT_INVALID",
        /no digest/,
      ],
      [
        "an offset that is none",
        () => one.site.upload(withHeader(answer, { offset: "18446744073709551615" })),
        "ARGUMENT_INVALID",
        /no byte offset/,
      ],
      [
        "an attempt that was never offered",
        () => one.site.upload(withHeader(answer, { attempt: 7 })),
        "ARGUMENT_INVALID",
        /attempt 7 has not been offered/i,
      ],
    ];
    for (const [what, call, code, says] of cases) {
      const error = await refusal(call());
      assert.equal(error.code, code, `${what}: ${error.message}`);
      assert.match(error.message, says, what);
    }
    await one.site.upload(resumed(answer, await one.site.stored(answer)));
    await other.site.upload(good(foreign));
    assert.equal((await ended(hub, runId)).state, "completed");
    assert.deepEqual(hub.faults, []);
    await hub.stop();
    assert.deepEqual(hub.rows("select * from late_answers"), []);
  });
});
