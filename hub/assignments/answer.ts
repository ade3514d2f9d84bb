import { tensorLimits, totalBytes } from "#aggregation/tensors/spec.js";
import { ComityError } from "#kernel/errors.js";
import { checkAnswer } from "#proto/work/shape.js";
import { asComityError } from "./faults.js";
import type { AnswerHeader, Assignment } from "./model.js";
import { inputsOf } from "./offer.js";
import type { ShapedStage } from "./shapes.js";

/** Throws when an answer cannot be right, before its first byte: its base, then all that its kind of work declares, then its size. */
export function checkHeader(
  header: AnswerHeader,
  assignment: Assignment,
  { stage, shape }: ShapedStage,
  maxSamples: number,
): void {
  const base = inputsOf(stage, assignment)["base"]?.sha256 ?? "";
  if (header.baseSha256 !== base) {
    throw new ComityError(
      "UPDATE_BASE_WRONG",
      `The answer was made from model ${header.baseSha256.slice(0, 12)}, but the assignment says ${base.slice(0, 12)}.`,
      { hint: "Fetch the base model of the offer and do the work again." },
    );
  }
  const { samples, metrics, value, update, behind } = header;
  // No site can be a hub of others yet: what it says of them would count towards what a rule asks for.
  if (behind !== 1)
    throw new ComityError(
      "UPDATE_SCHEMA_WRONG",
      `The answer says that ${behind} sites stand behind it; a site stands for itself alone.`,
    );
  const tensors = update === undefined ? undefined : header.tensors;
  asComityError(() =>
    checkAnswer(assignment.kind, shape, { samples, figures: metrics, value, tensors }, maxSamples),
  );
  if (shape.tensors === undefined || update === undefined) return;
  const dataBytes = totalBytes(shape.tensors);
  const { sizeBytes } = update;
  if (sizeBytes <= dataBytes || sizeBytes > dataBytes + tensorLimits.headerBytes + 8) {
    throw new ComityError(
      "UPLOAD_SIZE_WRONG",
      `The update is said to have ${sizeBytes} bytes; its tensors alone have ${dataBytes}.`,
      { hint: "Send a safetensors file of exactly the tensors declared." },
    );
  }
}
