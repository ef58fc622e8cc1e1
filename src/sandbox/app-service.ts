import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { RolloutError } from "../errors/errors.ts";
import type { Clock } from "../lib/runtime.ts";
import type { Health } from "../ports/metrics.ts";
import type { HealthStatus } from "../types/observation.ts";
import type { ValidateConfig } from "../types/slots.ts";
import { type ArmAddress, type ArmServer, armToken, startArmServer } from "./arm/server.ts";
import { createAzureProvider } from "./azure-provider.ts";
import type { FaultSpec } from "./faults.ts";
import type { SandboxProvider } from "./provider.ts";
import { serveProvider } from "./provider-server.ts";
import type { Sandbox } from "./sandbox.ts";

/** Identities of both sides of a rollout: the build ids. */
export interface AppSides {
  readonly stable?: string;
  readonly candidate?: string;
}

/** An app of App Service with an idle slot, its ARM API and its part of azure-native, for one sandbox. */
export interface AppService {
  readonly server: ArmServer;
  /** Environment of an engine's process that finds the provider here. */
  readonly providers: Readonly<Record<string, string>>;
  /** Which build is the new one: faults are its. */
  rollsOut(sides: AppSides): void;
  /** Requests follow the build that production serves now. To be called after whatever may have swapped. */
  follow(): void;
  readonly health: Health;
  close(): Promise<void>;
}

/** ms from a swap's request to its switch, of real time: the engine's own process waits for it too. */
const swapMs = 200;

/** Credential of the driver in a sandbox; its engine finds the same identity by its environment. */
export const sandboxCredential = {
  getToken: async () => ({ token: armToken, expiresOnTimestamp: Number.MAX_SAFE_INTEGER }),
};

/** Starts it on free ports of loopback. What `validate` asks for is there and well, but for the faults. */
export async function startAppService(options: {
  readonly sandbox: Sandbox;
  readonly address: ArmAddress;
  readonly validate: ValidateConfig;
  readonly faults: readonly FaultSpec[];
  readonly wall: Clock;
  /** Serves App Configuration beside it. */
  readonly configuration?: SandboxProvider;
}): Promise<AppService> {
  const { sandbox, address, validate, faults, wall, configuration } = options;
  const server = await startArmServer({ now: () => wall.now(), swapMs, address });
  trust(server.cert);
  arrange(server, validate, faults);
  const sticky = (names: readonly string[]): void => {
    server.model.sticky = [...names];
  };
  const slots = { hosts: server.hosts, sticky };
  const provider = createAzureProvider({ slots, ...(configuration ? { configuration } : {}) });
  const served = await serveProvider("azure-native", provider);
  let candidate: string | undefined;
  return {
    server,
    providers: served.env,
    rollsOut: (sides) => {
      candidate = sides.candidate;
      breakBuild(server, candidate, faults);
    },
    follow: () => follow(sandbox, server, candidate),
    health: {
      name: "sandbox",
      probe: async () => ({ candidate: { status: "ok" }, stable: healthOf(sandbox, server) }),
    },
    close: async () => {
      served.close();
      await server.close();
    },
  };
}

/** Of this process alone; fetch and the Azure SDK take it. */
function trust(cert: string): void {
  if (typeof setDefaultCACertificates !== "function") {
    throw new RolloutError("This Node.js can't trust the sandbox's own certificate.", {
      code: "node-too-old",
      exit: "error",
      hint: "Rehearse slots with Node.js 22.19, 24.5 or newer.",
    });
  }
  setDefaultCACertificates([...getCACertificates("default"), cert]);
}

function arrange(
  { queues, secrets }: ArmServer,
  { serviceBus, keyVault }: ValidateConfig,
  faults: readonly FaultSpec[],
): void {
  if (serviceBus !== undefined)
    queues[serviceBus.queue] = fails(faults, "service-bus") ? "Disabled" : "Active";
  if (keyVault !== undefined && !fails(faults, "key-vault")) secrets[keyVault.secret] = "rehearsed";
}

/** Whether a check of the staged version is to fail. */
export function fails(faults: readonly FaultSpec[], check: string): boolean {
  return faults.some((fault) => fault.kind === "validation" && fault.check === check);
}

function breakBuild({ model }: ArmServer, build: string | undefined, faults: readonly FaultSpec[]): void {
  if (build === undefined) return;
  model.builds[build] = {
    ...(fails(faults, "health") ? { live: 500 } : {}),
    ...(fails(faults, "ready") ? { ready: 500 } : {}),
  };
  model.faults.stuck = faults.some(({ kind }) => kind === "stuck-swap");
}

function servedBy({ model }: ArmServer): string {
  model.settle();
  return model.production.settings["ROLLOUTS_BUILD_ID"] ?? "";
}

/** One side serves everybody, so all of it is the service's: there is no second cohort. */
function follow(sandbox: Sandbox, server: ArmServer, candidate: string | undefined): void {
  const build = servedBy(server);
  const { traffic, faults, cloud } = sandbox;
  traffic.change(cloud.now(), [{ cohort: "stable", share: 1, build, served: build !== "", service: "app" }]);
  const isNew = candidate !== undefined && build === candidate;
  faults.inForce(isNew ? 100 : 0, isNew ? [build] : []);
}

function healthOf({ faults }: Sandbox, server: ArmServer): HealthStatus {
  const build = servedBy(server);
  const fault = faults.now("health").find((one) => one.answer === "cluster-down" || faults.hits(one, build));
  if (fault === undefined) return { status: "ok" };
  if (typeof fault.answer === "number")
    return { status: "unhealthy", httpStatus: fault.answer, path: "/health/ready" };
  return { status: "no-answer", message: "no answer within the time-out" };
}
