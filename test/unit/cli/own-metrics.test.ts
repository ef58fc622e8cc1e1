import { describe, expect, it } from "vitest";
import { runCli } from "../../../src/cli/cli.ts";
import { aDriver } from "../../support/drive.ts";
import { startHttpFake } from "../../support/http-fake.ts";
import { until } from "../../support/memory-runtime.ts";
import { anIo, aStackConfig, aWorld, cli } from "./harness.ts";

const run = ["run", "--stack", "prod"];

describe("run --metrics-port", () => {
  it("serves the driver's metrics while it runs, and no longer", async () => {
    const driver = aDriver();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    driver.world.knobs.duringUp = async (step) => {
      if (step === "50") await held;
    };
    const { io, streams } = anIo();
    const running = runCli({
      argv: [...run, "--metrics-port", "0"],
      io,
      world: aWorld(driver),
      version: "0",
    });
    await until(() => driver.world.calls.includes("up 50"));
    const url = /metrics: (http:\/\/127\.0\.0\.1:\d+\/metrics)/.exec(streams.stderr)?.[1] ?? "";
    const text = await (await fetch(url)).text();
    expect(text).toContain(
      'rollouts_exposure_percent{from="1.2.3",service="atp-ingestion",stack="production",to="1.2.4"} 20\n',
    );
    expect(text).toContain(
      'rollouts_step_info{service="atp-ingestion",stack="production",state="applying",step="50"} 1\n',
    );
    expect(text).toMatch(/\nrollouts_last_look_timestamp_seconds\{.*\} \d+/);
    release();
    expect(await running).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  it.each([["70000"], ["x"]])("%s is refused before anything is opened", async (port) => {
    const driver = aDriver();
    const world = aWorld(driver);
    const { code, stderr } = await cli([...run, "--metrics-port", port], { world });
    expect(code).toBe(2);
    expect(stderr).toContain("--metrics-port");
    expect(driver.entries()).toEqual([]);
    expect((await cli([...run, "--metrics-host", "0.0.0.0"], { world })).code).toBe(2);
  });
});

describe("OTEL_EXPORTER_OTLP_ENDPOINT", () => {
  it("gets the metrics of a run, the last ones at its end, and its headers stand nowhere", async () => {
    const driver = aDriver();
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
    const server = await startHttpFake(() => ({ status: 200, body: "{}" }));
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20planted-token",
    };
    const { code, stdout, stderr } = await cli(run, { world: aWorld(driver), env });
    await server.close();
    expect(code).toBe(20);
    const last = server.requests.at(-1);
    expect(last?.url.pathname).toBe("/v1/metrics");
    expect(last?.headers.authorization).toBe("Bearer planted-token");
    const [{ scopeMetrics }] = JSON.parse(last?.body ?? "{}").resourceMetrics;
    const names = scopeMetrics[0].metrics.map(({ name }: { name: string }) => name);
    expect(names).toContain("rollouts_revert_duration_seconds");
    expect(`${stdout}${stderr}${JSON.stringify(driver.entries())}`).not.toContain("planted-token");
  });

  it("that nobody answers at keeps nothing up", async () => {
    const driver = aDriver();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };
    const { code, stderr } = await cli(run, { world: aWorld(driver), env });
    expect(code).toBe(0);
    expect(stderr.match(/metrics could not be sent/g)).toHaveLength(1);
  });
});

describe("status --format prometheus", () => {
  it("is the text format, for a textfile collector", async () => {
    const driver = aDriver();
    const world = aWorld(driver, aStackConfig());
    const format = ["status", "--stack", "prod", "--format", "prometheus"];
    expect(await cli(format, { world })).toMatchObject({ code: 0 });
    await driver.run();
    const { stdout, code } = await cli(format, { world });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# HELP rollouts_rollout_info .*\n# TYPE rollouts_rollout_info gauge\n/);
    expect(stdout).toMatch(/[^\n]\n$/);
    expect((await cli(["status", "--stack", "prod", "--format", "xml"], { world })).code).toBe(2);
  });
});
