import { isObject } from "#kernel/json.js";
import { type callProtocols, httpOutputs, mcpMethods } from "./call-model.js";
import {
  anything,
  type Check,
  flag,
  object,
  oneOf,
  text,
  textOr,
  unsupported,
  wholeNumber,
  words,
} from "./checks.js";
import { expressionOr, strictExpression, template } from "./expressions.js";
import { authenticationUse, duration, endpoint, externalResource, filledText } from "./part-forms.js";
import { described } from "./survey.js";

/** Data of the author's: an object in which texts may be expressions. */
export const templateObject =
  (noun: string): Check =>
  (spot) => {
    if (isObject(spot.value)) template(spot);
    else spot.error("wrong-type", `${noun} must be an object, and is ${described(spot.value)}.`);
  };

/** Texts by name, or one expression that gives them. A number or a truth value is taken for its text: `page: 2` can mean nothing else. */
const textsByName = (noun: string): Check =>
  textOr(strictExpression(noun), (spot) => {
    if (!isObject(spot.value)) {
      spot.error("wrong-type", `${noun} must be an object of texts, and is ${described(spot.value)}.`);
      return;
    }
    for (const [key, value] of Object.entries(spot.value)) {
      if (typeof value === "number" || typeof value === "boolean") continue;
      expressionOr(text(`A value in ${noun}`, /^[^]*$/))(spot.child(key, value));
    }
  });

/** An object, or one expression that gives it. */
const objectOrExpression = (noun: string): Check => textOr(strictExpression(noun), templateObject(noun));

const http: Check = object(
  "with",
  {
    method: text("The method", /^[A-Za-z]+$/, "a method of HTTP, such as get"),
    endpoint,
    headers: textsByName("headers"),
    body: template,
    query: textsByName("query"),
    output: words("output", httpOutputs),
    redirect: flag("redirect"),
  },
  ["method", "endpoint"],
);

const openapi: Check = object(
  "with",
  {
    document: externalResource,
    operationId: text("operationId"),
    parameters: templateObject("parameters"),
    authentication: authenticationUse,
    output: words("output", httpOutputs),
    redirect: flag("redirect"),
  },
  ["document", "operationId"],
);

const host = /^[a-zA-Z0-9](?:[a-zA-Z0-9-.]{0,61}[a-zA-Z0-9])?$/;
const grpc: Check = object(
  "with",
  {
    proto: externalResource,
    service: object(
      "service",
      {
        name: text("The service's name"),
        host: text("The service's host", host, "the name of a host, at most 63 characters"),
        port: wholeNumber("The service's port", 0, 65_535),
        authentication: authenticationUse,
      },
      ["name", "host"],
    ),
    method: text("The method"),
    arguments: templateObject("arguments"),
  },
  ["proto", "service", "method"],
);

const mcp: Check = object(
  "with",
  {
    protocolVersion: text("protocolVersion", /^\d{4}-\d\d-\d\d$/, "a version of MCP, such as 2025-06-18"),
    method: words("The method", mcpMethods),
    parameters: objectOrExpression("parameters"),
    timeout: duration("timeout"),
    transport: oneOf(
      "transport",
      {
        http: object("http", { endpoint, headers: textsByName("headers") }, ["endpoint"]),
        stdio: unsupported(
          "A hub starts no programs, and so no MCP server of its own.",
          "Use transport.http.",
        ),
      },
      { options: textsByName("options") },
    ),
    client: object("client", { name: filledText("The client's name"), version: filledText("Its version") }, [
      "name",
      "version",
    ]),
  },
  ["method", "transport"],
);

/** The form of `with` for each protocol that `call` knows. */
export const callArguments: Readonly<Record<(typeof callProtocols)[number], Check>> = {
  http,
  openapi,
  grpc,
  mcp,
  asyncapi: anything,
  a2a: anything,
};

/** Protocols of the language that this hub has not, with the sentence that says so. */
export const unsupportedProtocols: Readonly<Record<string, string>> = {
  asyncapi: "This hub does not call AsyncAPI.",
  a2a: "This hub does not call A2A.",
};
