// Writes docs/reference/cli.md from the commands, after a build. A test fails when the page is stale.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cliReference } from "../dist/test/support/cli-reference.js";

writeFileSync(fileURLToPath(new URL("../docs/reference/cli.md", import.meta.url)), cliReference());
