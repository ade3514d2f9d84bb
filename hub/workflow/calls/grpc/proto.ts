import protobuf, { type Root, type Service, type Type } from "protobufjs";
import { didYouMean, listWords } from "#kernel/words.js";
import { callFailure } from "../failures.js";

/** A method with the types of its messages. */
interface GrpcMethod {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly request: Type;
  readonly reply: Type;
}

/** Finds a method of one question and one answer in the text of a `.proto`. Throws a failure of type `configuration`. */
export function methodOf(text: string, serviceName: string, methodName: string): GrpcMethod {
  const root = rootOf(text);
  const service = lookup(() => root.lookupService(serviceName));
  if (service === undefined)
    throw callFailure("configuration", `The proto has no service ${JSON.stringify(serviceName)}`, {
      detail: `It has ${listWords(serviceNames(root)) || "none"}${didYouMean(serviceName, serviceNames(root)) || "."}`,
    });
  const method = Object.hasOwn(service.methods, methodName) ? service.methods[methodName] : undefined;
  if (method === undefined) {
    const names = Object.keys(service.methods);
    throw callFailure("configuration", `The service has no method ${JSON.stringify(methodName)}`, {
      detail: `It has ${listWords(names) || "none"}${didYouMean(methodName, names) || "."}`,
    });
  }
  if (method.requestStream === true || method.responseStream === true)
    throw callFailure("configuration", `The method ${methodName} streams`, {
      detail: "A hub calls methods with one question and one answer.",
    });
  method.resolve();
  const { resolvedRequestType: request, resolvedResponseType: reply } = method;
  if (request === null || reply === null)
    throw callFailure("configuration", `The messages of ${methodName} are not in the proto`);
  return { path: `/${service.fullName.slice(1)}/${methodName}`, request, reply };
}

function rootOf(text: string): Root {
  // protobufjs writes functions with the names of the text in them: its grammar lets identifiers through, and nothing else.
  if (text.includes("__proto__")) throw callFailure("configuration", "The proto has the name __proto__");
  try {
    const root = new protobuf.Root();
    const { imports = [], weakImports = [] } = protobuf.parse(text, root);
    for (const file of [...imports, ...weakImports]) {
      const known = protobuf.common.get(file)?.nested;
      if (known === undefined)
        throw callFailure("configuration", `The proto imports ${file.slice(0, 200)}`, {
          detail: "Imports are not fetched, but for the well-known google/protobuf/….proto.",
        });
      root.addJSON(known);
    }
    root.resolveAll();
    return root;
  } catch (thrown) {
    if (thrown instanceof Error && "workflowError" in thrown) throw thrown;
    throw callFailure("configuration", "The proto cannot be read", {
      detail: thrown instanceof Error ? thrown.message.slice(0, 300) : "",
      cause: thrown,
    });
  }
}

function serviceNames(root: Root): readonly string[] {
  const names: string[] = [];
  const visit = (namespace: protobuf.NamespaceBase) => {
    for (const inside of namespace.nestedArray) {
      if (inside instanceof protobuf.Service) names.push(inside.fullName.slice(1));
      else if (inside instanceof protobuf.Namespace) visit(inside);
    }
  };
  visit(root);
  return names;
}

/** protobufjs throws where there is nothing of that name. */
function lookup(find: () => Service): Service | undefined {
  try {
    return find();
  } catch {
    return undefined;
  }
}
