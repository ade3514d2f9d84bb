import { isObject } from "#kernel/json.js";
import {
  type Check,
  list,
  named,
  object,
  oneOf,
  reference,
  text,
  textOr,
  wholeNumber,
  words,
} from "./checks.js";
import { expression, expressionOr, template } from "./expressions.js";
import {
  authenticationSchemes,
  clientAuthentications,
  durationParts,
  oauthGrants,
  tokenEncodings,
} from "./parts.js";
import { described } from "./survey.js";

/** ISO 8601, as the official schema has it. */
const isoDuration =
  /^P(?!$)(\d+(?:\.\d+)?Y)?(\d+(?:\.\d+)?M)?(\d+(?:\.\d+)?W)?(\d+(?:\.\d+)?D)?(T(?=\d)(\d+(?:\.\d+)?H)?(\d+(?:\.\d+)?M)?(\d+(?:\.\d+)?S)?)?$/;
const uri = /^[A-Za-z][A-Za-z0-9+\-.]*:\/\/.*/;

/** A length of time. */
export function duration(noun: string): Check {
  const ofObject = object(
    noun,
    Object.fromEntries(durationParts.map((part) => [part, wholeNumber(part, 0)])),
  );
  const ofText = expressionOr(text(noun, isoDuration, 'an ISO 8601 duration such as "PT15M"'));
  return textOr(ofText, (spot) => {
    if (typeof spot.value === "number") {
      const hint = "Give it a unit: { seconds: 30 }, or PT30S.";
      spot.error("wrong-type", `${noun} must be a duration, and is ${described(spot.value)}.`, hint);
    } else if (isObject(spot.value) && Object.keys(spot.value).length === 0) {
      spot.error(
        "wrong-value",
        `${noun} must have at least one of its parts.`,
        "For example { seconds: 30 }.",
      );
    } else ofObject(spot);
  });
}

/** A text that may be an expression. */
export function filledText(noun: string): Check {
  return expressionOr(text(noun));
}

export const uriText = (noun: string): Check =>
  expressionOr(text(noun, uri, "a URI with its scheme, such as https://example.org/"));

export const timeout: Check = named(
  "timeouts",
  object("A timeout", { after: duration("A timeout's after") }, ["after"]),
);
/** A timeout under `use`: no name of another. */
export const timeoutInPlace: Check = object("A timeout", { after: duration("A timeout's after") }, ["after"]);

const credentials = object(
  "The authentication",
  { username: filledText("A user name"), password: filledText("A password") },
  ["username", "password"],
);
const token = object("A token", { token: filledText("A token"), type: filledText("A token's type") }, [
  "token",
  "type",
]);
const texts = (noun: string): Check => list(noun, filledText(`An item of ${noun}`));
const oauth2Keys: Readonly<Record<string, Check>> = {
  authority: uriText("The authority"),
  grant: words("The grant", oauthGrants),
  client: object("The client", {
    id: filledText("The client's id"),
    secret: filledText("The client's secret"),
    assertion: filledText("The client's assertion"),
    authentication: words("The client's authentication", clientAuthentications),
  }),
  request: object("The request", {
    encoding: words("The encoding", tokenEncodings),
  }),
  issuers: texts("issuers"),
  scopes: texts("scopes"),
  audiences: texts("audiences"),
  username: filledText("A user name"),
  password: filledText("A password"),
  subject: token,
  actor: token,
};
const endpoints = object("The endpoints", {
  token: filledText("The token endpoint"),
  revocation: filledText("The revocation endpoint"),
  introspection: filledText("The introspection endpoint"),
});

/** A scheme's settings in place, or `use` with the name of a secret that has them. */
function scheme(inPlace: Check): Check {
  const bySecret = object("The authentication", { use: reference("secrets") });
  return (spot) => {
    (isObject(spot.value) && Object.hasOwn(spot.value, "use") ? bySecret : inPlace)(spot);
  };
}

const schemes: Readonly<Record<(typeof authenticationSchemes)[number], Check>> = {
  basic: scheme(credentials),
  bearer: scheme(object("The authentication", { token: filledText("A token") }, ["token"])),
  digest: scheme(credentials),
  oauth2: scheme(object("The authentication", { ...oauth2Keys, endpoints }, ["authority", "grant"])),
  oidc: scheme(object("The authentication", oauth2Keys, ["authority", "grant"])),
};
const inAuthentication =
  (check: Check): Check =>
  (spot) => {
    check(spot.with([], true));
  };

