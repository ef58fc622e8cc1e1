import { configError } from "../../errors/errors.ts";
import { type Fetched, fetchWithin } from "../../lib/fetch-within.ts";
import { atPointer } from "../../lib/json-pointer.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Change } from "../../ports/change.ts";
import type { ChangeAnswer, ChangeConfig } from "../../types/change-request.ts";
import { parseChangeTime } from "./times.ts";

type HttpChangeConfig = Extract<ChangeConfig, { kind: "http" }>;

export interface HttpChangeOptions {
  readonly config: HttpChangeConfig;
  readonly runtime: Runtime;
}

const timeoutMs = 10_000;

/**
 * One GET with the id in the URL; JSON pointers tell where state, service, start, end and risk stand. 404 is
 * `not-found`; redirects are not followed. A field that is configured and isn't there is an error, so that a wrong
 * pointer never passes for a change without a window. Throws `config-invalid` on a URL that is unsafe for the token
 * or has no place for the id.
 */
export function createHttpChange({ config, runtime }: HttpChangeOptions): Change {
  checkUrl(config);
  return {
    name: "http",
    read: async ({ id, signal }) => {
      if (id.trim() === "" || id === "." || id === "..") return { status: "not-found" };
      const url = config.url.replaceAll("{id}", encodeURIComponent(id));
      const { authorization } = config;
      const headers = {
        accept: "application/json",
        "user-agent": "pulumi-rollouts",
        ...(authorization === undefined ? {} : { authorization }),
      };
      const answer = await fetchWithin(runtime, {
        url,
        init: { redirect: "manual", headers },
        timeoutMs,
        signal,
      });
      if (!answer.ok) return trouble(id, answer.message);
      if (answer.status === 404) return { status: "not-found" };
      if (answer.status !== 200) return trouble(id, meaning(answer));
      return parse(answer.text, id, config);
    },
  };
}

function parse(text: string, id: string, config: HttpChangeConfig): ChangeAnswer {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return trouble(id, "the answer is no JSON");
  }
  const { fields, times = "iso" } = config;
  const state = textAt(body, fields.state);
  const service = textAt(body, fields.service);
  const risk = textAt(body, fields.risk);
  const startMs =
    fields.start === undefined ? undefined : parseChangeTime(atPointer(body, fields.start), times);
  const endMs = fields.end === undefined ? undefined : parseChangeTime(atPointer(body, fields.end), times);
  const found = { state, service, start: startMs, end: endMs, risk };
  const lacking = Object.entries(fields).find(([name]) => found[name as keyof typeof found] === undefined);
  if (lacking !== undefined || state === undefined) {
    const [name, pointer] = lacking ?? ["state", fields.state];
    return trouble(id, `nothing usable as ${name} stands at ${pointer}`);
  }
  return {
    status: "value",
    change: {
      id,
      state,
      ...(service === undefined ? {} : { service }),
      ...(startMs === undefined ? {} : { startMs }),
      ...(endMs === undefined ? {} : { endMs }),
      ...(risk === undefined ? {} : { risk }),
    },
  };
}

function textAt(body: unknown, pointer: string | undefined): string | undefined {
  const value = pointer === undefined ? undefined : atPointer(body, pointer);
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function trouble(id: string, why: string): ChangeAnswer {
  return { status: "error", message: `the change request ${id} can't be read: ${why}` };
}

function meaning({ status }: Fetched): string {
  if (status === 401) return "the credentials were refused (HTTP 401)";
  if (status === 403) return "the credentials may not read it (HTTP 403)";
  if (status >= 300 && status < 400) return `the server sends elsewhere (HTTP ${status})`;
  return `the server answered HTTP ${status}`;
}

function checkUrl({ url: written }: HttpChangeConfig): void {
  const path = "rollout.change.url";
  const url = URL.canParse(written) ? new URL(written) : undefined;
  const local = url !== undefined && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  const safe = url?.protocol === "https:" || (url?.protocol === "http:" && local);
  // The id goes into path or query, never into the host.
  const placed =
    safe && `${url.pathname}${url.search}`.replaceAll("%7B", "{").replaceAll("%7D", "}").includes("{id}");
  if (placed) return;
  const rule = "an https URL with {id} in its path or query (http only on this machine)";
  const hint = "Write it like https://cab.example/api/changes/{id}.";
  throw configError([{ path, received: JSON.stringify(written), rule, hint }]);
}
