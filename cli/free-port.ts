import { once } from "node:events";
import { createServer } from "node:net";
import { isSystemError } from "#kernel/errors.js";

// Below the ports that systems give to outgoing connections: a client that knocks at one of those on its own machine while
// nobody listens can be connected to itself.
const from = 20_000;
const to = 32_000;

/** A port of the loopback interface where nothing listens now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = from + Math.floor(Math.random() * (to - from));
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return true;
  } catch (error) {
    if (isSystemError(error, "EADDRINUSE") || isSystemError(error, "EACCES")) return false;
    throw error;
  } finally {
    server.close();
  }
}
