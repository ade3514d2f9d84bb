import assert from "node:assert/strict";
import { Metadata } from "@grpc/grpc-js";
import { describe, it } from "mocha";
import { ComityError, type ErrorCode, errorKinds } from "#kernel/errors.js";
import { silentLog } from "#kernel/log.js";
import { cutText, fromServiceError, toStatus } from "#proto/rpc/errors.js";

/** What a client sees of an error that a hub throws. */
function overTheWire(thrown: unknown): ComityError {
  const { code, details, metadata } = toStatus(thrown, silentLog, "/comity.v1.Control/GetHub");
  return fromServiceError(Object.assign(new Error(details), { code, details, metadata }), "hub.example:7600");
}

const foreign = (code: number, details: string): ComityError =>
  fromServiceError(
    Object.assign(new Error(details), { code, details, metadata: new Metadata() }),
    "hub.example:7600",
  );

describe("errors on the wire", () => {
  it("brings every code over, with sentence and hint", () => {
    for (const code of Object.keys(errorKinds) as ErrorCode[]) {
      if (code === "INTERNAL") continue;
      const error = overTheWire(
        new ComityError(code, `What ${code} says.`, { hint: "100 % sure: ünï.", cause: new Error("secret") }),
      );
      assert.deepEqual(
        [error.code, error.message, error.hint],
        [code, `What ${code} says.`, "100 % sure: ünï."],
      );
    }
  });

  it("keeps what was not thrown on purpose for the log", () => {
    for (const thrown of [new Error("xyzzy"), "xyzzy", undefined, new ComityError("INTERNAL", "xyzzy")]) {
      const error = overTheWire(thrown);
      assert.equal(error.code, "INTERNAL");
      assert.doesNotMatch(error.message, /xyzzy/);
    }
    assert.equal(overTheWire(Object.assign(new Error("no"), { code: "ENOSPC" })).code, "DISK_FULL");
  });

  it("cuts text to so many bytes of well-formed UTF-8", () => {
    assert.equal(cutText("short", 10), "short");
    assert.equal(cutText("a\udc00b", 10), "a\ufffdb");
    for (const letter of ["a", "é", "€", "😀"]) {
      const cut = cutText(letter.repeat(100), 20);
      assert(Buffer.byteLength(cut) <= 20 && cut.isWellFormed());
      assert.match(cut, new RegExp(`^(${letter})+…$`, "u"));
    }
  });

  it("names the hub and a way out where the hub never spoke", () => {
    const refused = foreign(
      14,
      "No connection established. Last error: connect ECONNREFUSED 10.0.0.1:7600 (2026-01-01T00:00:00.000Z)",
    );
    assert.equal(refused.code, "HUB_UNREACHABLE");
    assert.equal(
      refused.message,
      "The hub at hub.example:7600 cannot be reached: connect ECONNREFUSED 10.0.0.1:7600.",
    );
    assert.match(refused.hint ?? "", /hub runs/);
    assert.match(foreign(14, "Last error: certificate has expired").hint ?? "", /clocks/);
    assert.match(
      foreign(14, "Name resolution failed for target dns:hub.example:7600").hint ?? "",
      /host name/,
    );
    assert.equal(foreign(1, "Call cancelled").code, "HUB_UNREACHABLE");
    assert.equal(foreign(4, "Deadline exceeded").code, "DEADLINE_EXCEEDED");
    assert.equal(foreign(8, "Received message larger than max (9 vs 4)").code, "MESSAGE_TOO_LARGE");
    assert.equal(foreign(8, "slow down").code, "RATE_LIMITED");
    assert.equal(foreign(12, "no such method").code, "PROTOCOL_UNSUPPORTED");
    assert.equal(foreign(16, "who are you").code, "UNAUTHENTICATED");
    assert.equal(foreign(13, "oops").code, "INTERNAL");
    assert.equal(foreign(99, "oops").code, "INTERNAL");
  });

  it("makes what another server says safe to print", () => {
    assert.doesNotMatch(foreign(13, "\u001b[31mred\u0007").message, /[\u0007\u001b]/);
  });

  it("does not believe a code that is none of ours", () => {
    const metadata = new Metadata();
    metadata.set("comity-code", "toString");
    const error = Object.assign(new Error("x"), { code: 5, details: "x", metadata });
    assert.equal(fromServiceError(error, "h:1").code, "INTERNAL");
  });
});
