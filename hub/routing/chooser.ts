import { BoundedThread } from "#kernel/bounded-thread.js";
import { ComityError } from "#kernel/errors.js";
import { counted } from "#kernel/words.js";
import { type Choice, type ChoiceRequest, chooseSites } from "./choose.js";

/** An honest rule takes less than a tenth of a millisecond for a site. */
const maxChoiceMs = 2_000;

/** Chooses sites; by rules in CEL in a thread of its own, so that no rule holds the caller up. */
export class SiteChooser {
  readonly #thread = new BoundedThread<ChoiceRequest, Choice>(
    new URL("./choose-worker.js", import.meta.url),
    "placements",
  );

  /** {@link chooseSites}. Throws `EXPRESSION_FAILED` for rules that take too long. */
  async choose(request: ChoiceRequest): Promise<Choice> {
    const { sites, wish, online, draw, history } = request;
    const { where, score } = wish.at;
    if (where === undefined && score === undefined)
      return chooseSites(sites, wish, (site) => online.has(site), draw, history);
    const choice = await this.#thread.run(request, maxChoiceMs);
    if (choice !== "late") return choice;
    throw new ComityError(
      "EXPRESSION_FAILED",
      `The rules of \`at\` took longer than ${maxChoiceMs} ms for ${counted(sites.length, "site")}.`,
      {
        hint: "A rule is for comparing what is known of a site; write it without loops in each other and without large patterns.",
      },
    );
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
