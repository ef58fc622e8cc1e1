import { describe, expect, it } from "vitest";
import type { Gauge } from "../../../src/ports/gauge.ts";
import { parseFault } from "../../../src/sandbox/faults.ts";
import { createSandboxGauges } from "../../../src/sandbox/gauges.ts";
import { createSandbox, type Sandbox } from "../../../src/sandbox/sandbox.ts";
import type { GaugeLimits } from "../../../src/types/gates.ts";
import type { GaugeName, GaugeSample } from "../../../src/types/gauge.ts";
import type { ReviewMetric, WatchConfig } from "../../../src/types/watch.ts";
import { canaryWorld, MINUTE, SECOND, START_MS, shift } from "./world.ts";

const real = { kind: "prometheus", url: "http://prometheus", query: "up" } as const;
const none = { kind: "none", reason: "a test" } as const;

const review = (name: string, limit: number, worse: "above" | "below"): ReviewMetric => ({
  ...{ name, limit, worse },
  source: real,
});

const watch: WatchConfig = {
  gauges: { "db-pool": real, "queue-depth": { kind: "sandbox" }, memory: real },
  reviews: [review("checkout-rate", 0.95, "below"), review("refunds", 40, "above")],
};

interface Ports {
  readonly sandbox: Sandbox;
  readonly of: (name: string) => Gauge;
}

function portsOf(sandbox: Sandbox, watched = watch, limits?: GaugeLimits): Ports {
  const { gauges, reviews } = createSandboxGauges(sandbox, watched, limits);
  const of = (name: string): Gauge => {
    const gauge = gauges[name as GaugeName] ?? reviews[name];
    if (gauge === undefined) throw new Error(`nothing watches ${name}`);
    return gauge;
  };
  return { sandbox, of };
}

const world = async (...faults: readonly string[]): Promise<Ports> => portsOf(await canaryWorld({ faults }));

async function samples(ports: Ports, name: string, sinceMs = 0): Promise<readonly GaugeSample[]> {
  const answer = await ports.of(name).read({ sinceMs, nowMs: ports.sandbox.clock.now() });
  if (answer.status !== "value") throw new Error(`${answer.status}: ${answer.message}`);
  return answer.samples;
}

