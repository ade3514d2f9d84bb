import type { Site__Output } from "#proto/generated/comity/v1/Site.js";
import { count, labels, time } from "./format.js";
import { renderFields, renderTable } from "./table.js";

/** All sites, one a line. */
export function renderSites(sites: readonly Site__Output[]): string {
  if (sites.length === 0) return "There are no sites. `comity site invite ORG/SITE` invites one.";
  return renderTable(
    [
      { title: "SITE", value: (site) => site.site },
      { title: "STATE", value: (site) => site.state },
      { title: "LAST SEEN", value: (site) => time(site.lastSeenMs) },
      { title: "DATASETS", value: (site) => site.datasets.map((dataset) => dataset.name).join(", ") },
      { title: "AGENT", value: (site) => site.agentVersion },
      { title: "LABELS", value: (site) => labels(site.labels) },
    ],
    sites,
  );
}

/** One site with the schemas of its datasets. */
export function renderSite(site: Site__Output): string {
  const about = renderFields([
    ["site", site.site],
    ["state", site.state],
    ["revoked", site.revokedAtMs === 0 ? "" : `${time(site.revokedAtMs)}: ${site.revokedReason}`],
    ["labels", labels(site.labels)],
    ["last seen", time(site.lastSeenMs)],
    ["certificate until", time(site.certificateExpiresAtMs)],
    ["agent", site.agentVersion],
    ["capabilities", site.capabilities.join(", ")],
    ["open assignments", String(site.openAssignments)],
  ]);
  const datasets = site.datasets.map((dataset) => {
    const columns = dataset.columns.map((column) => `${column.name} (${column.type})`);
    const shown =
      columns.length > 8
        ? `${columns.slice(0, 8).join(", ")}, … ${count(columns.length)} columns`
        : columns.join(", ");
    return renderFields([
      ["dataset", dataset.name],
      ["labels", labels(dataset.labels)],
      ["rows", `about ${count(dataset.trainRows)} to train, ${count(dataset.testRows)} to test`],
      ["target", dataset.target],
      ["columns", shown],
      ["connector", dataset.connector],
    ]);
  });
  return [about, ...datasets].join("\n\n");
}
