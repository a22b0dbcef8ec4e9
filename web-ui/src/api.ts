import { signal } from "@preact/signals";
import type { components, paths } from "./wire";

/** The one way to the box: typed by its OpenAPI document, refusals as `Refused`. */
export type Schemas = components["schemas"];

type Json<Operation> = Operation extends {
  responses: { 200: { content: { "application/json": infer Body } } };
}
  ? Body
  : undefined;
type With<Operation, Name extends string> = Operation extends { parameters: infer All }
  ? Name extends keyof All
    ? All[Name]
    : undefined
  : undefined;
type Sent<Operation> = Operation extends {
  requestBody: { content: { "application/json": infer Body } };
}
  ? Body
  : undefined;

type Readable = { [P in keyof paths]: paths[P] extends { get: object } ? P : never }[keyof paths];
type Writable = { [P in keyof paths]: paths[P] extends { post: object } ? P : never }[keyof paths];
type Removable = {
  [P in keyof paths]: paths[P] extends { delete: object } ? P : never;
}[keyof paths];
type Getting<P extends Readable> = paths[P] extends { get: infer Operation } ? Operation : never;
type Posting<P extends Writable> = paths[P] extends { post: infer Operation } ? Operation : never;

type Removing<P extends Removable> = paths[P] extends { delete: infer Operation }
  ? Operation
  : never;

/** How this browser stands with the box; `undefined` until it was asked. */
export const session = signal<Schemas["SessionView"] | undefined>(undefined);

/** What a browser is that was sent away, on the box it was on. */
export function signedOut(): Schemas["SessionView"] {
  return { state: "signed_out", first_start: false, dev: session.value?.dev ?? false };
}

/** The box said no, and why. */
export class Refused extends Error {
  constructor(readonly problem: Schemas["Problem"]) {
    super(problem.detail);
  }

  /** The stable word of the refusal, e.g. `stale`. */
  get word(): string {
    return this.problem.type.split(":").at(-1) ?? "";
  }
}

export async function get<P extends Readable>(
  path: P,
  wish: {
    path?: With<Getting<P>, "path">;
    query?: With<Getting<P>, "query">;
    stop?: AbortSignal;
  } = {},
): Promise<Json<Getting<P>>> {
  const init: RequestInit = wish.stop ? { signal: wish.stop } : {};
  return ask(fill(path, wish.path, wish.query), init) as Promise<Json<Getting<P>>>;
}

export async function post<P extends Writable>(
  path: P,
  body: Sent<Posting<P>>,
): Promise<Json<Posting<P>>> {
  const init: RequestInit = { method: "POST" };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "content-type": "application/json" };
  }
  return ask(path, init) as Promise<Json<Posting<P>>>;
}

/** Takes away what stands at that address. */
export async function remove<P extends Removable>(
  path: P,
  parts: With<Removing<P>, "path">,
): Promise<void> {
  await ask(fill(path, parts), { method: "DELETE" });
}

/** The address of a path with its parts filled in. */
export function fill(path: string, parts?: object, query?: object): string {
  let address = path;
  for (const [name, value] of Object.entries(parts ?? {})) {
    address = address.replace(`{${name}}`, encodeURIComponent(String(value)));
  }
  const wishes = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") wishes.set(name, String(value));
  }
  return wishes.size > 0 ? `${address}?${wishes}` : address;
}

async function ask(address: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(address, init);
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  const body: unknown = isJson ? await response.json() : undefined;
  if (response.ok) return body;
  const problem = (body ?? {
    type: "urn:branchline:unknown",
    title: response.statusText,
    status: response.status,
    detail: `HTTP ${response.status}`,
  }) as Schemas["Problem"];
  const refused = new Refused(problem);
  if (refused.word === "signed-out") session.value = signedOut();
  throw refused;
}
