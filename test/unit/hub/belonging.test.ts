import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { judge, refuseOlder } from "#hub/store/belonging/judge.js";
import type { FolderRecord, Found, FoundDatabase } from "#hub/store/belonging/model.js";
import { parseStoreId } from "#kernel/ids.js";

const [ours, theirs] = [parseStoreId("ours"), parseStoreId("theirs")];
const names = { dir: "/srv/hub", blobs: "/srv/hub/blobs", database: "/srv/hub/hub.db" };

const folder = (mark: number, storeId = ours): FolderRecord => ({
  storeId,
  mark,
  markedAtMs: 5_000_000,
  runs: new Map(),
});
const named = (mark: number, storeId = ours): FoundDatabase => ({
  is: "named",
  row: { storeId, seat: "s", mark, markedAtMs: 1_000_000 },
});
const empty: FoundDatabase = { is: "empty" };
const unnamed: FoundDatabase = { is: "unnamed", chain: undefined };

const judged = (found: Partial<Found>) =>
  judge({ folder: undefined, blobs: undefined, database: empty, ...found }, names);

describe("what belongs together", () => {
  const goes: readonly [string, Partial<Found>][] = [
    ["a hub that was stopped", { folder: folder(7), blobs: ours, database: named(7) }],
    ["one that was killed before the folder knew", { folder: folder(7), blobs: ours, database: named(900) }],
    ["a new hub, its database not made yet", { folder: folder(0), blobs: ours, database: empty }],
    [
      "one killed when its database had just been made",
      { folder: folder(0), blobs: ours, database: named(1) },
    ],
    [
      "one from before, killed when its folder had just been named",
      { folder: folder(0), blobs: ours, database: unnamed },
    ],
    ["one from before, killed when its blobs had just been named", { blobs: ours, database: unnamed }],
    ["one whose folder has lost its file", { blobs: ours, database: named(7) }],
  ];
  for (const [what, found] of goes)
    it(`is ${what}`, () => assert.deepEqual(judged(found), { storeId: ours }));

  it("is a hub from before, which gets an identity beside its rows", () => {
    assert.match(judged({ database: unnamed }).storeId, /^[0-9a-f-]{36}$/);
  });

  const refused: readonly [string, Partial<Found>, string, RegExp][] = [
    ["keys without any rows", {}, "STORE_MISSING", /hub\.db has no rows of the hub/],
    ["a database that is gone", { folder: folder(7), blobs: ours }, "STORE_MISSING", /hub\.db has no rows/],
    [
      "blobs that are gone",
      { folder: folder(7), database: named(7) },
      "STORE_MISSING",
      /blobs does not hold/,
    ],
    [
      "another hub's database",
      { folder: folder(7), blobs: ours, database: named(9, theirs) },
      "STORE_FOREIGN",
      /theirs; the folder \/srv\/hub is of ours/,
    ],
    [
      "another hub's database beside a new folder",
      { folder: folder(0), blobs: ours, database: named(9, theirs) },
      "STORE_FOREIGN",
      /hub\.db belongs to another/,
    ],
    [
      "another hub's blobs",
      { folder: folder(7), blobs: theirs, database: named(7) },
      "STORE_FOREIGN",
      /blobs belongs to another/,
    ],
    [
      "a named database beside a folder from before",
      { database: named(7) },
      "STORE_FOREIGN",
      /has no store\.json/,
    ],
    [
      "a named database and another's blobs",
      { blobs: theirs, database: named(7) },
      "STORE_FOREIGN",
      /is of theirs/,
    ],
  ];
  for (const [what, found, code, message] of refused)
    it(`is not ${what}`, () => assert.throws(() => judged(found), { code, message }));

  it("is also an older database, which is told by how much it is behind", () => {
    const { behind } = judged({ folder: folder(100), blobs: ours, database: named(86) });
    assert.deepEqual(behind, { changes: 14, databaseAtMs: 1_000_000, folderAtMs: 5_000_000 });
    const { code, message, hint } = refuseOlder(behind, names);
    assert.equal(code, "STORE_OLDER");
    assert.match(
      message,
      /ends at 1970-01-01T00:16:40Z, .* up to 1970-01-01T01:23:20Z \(1 h 6 min later\): 14 changes are missing/,
    );
    assert.match(hint ?? "", /--accept-older/);
  });

  it("is also a database from before it had an identity, beside a folder that has had one", () => {
    const { behind } = judged({ folder: folder(3), blobs: ours, database: unnamed });
    const expected = { changes: 3, databaseAtMs: undefined, folderAtMs: 5_000_000 };
    assert.deepEqual(behind, expected);
    assert.match(refuseOlder(expected, names).message, /hub\.db is older than/);
  });
});
