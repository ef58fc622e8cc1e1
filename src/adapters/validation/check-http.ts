import { fetchWithin } from "../../lib/fetch-within.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Check } from "./run-checks.ts";

/** GET of a URL of the idle side: only 200 passes. Redirects aren't followed: the warm-up doesn't follow them either. */
export function httpCheck(options: {
  readonly name: string;
  readonly url: string;
  readonly timeoutMs: number;
  readonly runtime: Runtime;
}): Check {
  const { name, url, timeoutMs, runtime } = options;
  return {
    name,
    timeoutMs,
    run: async (signal) => {
      const init = { redirect: "manual" } as const;
      const answer = await fetchWithin(runtime, { url, init, timeoutMs, signal });
      const path = new URL(url).pathname;
      if (!answer.ok) throw new Error(`GET ${path}: ${answer.message}`);
      if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}`);
      return `GET ${path} answered 200`;
    },
  };
}
