import type { HttpStub, SeenRequest, StubAnswer } from "./http.js";

/**
 * A service that knows calls by their `Idempotency-Key`, and so does each once: the same key gives the same answer again.
 * A path `/flaky` fails for the first two keys; every other one succeeds.
 */
export class KeyedService {
  /** The path that each key was sent to, in the order of their coming. */
  readonly keys = new Map<string, string>();
  /** Paths whose calls get no answer yet. */
  readonly silent = new Set<string>();
  /** Paths whose calls fail. */
  readonly broken = new Set<string>();
  stub: HttpStub | undefined;
  readonly #news = new Set<() => void>();
  readonly #failed = new Set<string>();

  /** What the stub answers. */
  readonly answer = ({ path, headers }: SeenRequest): StubAnswer => {
    const key = headers["idempotency-key"];
    if (typeof key !== "string") return { status: 400, body: { error: "no Idempotency-Key" } };
    const fresh = !this.keys.has(key);
    this.keys.set(key, path);
    for (const tell of this.#news) tell();
    // The connection stays open, with nothing on it.
    if (this.silent.has(path)) return () => undefined;
    if (path === "/flaky" && fresh && this.count(path) <= 2) this.#failed.add(key);
    if (this.#failed.has(key) || this.broken.has(path)) return { status: 503, body: { error: "busy" } };
    return { body: { path } };
  };

  /** How many calls there were, repetitions left out. */
  count(path: string): number {
    return [...this.keys.values()].filter((one) => one === path).length;
  }

  /** Resolves when a call of the path has come. */
  async called(path: string): Promise<void> {
    while (this.count(path) === 0) {
      await new Promise<void>((resolve) => {
        const tell = () => {
          this.#news.delete(tell);
          resolve();
        };
        this.#news.add(tell);
      });
    }
  }
}
