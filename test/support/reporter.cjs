// mocha's `spec` report, closed by one plain line that any CI can read. CommonJS: mocha 11 cannot load an ES module reporter.
const { reporters } = require("mocha");

module.exports = class ClosingLine extends reporters.Spec {
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
  }
};
