import { fuzz } from "./harness.js";
import { targets } from "./targets.js";

/** `npm run fuzz [-- SECONDS [TEXT]]`: so long for each decoder, or for those that have TEXT in their name. Ends with 1 at the first fault. */
const [seconds = "10", part = ""] = process.argv.slice(2);
const endsAfterMs = Number(seconds) * 1000;
const chosen = targets.filter(({ name }) => name.includes(part));
if (!(endsAfterMs > 0) || chosen.length === 0) {
  console.error(
    `Usage: npm run fuzz -- [SECONDS [TEXT]]; there are ${targets.map(({ name }) => name).join(", ")}.`,
  );
  process.exit(2);
}
for (const target of chosen) {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const since = performance.now();
  let cases = 0;
  const decode = (bytes: Buffer) => {
    cases++;
    return target.decode(bytes);
  };
  try {
    await fuzz({ ...target, decode }, { cases: Number.MAX_SAFE_INTEGER, seed, endsAfterMs });
    console.log(`${target.name}: ${cases} inputs in ${((performance.now() - since) / 1000).toFixed(1)} s`);
  } catch (error) {
    console.error(`${target.name}, seed ${seed}:`, error);
    process.exitCode = 1;
    break;
  }
}
