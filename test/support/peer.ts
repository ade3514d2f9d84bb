import { siteOfCertificate } from "#certs/identity.js";
import { parseRequest } from "#certs/request.js";
import { serverContext } from "#certs/tls.js";
import { type Deferred, deferred } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import { silentLog } from "#kernel/log.js";
import type { FromAgent__Output } from "#proto/generated/comity/v1/FromAgent.js";
import type { FromHub } from "#proto/generated/comity/v1/FromHub.js";
import type { Receipt } from "#proto/generated/comity/v1/Receipt.js";
import type { UploadHeader__Output } from "#proto/generated/comity/v1/UploadHeader.js";
import type { UploadRequest__Output } from "#proto/generated/comity/v1/UploadRequest.js";
import type { CallInfo } from "#proto/rpc/call.js";
import { HubServerCredentials } from "#proto/rpc/credentials.js";
import { AgentService, EnrollmentService } from "#proto/rpc/definitions.js";
import { RpcListener } from "#proto/rpc/listener.js";
import type { Sender } from "#proto/rpc/streams.js";
import { authority } from "./rpc.js";

/** The other end of an agent's wire: keeps what it is sent, and fails where a test wants it to. Real TLS, no rules of a hub. */
export class Peer {
  /** What agents may download. */
  readonly blobs = new Map<string, Buffer>();
  /** What agents have said over sessions. */
  readonly heard: FromAgent__Output[] = [];
  readonly headers: UploadHeader__Output[] = [];
  /** Bytes of updates by assignment, also of unfinished ones. */
  readonly stored = new Map<string, Buffer>();
  readonly receipts = new Map<string, Receipt>();
  downloads = 0;
  renewals = 0;
  /** Sessions that are open now. */
  sessions = 0;
  heartbeatMs = 20_000;
  protocol = 1;
  certificateMs = 86_400_000;
  /** Cuts the connection once when an upload has brought so many bytes; `reply` lets all in and loses the receipt. */
  cutAt: number | "reply" | undefined;
  /** What the hub says that it can do. */
  capabilities: string[] = [];
  /** What a hub with the capability `answers` says of an answer that came over the session; nothing to let it go unheard. */
  reply: (header: UploadHeader__Output) => FromHub | undefined = (header) => ({
    receipt: this.accept(header),
  });
  /** Refuses every answer. */
  refusal: ComityError | undefined;
  #listener: RpcListener | undefined;
  #send: Sender<FromHub> | undefined;
  #ending: Deferred<never> | undefined;
  #port = 0;

  /** Listens, the second time on the same port again; answers `localhost:port`. */
  async start(): Promise<string> {
    const context = serverContext({ identity: authority.hub(), clientRoots: authority.root });
    const listener = new RpcListener({
      credentials: new HubServerCredentials(context, "required"),
      authorise: (_method, caller) => {
        const certificate = caller.certificate();
        if (certificate === undefined) throw new ComityError("UNAUTHENTICATED", "No certificate.");
        const site = siteOfCertificate(certificate, "test.example");
        return {
          kind: "agent",
          site,
          serial: certificate.serialNumber,
          notAfterMs: Date.parse(certificate.valid_to),
        };
      },
      log: silentLog,
    });
    listener.add(AgentService, {
      Session: async (messages, send) => await this.#session(messages, send),
      Download: (request) => this.#download(request.sha256, request.offset),
      Upload: async (messages, call) => await this.#upload(messages, call),
      StatBlob: ({ assignmentId }) => Promise.resolve({ offset: this.stored.get(assignmentId)?.length ?? 0 }),
    });
    listener.addSome(EnrollmentService, {
      Renew: ({ certificateRequest }, { principal }) => {
        if (principal.kind !== "agent") throw new ComityError("UNAUTHENTICATED", "No agent.");
        this.renewals++;
        const publicKey = parseRequest(certificateRequest);
        const issued = authority.authority.issueAgent({
          site: principal.site,
          publicKey,
          nowMs: Date.now(),
          lifetimeMs: this.certificateMs,
        });
        return Promise.resolve({
          certificateChain: issued.chain,
          root: authority.root,
          hubTimeMs: Date.now(),
        });
      },
    });
    this.#listener = listener;
    const address = await listener.listen("127.0.0.1", this.#port);
    this.#port = Number(address.slice(address.lastIndexOf(":") + 1));
    return `localhost:${this.#port}`;
  }

  /** Goes away at once, as a killed hub does. */
  async stop(): Promise<void> {
    await this.#listener?.stop({ graceMs: 0 });
    this.#listener = undefined;
  }

  push(message: FromHub): void {
    this.#send?.(message);
  }

  /** Ends the newest session, with an error if one is given. */
  end(error: ComityError): void {
    this.#ending?.reject(error);
  }

  async #session(messages: AsyncIterable<FromAgent__Output>, send: Sender<FromHub>): Promise<void> {
    const older = this.#ending;
    const ending = deferred<never>();
    ending.promise.catch(() => undefined);
    this.sessions++;
    try {
      await Promise.race([
        this.#listen(messages, send, () => this.#replace(older, ending, send)),
        ending.promise,
      ]);
    } finally {
      this.sessions--;
    }
  }

