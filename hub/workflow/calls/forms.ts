import { z } from "zod";
import { httpOutputs } from "#hub/workflow/definition/call-model.js";
import { clientAuthentications, oauthGrants, tokenEncodings } from "#hub/workflow/definition/parts.js";
import type { Json } from "#kernel/json.js";

/** One value of a header or a query, as text. */
const plain = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** Headers by name; the names in small letters. */
export const headersForm = z
  .record(z.string(), plain)
  .transform((headers) =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  );

/** Parameters of a query: a list stands for several of the same name, null for none. */
export const queryForm = z.record(z.string(), z.union([plain, z.array(plain), z.null()]));

export const jsonForm = z.unknown().transform((value) => value as Json);
export const outputForm = z.enum(httpOutputs).default("content");

const use = z.strictObject({ use: z.string() });
const credentials = z.strictObject({ username: z.string(), password: z.string() });
const token = z.strictObject({ token: z.string(), type: z.string() });

/** `oauth2` and `oidc`; `endpoints` belong to the first alone. */
const oauthForm = z.strictObject({
  authority: z.string(),
  grant: z.enum(oauthGrants),
  endpoints: z
    .strictObject({
      token: z.string().default("/oauth2/token"),
      revocation: z.string().optional(),
      introspection: z.string().optional(),
    })
    .optional(),
  client: z
    .strictObject({
      id: z.string().optional(),
      secret: z.string().optional(),
      assertion: z.string().optional(),
      authentication: z.enum(clientAuthentications).default("client_secret_post"),
    })
    .optional(),
  request: z
    .strictObject({ encoding: z.enum(tokenEncodings).default("application/x-www-form-urlencoded") })
    .optional(),
  issuers: z.array(z.string()).optional(),
  scopes: z.array(z.string()).optional(),
  audiences: z.array(z.string()).optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  subject: token.optional(),
  actor: token.optional(),
});

/** How a token is asked for. */
export type OAuthSettings = z.output<typeof oauthForm>;

/**
 * An authentication with all that it names put in place. `use`, the name of a secret or of another authentication, is allowed for the
 * linter only: the interpreter has replaced it before a call is made.
 */
export const authenticationForm = z.union([
  z.strictObject({ basic: z.union([credentials, use]) }),
  z.strictObject({ bearer: z.union([z.strictObject({ token: z.string() }), use]) }),
  z.strictObject({ digest: z.union([credentials, use]) }),
  z.strictObject({ oauth2: z.union([oauthForm, use]) }),
  z.strictObject({ oidc: z.union([oauthForm, use]) }),
  use,
]);

export type CallAuthentication = z.output<typeof authenticationForm>;

/** An address, with an authentication or without. */
export const endpointForm = z
  .union([z.string(), z.strictObject({ uri: z.string(), authentication: authenticationForm.optional() })])
  .transform((endpoint) => (typeof endpoint === "string" ? { uri: endpoint } : endpoint));

export type CallEndpoint = z.output<typeof endpointForm>;

/** A document elsewhere. */
export const resourceForm = z.strictObject({ name: z.string().optional(), endpoint: endpointForm });
