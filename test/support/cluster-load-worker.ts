import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { LoadOptions, Sample } from "./cluster-load.ts";

const { url, perSecond, maxSeconds } = workerData as LoadOptions;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const samples: Sample[] = [];
const inFlight = new Set<Promise<void>>();
let stopped = false;

function send(): Promise<void> {
  const startedAt = Date.now();
  return new Promise((resolve) => {
    const done = (status: number, side: string): void => {
      samples.push({ startedAt, endedAt: Date.now(), status, side });
      resolve();
    };
    const outgoing = get(url, { agent, timeout: 30_000 }, (response) => {
      response.resume();
      response.once("error", () => done(0, ""));
      response.once("end", () => done(response.statusCode ?? 0, String(response.headers["x-version"] ?? "")));
    });
    outgoing.once("timeout", () => outgoing.destroy());
    outgoing.once("error", () => done(0, ""));
  });
}

parentPort?.once("message", () => {
  stopped = true;
});

const begun = Date.now();
let sent = 0;
while (!stopped && Date.now() - begun < maxSeconds * 1_000) {
  const due = Math.floor(((Date.now() - begun) * perSecond) / 1_000);
  // After a pause of the machine it goes on at its rate, without a burst of what was missed.
  if (due - sent > perSecond) sent = due - perSecond;
  for (; sent < due; sent++) {
    const one = send().finally(() => inFlight.delete(one));
    inFlight.add(one);
  }
  await sleep(5);
}
while (!stopped) await sleep(20);
await Promise.all(inFlight);
agent.destroy();
parentPort?.postMessage(samples.toSorted((a, b) => a.startedAt - b.startedAt));
