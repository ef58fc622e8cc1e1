import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { metricsOf } from "../../../src/driver/own-metrics.ts";
import type { LastLook } from "../../../src/types/own-metrics.ts";
import { aDriver } from "../../support/drive.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/own-metrics.md"), "utf8");

it("own-metrics.md: every metric with its type and labels, and no other", async () => {
  const driver = aDriver();
  driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
  await driver.run();
  const entries = driver.entries();
  const reading = {
    gate: "evidence",
    verdict: "pass",
    reason: "",
    message: "",
    limit: 20,
    value: 1,
  } as const;
  const look: LastLook = { atMs: 1, readings: [reading] };
  const watched = entries.findIndex(({ kind }) => kind === "verdict");
  const families = [...metricsOf(entries.slice(0, watched), look), ...metricsOf(entries)];
  const known = new Map(
    families.map(({ name, type, samples: [sample] }) => {
      const { stack, service, ...labels } = sample?.labels ?? {};
      return [name, [type, Object.keys(labels).sort()]];
    }),
  );
  const rows = [...page.matchAll(/^\| `(rollouts_\w+)` +\| (gauge|counter) +\| ([^|]*)\|/gm)];
  const documented = rows.map(([, name = "", type, labels = ""]) => [
    name,
    [type, [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label).sort()],
  ]);
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(known));
  expect(documented).toHaveLength(known.size);
});
