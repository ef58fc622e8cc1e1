import type * as z from "zod";
import { configError } from "../../errors/errors.ts";
import { fetchWithin } from "../../lib/fetch-within.ts";
import { jsonOf } from "../../lib/json-of.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { ApprovalAnswer } from "../../types/approval.ts";

/** Why a source has no answer. Its message reaches people: it never holds a token or a body. */
export class SourceTrouble extends Error {}

export interface RestOptions {
  readonly runtime: Runtime;
  /** `https://api.github.com`, without a slash at its end. */
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

/** An answer in the expected shape. */
export interface Got<T> {
  readonly value: T;
  readonly headers: Headers;
}

const timeoutMs = 10_000;
const mostPages = 100;

/**
 * GETs JSON of one server. Redirects are not followed, so that the token stays with the server it is for. Anything
 * but 200 with the expected shape within 10 s is a `SourceTrouble`. `what` names the thing for its message.
 */
export async function getJson<S extends z.ZodType>(
  options: RestOptions,
  request: { readonly path: string; readonly schema: S; readonly what: string },
): Promise<Got<z.infer<S>>> {
  const { runtime, baseUrl, headers, signal } = options;
  const { path, schema, what } = request;
  const init: RequestInit = { redirect: "manual", headers: { "user-agent": "pulumi-rollouts", ...headers } };
  const answer = await fetchWithin(runtime, { url: `${baseUrl}${path}`, init, timeoutMs, signal });
  if (!answer.ok) throw new SourceTrouble(`${what} can't be read: ${answer.message}`);
  if (answer.status !== 200) throw new SourceTrouble(`${what} can't be read: ${meaning(answer)}`);
  const parsed = schema.safeParse(jsonOf(answer.text));
  if (parsed.success) return { value: parsed.data, headers: answer.headers };
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "the answer" : issue.path.join(".");
  throw new SourceTrouble(
    `${what} can't be read: ${where} is not as documented (${issue?.message ?? "no reason"})`,
  );
}

/** Pages of lists, all of them: `next` tells the path of the page behind one, or that there is none. */
export async function allPages<T>(
  first: string,
  what: string,
  page: (path: string) => Promise<{ readonly items: readonly T[]; readonly next: string | undefined }>,
): Promise<readonly T[]> {
  const items: T[] = [];
  let path: string | undefined = first;
  for (let count = 0; path !== undefined; count += 1) {
    if (count === mostPages) throw new SourceTrouble(`${what} can't be read: more than ${mostPages} pages`);
    const got: { readonly items: readonly T[]; readonly next: string | undefined } = await page(path);
    items.push(...got.items);
    path = got.next;
  }
  return items;
}

/** Makes an answer of whatever happens. Our own bugs are thrown on. */
export async function answerOf(read: () => Promise<ApprovalAnswer>): Promise<ApprovalAnswer> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SourceTrouble) return { status: "error", message: error.message };
    throw error;
  }
}

/** The base URL without a slash at its end. Throws `config-invalid` where a token would travel in the clear. */
export function safeBaseUrl(written: string, path: string): string {
  const url = URL.canParse(written) ? new URL(written) : undefined;
  const local = url !== undefined && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (url?.protocol === "https:" || (url?.protocol === "http:" && local)) return written.replace(/\/+$/, "");
  const rule = "an https URL (http only on this machine)";
  throw configError([
    { path, received: JSON.stringify(written), rule, hint: "The token is sent there: use https." },
  ]);
}

function meaning({ status, headers }: { readonly status: number; readonly headers: Headers }): string {
  if (status === 401) return "the token was refused (HTTP 401)";
  if (status === 203) return "the server asks to sign in, so the token was not taken (HTTP 203)";
  if (status >= 300 && status < 400)
    return `the server sends elsewhere (HTTP ${status}): renamed, or the token was not taken`;
  if (status === 429 || headers.get("x-ratelimit-remaining") === "0" || headers.has("retry-after")) {
    return `the server's rate limit is used up (HTTP ${status})`;
  }
  if (status === 403) return "the token may not read it (HTTP 403)";
  if (status === 404) return "it doesn't exist, or the token may not see it (HTTP 404)";
  return `the server answered HTTP ${status}`;
}
