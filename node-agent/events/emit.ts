import { join } from "node:path";
import { makeDirectory, writeFileAtomic } from "#kernel/files.js";
import { newOpId } from "#kernel/ids.js";
import { type CloudEvent, completeEvent, type GivenEvent } from "#proto/codec/cloud-event.js";
import { agentPaths, readAgentConfig } from "../config.js";

/**
 * Leaves an event for the agent of a folder, which sends it as soon as it runs and has a session. Durable when the promise resolves.
 * Throws `EVENT_INVALID`, and what {@link readAgentConfig} throws where no agent lives.
 */
export async function emitEvent(dir: string, given: GivenEvent): Promise<CloudEvent> {
  const { site } = await readAgentConfig(dir);
  const event = completeEvent(given, { id: newOpId(), source: `//${site}`, nowMs: Date.now() });
  const { events } = agentPaths(dir);
  await makeDirectory(events);
  // The name sorts by time, so that events go in the order in which they were left.
  await writeFileAtomic(join(events, `${newOpId()}.json`), `${JSON.stringify(event)}\n`, 0o600);
  return event;
}
