import { isIP } from "node:net";
import { checkServerIdentity, rootCertificates } from "node:tls";
import { type ChannelOptions, Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { statusOfGrpc } from "#hub/workflow/engine/failures.js";
import type { StandardError } from "#hub/workflow/interpreter/errors.js";
import { status } from "#kernel/grpc-status.js";
import { comityVersion } from "#kernel/version.js";
import type { HttpClient } from "../client.js";
import { hideAuthorization, withoutCredentials } from "../credentials.js";
import { callFailure } from "../failures.js";
import type { CallAuthentication } from "../forms.js";
import { bareHost } from "../hosts.js";

interface GrpcRequest {
  /** `https://host:port`, or http without TLS. */
  readonly url: URL;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly message: Buffer;
  /** What {@link headers} has of it stays out of messages. */
  readonly authentication?: CallAuthentication | undefined;
}

/** One question and one answer over a connection of its own, under the guard and the limits of the {@link HttpClient}. Throws a failure. */
export async function exchange(
  client: HttpClient,
  request: GrpcRequest,
  signal: AbortSignal,
): Promise<Buffer> {
  const { url, path, headers, message } = request;
  const deadlineMs = Date.now() + client.timeoutMs;
  const target = client.route(url);
  const addresses = await client.guard.resolve(target.hostname);
  signal.throwIfAborted();
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const channel = open(client, target, url, addresses);
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      const answered = (error: ServiceError | null, reply?: Buffer) => {
        signal.removeEventListener("abort", abort);
        if (error === null) resolve(reply ?? Buffer.alloc(0));
        else reject(signal.aborted ? (signal.reason as Error) : failureOf(request, error));
      };
      const same = (bytes: Buffer) => bytes;
      const options = { deadline: deadlineMs };
      const call = channel.makeUnaryRequest(path, same, same, message, metadata, options, answered);
      const abort = () => call.cancel();
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
    });
  } finally {
    channel.close();
  }
}

function open(
  client: HttpClient,
  target: URL,
  url: URL,
  addresses: readonly { readonly address: string; readonly family: number }[],
): Client {
  const secure = target.protocol === "https:";
  const port = target.port || (secure ? "443" : "80");
  const family = addresses[0]?.family ?? 4;
  const places = addresses
    .filter((one) => one.family === family)
    .map(({ address }) => (family === 6 ? `[${address}]:${port}` : `${address}:${port}`));
  const host = bareHost(target.hostname);
  const options: ChannelOptions = {
    "grpc.primary_user_agent": `comity/${comityVersion}`,
    "grpc.default_authority": url.host,
    "grpc.max_receive_message_length": client.maxBytes,
    "grpc.max_send_message_length": client.maxBytes,
    "grpc.service_config_disable_resolution": 1,
    "grpc.enable_retries": 0,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_channelz": 0,
    "grpc.enable_http_proxy": 0,
    // A server name may not be an IP address (RFC 6066); what is checked is the host that was meant, below.
    ...(secure && { "grpc.ssl_target_name_override": isIP(host) > 0 ? "service.invalid" : host }),
  };
  const ca = client.ca === undefined ? null : Buffer.from([...rootCertificates, client.ca].join("\n"));
  const trust = secure
    ? credentials.createSsl(ca, null, null, {
        checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
      })
    : credentials.createInsecure();
  return new Client(`${family === 6 ? "ipv6" : "ipv4"}:${places.join(",")}`, trust, options);
}

const typeOfStatus: Readonly<Record<number, StandardError>> = {
  [status.UNAUTHENTICATED]: "authentication",
  [status.PERMISSION_DENIED]: "authorization",
  [status.DEADLINE_EXCEEDED]: "timeout",
};

function failureOf({ url, path, headers, authentication }: GrpcRequest, error: ServiceError): Error {
  const code: number = error.code;
  if (code === status.UNAVAILABLE && error.details.startsWith("No connection established"))
    return callFailure("communication", `${url.origin} could not be reached`, {
      status: 503,
      cause: error,
      ...(error.details.includes("wrong version number") && {
        detail: "It does not speak TLS. Whoever runs the hub may name it under http.plaintext in hub.yaml.",
      }),
    });
  const name = Object.entries(status).find(([, number]) => number === code)?.[0] ?? `status ${code}`;
  const type = typeOfStatus[code] ?? "communication";
  const hide =
    headers["authorization"] === undefined ? undefined : hideAuthorization(headers["authorization"]);
  const said = withoutCredentials(error.details, authentication);
  return callFailure(type, `${url.host}${path} answers ${name}`, {
    ...(type === "communication" ? { status: statusOfGrpc[code] ?? 500 } : {}),
    heard: hide?.(said) ?? said,
  });
}
