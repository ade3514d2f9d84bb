import { ComityError } from "#kernel/errors.js";
import { listWords, printable } from "#kernel/words.js";
import type { DatasetSelector } from "#proto/codec/work.js";
import type { DatasetConfig } from "./config.js";
import type { Connector, RowCounts } from "./connector.js";
import { connectors } from "./connectors.js";
import { type DatasetDescription, describeDataset } from "./describe.js";

/** Where a dataset is: enough to open it again in another thread. */
export interface DatasetLocation {
  readonly config: DatasetConfig;
  /** The agent's folder; paths in `config` are relative to it. */
  readonly directory: string;
}

/** A dataset of this site. */
export interface Dataset {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly location: DatasetLocation;
  /** The exact counts, for the site's own use; cached until the files change. Throws `DATA_INVALID`. */
  counts(): Promise<RowCounts>;
  /** Changes when the rows may have changed; for the site's own use. Throws `DATA_INVALID`. */
  version(): Promise<string>;
  /** What the hub may know. Throws `DATA_INVALID`. */
  describe(): Promise<DatasetDescription>;
  /** Reads all rows and throws `DATA_INVALID` at the first fault; keeps nothing. */
  check(): Promise<void>;
}

/** The connector that a dataset asks for. */
export function connect({ config, directory }: DatasetLocation): Connector {
  const kind = connectors.find(({ name }) => name === config.connector);
  if (kind === undefined) throw new Error(`there is no connector ${config.connector}`);
  return kind.open(config, directory);
}

/** The datasets of a site. Reads nothing yet. */
export function openDatasets(configs: readonly DatasetConfig[], directory: string): Dataset[] {
  return configs.map((config) => openDataset({ config, directory }));
}

function openDataset(location: DatasetLocation): Dataset {
  const { config } = location;
  const connector = connect(location);
  let known: { version: string; counts: RowCounts } | undefined;
  const counts = async (): Promise<RowCounts> => {
    const version = await connector.version();
    if (known?.version !== version) known = { version, counts: await connector.count() };
    return known.counts;
  };
  return {
    name: config.name,
    labels: config.labels,
    location,
    counts,
    version: async () => await connector.version(),
    describe: async () => describeDataset(config, await counts()),
    check: async () => {
      const { test } = await counts();
      await connector.load("train");
      if (test > 0) await connector.load("test");
    },
  };
}

/** The one dataset that the selector means. Throws `DATASET_MISSING` when there is none, or more than one. */
export function select<D extends Pick<Dataset, "name" | "labels">>(
  datasets: readonly D[],
  selector: DatasetSelector,
): D {
  const wanted = Object.entries(selector.labels ?? {});
  const found = datasets.filter(
    (dataset) =>
      (selector.name === undefined || dataset.name === selector.name) &&
      wanted.every(
        ([label, value]) => Object.hasOwn(dataset.labels, label) && dataset.labels[label] === value,
      ),
  );
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const asked = [
    ...(selector.name === undefined ? [] : [`the name ${printable(selector.name, 128)}`]),
    ...(wanted.length === 0 ? [] : [`the labels ${wanted.map(pair).join(", ")}`]),
  ];
  if (found.length > 1) {
    throw new ComityError(
      "DATASET_MISSING",
      `${found.length} datasets of this site have ${listWords(asked)}: ${names(found)}.`,
      {
        hint: "Ask for one of them by its name.",
      },
    );
  }
  throw new ComityError(
    "DATASET_MISSING",
    `This site has no dataset with ${listWords(asked)}; it has ${all(datasets)}.`,
    {
      hint: "Datasets and their labels are listed in the site's agent.yaml.",
    },
  );
}

/** Datasets named in a message; the rest are counted. */
const maxShown = 10;

const pair = ([label, value]: [string, string]): string => printable(`${label}=${value}`, 128);

function names(datasets: readonly Pick<Dataset, "name">[]): string {
  const shown = datasets.slice(0, maxShown).map(({ name }) => name);
  return listWords(datasets.length > maxShown ? [...shown, `${datasets.length - maxShown} more`] : shown);
}

function all(datasets: readonly Pick<Dataset, "name" | "labels">[]): string {
  const shown = datasets.slice(0, maxShown).map(({ name, labels }) => {
    const pairs = Object.entries(labels).map(pair);
    return pairs.length === 0 ? name : `${name} (${pairs.join(", ")})`;
  });
  if (datasets.length > maxShown) shown.push(`${datasets.length - maxShown} more`);
  return shown.join("; ") || "none";
}