  #replace(older: Deferred<never> | undefined, ending: Deferred<never>, send: Sender<FromHub>): void {
    this.#ending = ending;
    this.#send = send;
    older?.reject(new ComityError("SESSION_REPLACED", "A newer session of this site has taken over."));
  }

  async #listen(
    messages: AsyncIterable<FromAgent__Output>,
    send: Sender<FromHub>,
    begin: () => void,
  ): Promise<void> {
    const welcome = {
      protocol: this.protocol,
      hubVersion: "test",
      capabilities: this.capabilities,
      heartbeatMs: this.heartbeatMs,
      hubTimeMs: Date.now(),
    };
    for await (const message of messages) {
      this.heard.push(message);
      if (message.hello) {
        send({ welcome });
        begin();
      }
      if (message.answer) {
        this.headers.push(message.answer);
        const reply = this.reply(message.answer);
        if (reply !== undefined) send(reply);
      }
    }
  }

  /** Takes an answer with all its bytes, once. */
  accept({ opId, assignmentId, attempt, samples, update, inline }: UploadHeader__Output): Receipt {
    const known = this.receipts.get(opId);
    if (known !== undefined) return known;
    const sha256 = update?.sha256 ?? "";
    if (update && hashBytes(inline) !== sha256) throw new ComityError("UPLOAD_DIGEST_WRONG", "Other bytes.");
    if (update) this.stored.set(assignmentId, Buffer.from(inline));
    const receipt = { opId, assignmentId, attempt, samples, sha256, acceptedAtMs: Date.now() };
    this.receipts.set(opId, receipt);
    return receipt;
  }

  async *#download(sha256: string, offset: number): AsyncGenerator<{ data: Buffer }> {
    const blob = this.blobs.get(sha256);
    if (blob === undefined) throw new ComityError("BLOB_NOT_FOUND", "No such blob.");
    this.downloads++;
    for (let at = offset; at < blob.length; at += 100_000) {
      await Promise.resolve();
      yield { data: blob.subarray(at, at + 100_000) };
    }
  }

  async #upload(messages: AsyncIterable<UploadRequest__Output>, call: CallInfo): Promise<Receipt> {
    let header: UploadHeader__Output | undefined;
    let bytes: Buffer = Buffer.alloc(0);
    const cut = (): never => {
      this.cutAt = undefined;
      this.#listener?.cut(call.peer);
      throw new ComityError("HUB_UNREACHABLE", "Cut.");
    };
    for await (const message of messages) {
      if (message.header) {
        header = message.header;
        this.headers.push(header);
        if (this.refusal !== undefined) throw this.refusal;
        const known = this.receipts.get(header.opId);
        if (known !== undefined) return known;
        bytes = this.stored.get(header.assignmentId) ?? bytes;
        if (header.offset !== bytes.length)
          throw new ComityError("UPLOAD_OFFSET_WRONG", `${bytes.length} are stored.`);
      } else if (message.chunk !== undefined) bytes = Buffer.concat([bytes, message.chunk]);
      if (header === undefined) throw new ComityError("MESSAGE_INVALID", "No header.");
      const limit = typeof this.cutAt === "number" ? this.cutAt : Number.POSITIVE_INFINITY;
      if (bytes.length > 0) this.stored.set(header.assignmentId, bytes.subarray(0, limit));
      if (bytes.length >= limit) cut();
    }
    if (header === undefined) throw new ComityError("MESSAGE_INVALID", "No header.");
    const { opId, assignmentId, attempt, samples, update } = header;
    const sha256 = update?.sha256 ?? "";
    if (update && hashBytes(bytes) !== sha256) throw new ComityError("UPLOAD_DIGEST_WRONG", "Other bytes.");
    const receipt = { opId, assignmentId, attempt, samples, sha256, acceptedAtMs: Date.now() };
    this.receipts.set(opId, receipt);
    if (this.cutAt === "reply") cut();
    return receipt;
  }
}
