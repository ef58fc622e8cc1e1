import { afterEach } from "vitest";
import { createHttpHealth } from "../../src/adapters/health/http-health.ts";
import type { HealthStatus } from "../../src/types/observation.ts";
import { type HttpFake, startHttpFake } from "../support/http-fake.ts";
import { createMemoryHealth } from "../support/memory-health.ts";
import { createMemoryRuntime } from "../support/memory-runtime.ts";
import { healthSuite, type SideState } from "./health-suite.ts";

const servers: HttpFake[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

healthSuite("memory", async () => {
  const health = createMemoryHealth();
  const statuses: Record<SideState, HealthStatus> = {
    ok: { status: "ok" },
    "503": { status: "unhealthy", httpStatus: 503, path: "/health" },
    gone: { status: "no-answer", message: "gone" },
  };
  return {
    health,
    set: async (sides) => {
      health.set("candidate", statuses[sides.candidate]);
      health.set("stable", statuses[sides.stable]);
    },
  };
});

healthSuite("http", async () => {
  const states: Record<string, SideState> = { candidate: "ok", stable: "ok" };
  const side = async (name: string) => {
    const server = await startHttpFake(() => {
      const state = states[name] ?? "ok";
      return state === "gone" ? "cut" : { status: state === "ok" ? 200 : 503 };
    });
    servers.push(server);
    return `${server.url}/health`;
  };
  const urls = { candidate: [await side("candidate")], stable: [await side("stable")] };
  const { runtime } = createMemoryRuntime();
  const health = createHttpHealth({ config: { kind: "http", ...urls }, runtime, pauseMs: 0 });
  return { health, set: async (sides) => void Object.assign(states, sides) };
});
