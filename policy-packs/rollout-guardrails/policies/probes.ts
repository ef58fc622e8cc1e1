import * as z from "zod";
import { livenessDefaults, readinessDefaults } from "../../../src/components/workload-defaults.ts";
import { everywhere } from "../lib/belongs.ts";
import { resourceRule } from "../lib/define.ts";
import { type Container, containersOf, memberAt, podTypes } from "../lib/kubernetes.ts";
import { names } from "../lib/names.ts";
import { quoteNumber } from "../lib/quote.ts";
import { elementsOf, type Members, membersOf } from "../lib/read.ts";
import type { Finding } from "../lib/rule.ts";

type Times = Pick<typeof readinessDefaults, "path" | "initialDelaySeconds" | "periodSeconds">;

const probe = ({ path, initialDelaySeconds, periodSeconds }: Times) =>
  z
    .object({
      path: z.string().startsWith("/").default(path),
      /** Seconds before the first, at the least. */
      initialDelaySeconds: z.number().int().min(0).default(initialDelaySeconds),
      /** Seconds between two, at the most. */
      periodSeconds: z.number().int().min(1).default(periodSeconds),
    })
    .prefault({});

/** A pod gets requests when it is ready, and is started anew when it hangs. */
export const probes = resourceRule({
  name: "probes",
  description: "Every container that serves a port is asked whether it is ready, and whether it lives.",
  level: "mandatory",
  types: podTypes,
  parameters: z.object({
    everywhere,
    readiness: probe(readinessDefaults),
    liveness: probe(livenessDefaults),
    /** Names of containers that somebody else looks after, such as a mesh's proxy. */
    except: names(),
  }),
  *check({ parameters, ...resource }) {
    if (isJob(resource.type)) return;
    for (const container of containersOf(resource, parameters)) {
      const { members, init } = container;
      if (init || elementsOf(members["ports"]).length === 0) continue;
      if (parameters.except.length > 0 && parameters.except.includes(String(members["name"]))) continue;
      yield* judge(container, "readinessProbe", parameters.readiness);
      yield* judge(container, "livenessProbe", parameters.liveness);
    }
  },
});

/** What ends by itself is not asked whether it lives. */
function isJob(type: string): boolean {
  return type.startsWith("kubernetes:batch/");
}

function* judge(
  { path, members }: Container,
  name: "readinessProbe" | "livenessProbe",
  wanted: Times,
): Iterable<Finding> {
  const probe = membersOf(members[name]);
  const get = membersOf(probe["httpGet"]);
  const hint = `Write ${name}: { httpGet: { path: ${wanted.path}, port: <the container's> }, initialDelaySeconds: ${wanted.initialDelaySeconds}, periodSeconds: ${wanted.periodSeconds} }.`;
  if (Object.keys(get).length === 0) {
    yield { what: `${path} has no ${name} with httpGet`, hint };
    return;
  }
  if (get["path"] !== wanted.path) yield { what: `${path}.${name}.httpGet.path is not ${wanted.path}`, hint };
  if (!portsOf(members).includes(get["port"]))
    yield { what: `${path}.${name}.httpGet.port is none of the container's`, hint };
  yield* times(`${path}.${name}`, { probe, startup: members["startupProbe"] }, wanted);
}

/** Left out, Kubernetes waits 0 s before the first and 10 s between two. */
function* times(
  path: string,
  { probe, startup }: { readonly probe: Members; readonly startup: unknown },
  wanted: Times,
): Iterable<Finding> {
  const delay = probe["initialDelaySeconds"] ?? 0;
  // Where a startup probe says when it is up, nobody has to wait for that.
  const isLate = startup !== undefined || (typeof delay === "number" && delay >= wanted.initialDelaySeconds);
  if (!isLate)
    yield {
      what: `${path}.initialDelaySeconds is ${quoteNumber(delay)}, and the first comes after ${wanted.initialDelaySeconds} s at the least`,
      hint: `Write initialDelaySeconds: ${wanted.initialDelaySeconds}.`,
    };
  const period = probe["periodSeconds"] ?? 10;
  if (typeof period === "number" && period >= 1 && period <= wanted.periodSeconds) return;
  yield {
    what: `${path}.periodSeconds is ${quoteNumber(period)}, and one comes every ${wanted.periodSeconds} s at the most`,
    hint: `Write periodSeconds: ${wanted.periodSeconds}.`,
  };
}

/** Names and numbers by which a probe may ask. */
function portsOf(members: Members): readonly unknown[] {
  return elementsOf(members["ports"]).flatMap((port) => [
    memberAt(port, "containerPort"),
    ...(memberAt(port, "name") === undefined ? [] : [memberAt(port, "name")]),
  ]);
}
