// mocha's `spec` report, closed by one plain line that any CI can read. CommonJS: mocha 11 cannot load an ES module reporter.
const { reporters } = require("mocha");

/** How long a process may need to wind up after the last test. */
const windUpMs = 20_000;

module.exports = class ClosingLine extends reporters.Spec {
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
    // A test that failed may have left a timer or a socket open; the run must end with its result all the same.
    setTimeout(() => {
      console.error(
        `Still open ${windUpMs} ms after the last test: ${process.getActiveResourcesInfo().join(", ")}`,
      );
      process.exit(1);
    }, windUpMs).unref();
  }
};
