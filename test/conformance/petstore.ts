/** What the shop answers. */
interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

const statuses = ["available", "pending", "sold"] as const;

/** Nine pets, three of each status. */
const pets = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((id) => ({
  id,
  name: `pet-${id}`,
  status: statuses[(id - 1) % statuses.length],
  photoUrls: [],
  tags: [],
}));

/** A part of the pet shop that specifications like to call, under `/v2`. */
export function petstore(path: readonly string[], query: URLSearchParams, host: string): Answer {
  if (path[0] === "swagger.json") return { body: { ...document, host } };
  if (path[0] === "openapi.json") return { body: document3 };
  if (path[0] === "pet" && path[1] === "findByStatus") {
    const wanted = query.getAll("status").flatMap((value) => value.split(","));
    return { body: pets.filter(({ status }) => status !== undefined && wanted.includes(status)) };
  }
  const found =
    path.length === 2 && path[0] === "pet" ? pets.find(({ id }) => String(id) === path[1]) : undefined;
  if (found !== undefined) return { body: found };
  return { status: 404, body: { code: 1, type: "error", message: "Pet not found" } };
}

const findPetsByStatus = { operationId: "findPetsByStatus", tags: ["pet"] };
const getPetById = { operationId: "getPetById", tags: ["pet"] };

/** The shop as OpenAPI 2.0 describes it. */
const document = {
  swagger: "2.0",
  info: { title: "Pets", version: "1.0.0" },
  basePath: "/v2",
  schemes: ["https", "http"],
  paths: {
    "/pet/findByStatus": {
      get: {
        ...findPetsByStatus,
        parameters: [
          {
            name: "status",
            in: "query",
            required: true,
            type: "array",
            items: { type: "string", enum: statuses },
            collectionFormat: "multi",
          },
        ],
        responses: { 200: { description: "The pets of these statuses" } },
      },
    },
    "/pet/{petId}": {
      get: {
        ...getPetById,
        parameters: [{ name: "petId", in: "path", required: true, type: "integer" }],
        responses: { 200: { description: "The pet" }, 404: { description: "There is none" } },
      },
    },
  },
};

/** The same as OpenAPI 3.0 describes it. */
const document3 = {
  openapi: "3.0.3",
  info: { title: "Pets", version: "1.0.0" },
  servers: [{ url: "/v2" }],
  paths: {
    "/pet/findByStatus": {
      get: {
        ...findPetsByStatus,
        parameters: [
          {
            name: "status",
            in: "query",
            required: true,
            schema: { type: "array", items: { type: "string" } },
          },
        ],
        responses: { 200: { description: "The pets of these statuses" } },
      },
    },
    "/pet/{petId}": {
      get: {
        ...getPetById,
        parameters: [{ name: "petId", in: "path", required: true, schema: { type: "integer" } }],
        responses: { 200: { description: "The pet" }, 404: { description: "There is none" } },
      },
    },
  },
};
