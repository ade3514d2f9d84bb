/** Counts a test, or a suite from its `before`, as skipped, and says why. */
export function skipBecause(context: Mocha.Context, reason: string): never {
  process.stdout.write(`      skipped: ${reason}\n`);
  context.skip();
}
