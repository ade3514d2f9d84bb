import { keyFromPem } from "#certs/keys.js";
import { systemClock } from "#kernel/clock.js";
import { writeFileAtomic } from "#kernel/files.js";
import { silentLog } from "#kernel/log.js";
import { Operators } from "./access/operators.js";
import { type HubConfig, hubPaths, publicAddress, readHubConfig } from "./config.js";
import { checkNewDatabase, openHubStore } from "./database.js";
import { createFolder, type HubWishes, readAuthority } from "./folder.js";

/** The operator profile that `initHub` writes: how the first admin reaches the hub. */
interface OperatorProfile {
  readonly address: string;
  readonly root: string;
  readonly token: string;
  readonly name: string;
}

/** Makes a hub in a new folder, with a first operator `admin` whose profile lies in `operator.json`. Throws `DIRECTORY_INVALID`. */
export async function initHub(
  dir: string,
  wishes: HubWishes,
): Promise<{ config: HubConfig; profilePath: string }> {
  if (wishes.database !== undefined) await checkNewDatabase(dir, { postgres: wishes.database });
  const config = await createFolder(dir, wishes, systemClock.nowMs());
  return { config, profilePath: await writeAdminProfile(dir) };
}

/**
 * Gives the operator `admin` a new token and writes its profile to `operator.json` in the hub's folder; the old token counts no
 * more. For whoever has the folder: the way back in when every admin's token is lost. Throws `STORE_BUSY` while the hub runs.
 */
export async function writeAdminProfile(dir: string): Promise<string> {
  const config = await readHubConfig(dir);
  const paths = hubPaths(dir);
  const { material, signingKey } = await readAuthority(
    dir,
    config.trustDomain,
    systemClock.nowMs(),
    silentLog,
  );
  const store = await openHubStore({ dir, database: config.database });
  try {
    const operators = new Operators({
      store,
      tokenKey: keyFromPem(signingKey, "DIRECTORY_INVALID"),
      issuer: config.trustDomain,
      clock: systemClock,
      log: silentLog,
    });
    const operator = await store.write((tx) =>
      operators.replace(tx, { name: "admin", role: "admin", ttlDays: 366 }),
    );
    const token = await operators.tokenOf(operator);
    const profile: OperatorProfile = {
      address: publicAddress(config, "control"),
      root: material.root,
      token,
      name: operator.name,
    };
    await writeFileAtomic(paths.profile, `${JSON.stringify(profile, null, 2)}\n`, 0o600);
  } finally {
    await store.close();
  }
  return paths.profile;
}
