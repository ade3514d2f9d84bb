import { readJoinToken } from "#certs/join-token.js";
import { keyToPem, newKey } from "#certs/keys.js";
import { createRequest } from "#certs/request.js";
import { clientContext, type TlsIdentity } from "#certs/tls.js";
import { connectHub } from "#client/connect.js";
import { readProfile } from "#client/profile.js";
import { hubPaths } from "#hub/config.js";
import { createLog } from "#kernel/log.js";
import { Session } from "#node-agent/session/session.js";
import { RpcChannel } from "#proto/rpc/channel.js";
import { EnrollmentService } from "#proto/rpc/definitions.js";
import { endWithParent, say, told } from "./child.js";

/* Many agents' sessions in one process: `node load.js HUB_DIR COUNT`. Each has its own identity and its own connection. */

const [hubDir = "", count = "0"] = process.argv.slice(2);
const log = createLog("load", "warn");
const atOnce = 8;

interface Member {
  readonly identity: TlsIdentity;
  readonly agentAddress: string;
}

async function joinAll(): Promise<Member[]> {
  const profile = await readProfile(hubPaths(hubDir).profile);
  const client = connectHub(profile);
  const channel = new RpcChannel({ address: profile.address, tls: clientContext({ root: profile.root }) });
  const members = await inTurns(Number(count), async (number) => {
    const { token } = await client.inviteSite({ site: `load/site-${number}` });
    const key = newKey();
    const reply = await channel.unary(EnrollmentService.definition.Join, {
      token: readJoinToken(token).token,
      certificateRequest: createRequest(key),
      agentVersion: "bench",
    });
    const identity = { key: keyToPem(key), chain: reply.certificateChain, root: reply.root };
    return { identity, agentAddress: reply.agentAddress };
  });
  client.close();
  channel.close();
  return members;
}

function connect({ identity, agentAddress }: Member): Promise<Session> {
  const channel = new RpcChannel({
    address: agentAddress,
    tls: clientContext({ root: identity.root, identity }),
  });
  const catalogue = {
    datasets: [
      {
        name: "rows",
        columns: [
          { name: "x", type: "number" },
          { name: "y", type: "number" },
        ],
        trainRows: 20,
        target: "y",
        connector: "csv",
      },
    ],
  };
  const nothing = () => undefined;
  const introduction = {
    capabilities: ["train", "evaluate"],
    held: () => [],
    runs: () => [],
    catalogue: () => Promise.resolve(catalogue),
  };
  return Session.open(
    channel,
    introduction,
    { offer: nothing, cancel: nothing, runEnded: nothing, eventReceipt: nothing },
    log,
  );
}

/** Does a thing `times` times, a few at once. */
async function inTurns<T>(times: number, work: (number: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let first = 0; first < times; first += atOnce) {
    const batch = Array.from({ length: Math.min(atOnce, times - first) }, (_, at) => work(first + at + 1));
    results.push(...(await Promise.all(batch)));
  }
  return results;
}

endWithParent();
const members = await joinAll();
say({ event: "ready" });
await told();
const sessions = await inTurns(members.length, (number) => {
  const member = members[number - 1];
  if (member === undefined) throw new Error("There are fewer members than sessions.");
  return connect(member);
});
for (const session of sessions)
  void session.ended.then(({ error }) => log.error({ err: error }, "a session has ended"));
say({ event: "connected" });