describe("levels of a healthy service", () => {
  it.each([
    ["db-pool", 42],
    ["queue-depth", 120],
    ["memory", 61],
    // 20 % on the good side of 0.95 and of 40.
    ["checkout-rate", 1.14],
    ["refunds", 32],
  ])("%s: %d, within 3 %% of it, and never the same for long", async (name, level) => {
    const ports = await world();
    await ports.sandbox.clock.advance(60 * MINUTE);
    const values = (await samples(ports, name)).map(({ value }) => value);
    expect(values).toHaveLength(62 * 6);
    for (const value of values) expect(Math.abs(value / level - 1)).toBeLessThanOrEqual(0.03);
    expect(new Set(values).size).toBeGreaterThan(300);
  });

  it.each([
    [0, "above", 0],
    [0, "below", 0],
    [-10, "above", -10],
    [-10, "below", -10],
    [0.001, "below", 0.001],
  ] as const)("a review metric with the limit %d, worse %s, keeps off it", async (limit, worse, edge) => {
    const sandbox = await canaryWorld();
    const ports = portsOf(sandbox, { ...watch, reviews: [review("odd", limit, worse)] });
    await sandbox.clock.advance(30 * MINUTE);
    for (const { value } of await samples(ports, "odd"))
      expect(worse === "above" ? value < edge : value > edge).toBe(true);
  });

  it("keep their stack's own limits, where these are below the usual level", async () => {
    const sandbox = await canaryWorld();
    const source = "prometheus";
    const ports = portsOf(sandbox, watch, {
      "db-pool": { limit: 30, forSeconds: 180, source },
      "queue-depth": { limit: 0, forSeconds: 300, source },
      memory: { limit: 90, forSeconds: 180, source },
    });
    const means = async (name: string): Promise<number> => {
      const values = (await samples(ports, name)).map(({ value }) => value);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    expect(await means("db-pool")).toBeCloseTo(24, -0.5);
    expect(await means("queue-depth")).toBe(0);
    expect(await means("memory")).toBeCloseTo(61, -0.5);
  });
});

describe("samples", () => {
  it("come every 10 s up to the last closed bin, from the asked time on", async () => {
    const ports = await world();
    await ports.sandbox.clock.advance(7 * SECOND);
    const nowMs = START_MS + 2 * MINUTE + 7 * SECOND;
    const answer = await ports.of("memory").read({ sinceMs: nowMs - 30 * SECOND, nowMs });
    expect(answer).toMatchObject({ status: "value", everyMs: 10_000, watermarkMs: START_MS + 120_000 });
    expect((await samples(ports, "memory", nowMs - 30 * SECOND)).map(({ atMs }) => atMs)).toEqual([
      START_MS + 100_000,
      START_MS + 110_000,
      START_MS + 120_000,
    ]);
    expect((await samples(ports, "memory", START_MS + 110_000))[0]?.atMs).toBe(START_MS + 110_000);
  });

  it("are none before the sandbox's start, and silence is `empty`", async () => {
    const sandbox = createSandbox({ seed: 1, startMs: START_MS + 4_000, faults: [] });
    const ports = portsOf(sandbox);
    const ask = () => ports.of("db-pool").read({ sinceMs: 0, nowMs: sandbox.clock.now() });
    expect(await ask()).toMatchObject({ status: "empty" });
    await sandbox.clock.advance(6 * SECOND);
    expect((await samples(ports, "db-pool")).map(({ atMs }) => atMs)).toEqual([START_MS + 10_000]);
  });

  it("are the same for the same span, however late and often it is asked for", async () => {
    const ports = await world("db-pool=95%@20:60s");
    const { sandbox } = ports;
    await shift(sandbox, 20);
    await sandbox.clock.advance(MINUTE);
    const span = { sinceMs: START_MS, nowMs: sandbox.clock.now() };
    const first = await ports.of("db-pool").read(span);
    sandbox.inject([parseFault("db-pool=99%@20")]);
    await shift(sandbox, 0);
    await sandbox.clock.advance(10 * MINUTE);
    expect(await ports.of("db-pool").read(span)).toEqual(first);
    expect(await portsOf(sandbox).of("db-pool").read(span)).toEqual(first);
  });

  it("are the same for the same seed, others for another one, and others for another name", async () => {
    // Against the usual level, so that names can be compared; rounded to what isn't floating point.
    const of = async (seed: number, name: string, level: number) => {
      const found = await samples(portsOf(await canaryWorld({ seed })), name);
      return found.map(({ value }) => Math.round((value / level) * 1e6));
    };
    expect(await of(1, "memory", 61)).toEqual(await of(1, "memory", 61));
    expect(await of(1, "memory", 61)).not.toEqual(await of(2, "memory", 61));
    expect(await of(1, "memory", 61)).not.toEqual(await of(1, "db-pool", 42));
  });

  it("are an `error` where the look is cancelled", async () => {
    const ports = await world();
    const query = { sinceMs: 0, nowMs: ports.sandbox.clock.now(), signal: AbortSignal.abort() };
    expect(await ports.of("memory").read(query)).toMatchObject({
      status: "error",
      message: expect.stringContaining("cancelled"),
    });
  });
});

describe("what is watched", () => {
  it("has a source, whatever config names; what nothing watches has none", () => {
    const sandbox = createSandbox({ seed: 1, startMs: START_MS, faults: [] });
    const { gauges, reviews } = createSandboxGauges(sandbox, {
      gauges: { ...watch.gauges, memory: none },
      reviews: watch.reviews,
    });
    expect(Object.keys(gauges)).toEqual(["db-pool", "queue-depth"]);
    expect(Object.keys(reviews)).toEqual(["checkout-rate", "refunds"]);
  });
});

describe("a fault of a level", () => {
  const cases: readonly [string, string, number][] = [
    ["db-pool=95%", "db-pool", 95],
    ["queue=20000", "queue-depth", 20_000],
    ["memory=95%", "memory", 95],
    ["memory=0%", "memory", 0],
    // As far on the bad side.
    ["business-metric=checkout-rate", "checkout-rate", 0.76],
    ["business-metric=refunds", "refunds", 48],
  ];

  it.each(cases)(
    "%s@20:121s: 12 samples of exactly that, healthy before and after",
    async (fault, name, level) => {
      const ports = await world(`${fault}@20:121s`);
      const { sandbox } = ports;
      await shift(sandbox, 5);
      await sandbox.clock.advance(MINUTE);
      await shift(sandbox, 20);
      const inForce = sandbox.clock.now();
      await sandbox.clock.advance(5 * MINUTE);
      const all = await samples(ports, name);
      const ill = all.filter(({ value }) => Math.abs(value - level) < 1e-9);
      const from = Math.ceil(inForce / 10_000) * 10_000;
      expect(ill.map(({ atMs }) => atMs)).toEqual(
        Array.from({ length: 12 }, (_, at) => from + (at + 1) * 10_000),
      );
      for (const { value } of all.filter((sample) => !ill.includes(sample)))
        expect(Math.abs(value / level - 1)).toBeGreaterThan(0.2);
    },
  );

  it("begins so long after its exposure as is said", async () => {
    const ports = await world("queue=20000@20+1m");
    await shift(ports.sandbox, 20);
    const from = ports.sandbox.clock.now();
    await ports.sandbox.clock.advance(5 * MINUTE);
    const first = (await samples(ports, "queue-depth")).find(({ value }) => value === 20_000);
    expect(first?.atMs).toBe(Math.ceil((from + MINUTE) / 10_000) * 10_000 + 10_000);
  });

  it("is of that level alone", async () => {
    const ports = await world("db-pool=95%@20", "business-metric=refunds@20");
    await shift(ports.sandbox, 20);
    await ports.sandbox.clock.advance(5 * MINUTE);
    for (const name of ["queue-depth", "memory", "checkout-rate"]) {
      const untouched = await canaryWorld();
      await shift(untouched, 20);
      await untouched.clock.advance(5 * MINUTE);
      expect(await samples(ports, name)).toEqual(await samples(portsOf(untouched), name));
    }
  });

  it("ends when its version is out of service, and is there again with it", async () => {
    const ports = await world("memory=95%@20");
    const { sandbox } = ports;
    const newest = async (): Promise<number | undefined> => (await samples(ports, "memory")).at(-1)?.value;
    await shift(sandbox, 20);
    await sandbox.clock.advance(MINUTE);
    expect(await newest()).toBe(95);
    await shift(sandbox, 0);
    await sandbox.clock.advance(MINUTE);
    expect(await newest()).toBeLessThan(63);
    await shift(sandbox, 5);
    await sandbox.clock.advance(MINUTE);
    expect(await newest()).toBe(95);
  });

  it("of two the worse one shows", async () => {
    const ports = await world("memory=91%@20", "memory=95%@20", "memory=92%@20");
    await shift(ports.sandbox, 20);
    await ports.sandbox.clock.advance(MINUTE);
    expect((await samples(ports, "memory")).at(-1)?.value).toBe(95);
  });
});

describe("the queue's lag", () => {
  const lagged = { ...watch, queueLag: real };
  async function lagWorld(...faults: readonly string[]) {
    const sandbox = await canaryWorld({ faults });
    const { queueLag } = createSandboxGauges(sandbox, lagged);
    if (queueLag === undefined) throw new Error("nothing watches the lag");
    const read = () => queueLag.read({ sinceMs: 0, nowMs: sandbox.clock.now() });
    const values = async () => {
      const answer = await read();
      return answer.status === "value" ? answer.samples.map(({ value }) => value) : [];
    };
    return { sandbox, read, values };
  }

  it("is about 20 s in a healthy service, and has no source where nothing watches it", async () => {
    const { sandbox, values } = await lagWorld();
    await sandbox.clock.advance(10 * MINUTE);
    const found = await values();
    expect(found).toHaveLength(12 * 6);
    for (const value of found) expect(Math.abs(value / 20 - 1)).toBeLessThanOrEqual(0.03);
    expect(createSandboxGauges(sandbox, watch)).not.toHaveProperty("queueLag");
  });

  it("queue-lag=400s@20:121s: 12 samples of exactly that, and other levels stay as they were", async () => {
    const { sandbox, values } = await lagWorld("queue-lag=400s@20:121s");
    const untouched = await canaryWorld();
    for (const one of [sandbox, untouched]) {
      await shift(one, 20);
      await one.clock.advance(5 * MINUTE);
    }
    const found = await values();
    expect(found.filter((value) => value === 400)).toHaveLength(12);
    expect(Math.max(...found.filter((value) => value !== 400))).toBeLessThan(21);
    expect(await samples(portsOf(sandbox), "queue-depth")).toEqual(
      await samples(portsOf(untouched), "queue-depth"),
    );
  });

  it("gauge-outage=queue-lag is of its source alone", async () => {
    const { sandbox, read } = await lagWorld("gauge-outage=queue-lag@20");
    expect((await read()).status).toBe("value");
    await shift(sandbox, 20);
    expect(await read()).toMatchObject({ status: "error", message: expect.stringContaining("queue-lag") });
    expect((await samples(portsOf(sandbox), "queue-depth")).length).toBeGreaterThan(0);
  });
});

describe("gauge-outage", () => {
  it.each(["db-pool", "refunds"])("of %s: that source answers `error`, the others go on", async (name) => {
    const ports = await world(`gauge-outage=${name}@20:60s`);
    const { sandbox } = ports;
    const status = async (of: string): Promise<string> =>
      (await ports.of(of).read({ sinceMs: 0, nowMs: sandbox.clock.now() })).status;
    expect(await status(name)).toBe("value");
    await shift(sandbox, 20);
    expect([await status(name), await status("memory")]).toEqual(["error", "value"]);
    await sandbox.clock.advance(MINUTE);
    expect(await status(name)).toBe("value");
  });

  it("metrics-outage is of counts alone", async () => {
    const ports = await world("metrics-outage@20");
    await shift(ports.sandbox, 20);
    expect((await samples(ports, "db-pool")).length).toBeGreaterThan(0);
  });
});
