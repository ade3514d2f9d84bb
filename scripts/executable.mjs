// The compiler writes no execute bit; the `comity` command needs one.
import { chmodSync } from "node:fs";

chmodSync(new URL("../dist/cli/main.js", import.meta.url), 0o755);