/** An authentication in place, as `use.authentications` has them. */
export const authentication: Check = inAuthentication(oneOf("An authentication", schemes));
/** The same, or the name of one. */
export const authenticationUse: Check = inAuthentication(
  oneOf("An authentication", { use: reference("authentications"), ...schemes }),
);

/** An address, or an object of an address and an authentication. */
export const endpoint: Check = textOr(
  uriText("The endpoint"),
  object("The endpoint", { uri: uriText("The endpoint's uri"), authentication: authenticationUse }, ["uri"]),
);

export const externalResource: Check = object(
  "The resource",
  { name: text("The resource's name"), endpoint },
  ["endpoint"],
);

const jsonSchema: Check = oneOf(
  "A schema",
  {
    document: (spot) => {
      if (!isObject(spot.value) && typeof spot.value !== "boolean")
        spot.error("wrong-type", `A JSON Schema must be an object, and is ${described(spot.value)}.`);
    },
    resource: externalResource,
  },
  { format: text("A schema's format", /^json(:.+)?$/, "json, the only format that is supported") },
);

/** An expression, or data with expressions in it. */
const expressionOrData = (noun: string): Check =>
  textOr(expression(noun), (spot) => {
    if (isObject(spot.value)) template(spot);
    else
      spot.error(
        "wrong-type",
        `${noun} must be an expression or an object, and is ${described(spot.value)}.`,
      );
  });

/** `input`: what `from` may use is less than what a task may use, but secrets are in it (reading 3). */
export function inputRule(variables: (check: Check) => Check): Check {
  return object("input", { schema: jsonSchema, from: variables(expressionOrData("input.from")) });
}
export const outputRule: Check = object("output", { schema: jsonSchema, as: expressionOrData("output.as") });
export const exportRule: Check = object("export", {
  schema: jsonSchema,
  as: (spot) => {
    expressionOrData("export.as")(spot.with(["output"]));
  },
});

/** A problem to raise. */
export const workflowError: Check = object(
  "An error",
  {
    type: uriText("An error's type"),
    status: wholeNumber("An error's status", 100, 599),
    instance: expressionOr(text("An error's instance", /^(\/.*)?$/, "a JSON Pointer, such as /do/0/step")),
    title: filledText("An error's title"),
    detail: filledText("An error's detail"),
  },
  ["type", "status"],
);

const nonEmptyObject =
  (noun: string, check: Check): Check =>
  (spot) => {
    if (isObject(spot.value) && Object.keys(spot.value).length === 0)
      spot.error("wrong-value", `${noun} must have at least one key.`);
    else check(spot);
  };

/** Which errors a `catch` is for. */
export const errorFilter: Check = nonEmptyObject(
  "errors.with",
  object("errors.with", {
    type: text("An error's type"),
    status: wholeNumber("An error's status", 100, 599),
    instance: text("An error's instance"),
    title: text("An error's title"),
    detail: text("An error's detail"),
  }),
);

const backoffSettings: Check = object("The settings of a back-off", {});
const attemptLimit: Check = object("limit.attempt", {
  count: wholeNumber("The number of attempts", 1, 100_000),
  duration: duration("The time for an attempt"),
});

/** A retry in place. Without a limit it goes on until the run is cancelled: allowed, and worth a word. */
export const retryPolicy: Check = (spot) => {
  retryKeys(spot);
  if (isObject(spot.value) && !Object.hasOwn(spot.value, "limit")) {
    const hint = "Add limit: { attempt: { count: 5 } }.";
    spot.warning("retry-unlimited", "This retry has no limit: it goes on until the run is cancelled.", hint);
  }
};
const retryKeys: Check = object("A retry", {
  when: expression("A retry's when"),
  exceptWhen: expression("A retry's exceptWhen"),
  delay: duration("A retry's delay"),
  backoff: oneOf("backoff", {
    constant: backoffSettings,
    exponential: backoffSettings,
    linear: backoffSettings,
  }),
  limit: nonEmptyObject(
    "limit",
    object("limit", { attempt: attemptLimit, duration: duration("The time for all attempts") }),
  ),
  jitter: object("jitter", { from: duration("The jitter's from"), to: duration("The jitter's to") }, [
    "from",
    "to",
  ]),
});
