import { z } from "zod";
import { didYouMean, printable } from "#kernel/words.js";
import { datasetConfigSchema } from "./config.js";
import { connectors } from "./connectors.js";

const known = connectors.map(({ name }) => name);

/** The datasets of a site in agent.yaml: each name once, each over a connector that this agent has. */
export const datasetsConfigSchema = z
  .array(datasetConfigSchema)
  .max(1000)
  .superRefine((configs, context) => {
    const names = new Set<string>();
    for (const [place, { name, connector }] of configs.entries()) {
      if (!known.includes(connector))
        context.addIssue({
          code: "custom",
          path: [place, "connector"],
          message: `there is no connector ${printable(connector, 60)}${didYouMean(connector, known) || `; this agent has: ${known.join(", ")}`}`,
        });
      if (names.has(name))
        context.addIssue({
          code: "custom",
          path: [place, "name"],
          message: `another dataset is named ${name}`,
        });
      names.add(name);
    }
  });
