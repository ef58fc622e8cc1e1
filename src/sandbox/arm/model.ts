import { randomUUID } from "node:crypto";

/** What goes wrong; numbers are how often it still does. Each has its case in azure.md, section 8. */
export interface ArmFaults {
  /** The swap is refused, 409: another operation is in progress. */
  conflicts: number;
  /** The swap is refused at once, 400: the allocation of VM instances has changed. */
  vmAllocation: number;
  /** The same, said by the operation after the swap was accepted. */
  lateVmAllocation: number;
  /** 429. */
  throttles: number;
  /** The swap begins and the connection is cut before the answer. */
  lostResponses: number;
  /** The connection is cut and nothing begins. */
  lostRequests: number;
  /** The swap begins and the answer is 500. */
  serverErrors: number;
  /** The operation answers 500. */
  pollErrors: number;
  /** 202 without a Location. */
  noLocation: boolean;
  /** The operation ends with 204. */
  noContent: boolean;
  /** The swap fails and the operation says so in the body of a 200. */
  failedBody: boolean;
  /** The swap fails: the worker process of the slot could not be started. */
  workerFails: boolean;
  /** The swap never ends; `hard`: not even by a reset. */
  stuck: boolean | "hard";
  /** The site doesn't show that an operation is running. */
  hidden: boolean;
  /** Writes of percentage rules fail, 403. */
  rulesFail: number;
}

/** How a build behaves once it runs somewhere; statuses are HTTP's. */
export interface BuildBehaviour {
  /** Answer to the warm-up; default 200. */
  readonly warmUp?: number;
  readonly live?: number;
  readonly ready?: number;
}

export interface Side {
  settings: Record<string, string>;
  linuxFxVersion: string;
  /** Until then it restarts and answers 503; production never shows it. */
  restartsUntil: number;
}

interface Operation {
  readonly id: string;
  readonly switchAt: number;
  readonly endsAt: number;
  /** Said instead of success. */
  readonly failure: string | undefined;
  readonly source: string;
  switched: boolean;
  over: boolean;
}

interface Rule {
  readonly name: string;
  readonly actionHostName: string;
  readonly reroutePercentage: number;
}

/** One app with one slot beside production, as ARM keeps it. */
export interface ArmModel {
  readonly production: Side;
  readonly idle: Side;
  readonly faults: ArmFaults;
  readonly builds: Record<string, BuildBehaviour>;
  sticky: string[];
  rules: Rule[];
  obstacles: { level: string; settingName: string }[];
  preparedWith: string | undefined;
  lastSwap: { timestampUtc: string; sourceSlotName: string; destinationSlotName: string } | undefined;
  /** Swaps that took effect. */
  swaps: number;
  /** Lets time work: what was due has happened. The operation that is running then. */
  settle(): Operation | undefined;
  operation(id: string): Operation | undefined;
  begin(source: string): Operation;
  /** Cancels what can be; false where an operation can't. */
  reset(): boolean;
}

const noFaults: ArmFaults = {
  conflicts: 0,
  vmAllocation: 0,
  lateVmAllocation: 0,
  throttles: 0,
  lostResponses: 0,
  lostRequests: 0,
  serverErrors: 0,
  pollErrors: 0,
  noLocation: false,
  noContent: false,
  failedBody: false,
  workerFails: false,
  stuck: false,
  hidden: false,
  rulesFail: 0,
};

export const vmAllocationMessage =
  "Cannot swap slots for site 'atp' because the allocation of VM instances for 'staging' slot has changed during the swap process. Please retry the swap operation.";

export interface ModelOptions {
  readonly now: () => number;
  /** ms from the request to the switch of the routing; the end comes as much later again. Default 4000. */
  readonly swapMs?: number;
  /** Build ids of both sides; empty: none. */
  readonly production?: string;
  readonly idle?: string;
}

/** An app as it stands; its operations move as time is let work. */
export function createArmModel(options: ModelOptions): ArmModel {
  const { production = "", idle = "" } = options;
  const clockwork = new Operations(options);
  const model: ArmModel = {
    production: sideOf(production),
    idle: sideOf(idle),
    faults: { ...noFaults },
    builds: {},
    sticky: [],
    rules: [],
    obstacles: [],
    preparedWith: undefined,
    lastSwap: undefined,
    swaps: 0,
    settle: () => clockwork.settle(model),
    operation: (id) => clockwork.byId.get(id),
    begin: (source) => clockwork.begin(model, source),
    reset: () => clockwork.reset(model),
  };
  return model;
}

function sideOf(build: string): Side {
  return {
    settings: build === "" ? {} : { ROLLOUTS_BUILD_ID: build },
    linuxFxVersion: "",
    restartsUntil: 0,
  };
}

/** The one operation that an app can have at a time, and those that are over. */
class Operations {
  readonly byId = new Map<string, Operation>();
  #running: Operation | undefined;
  readonly #now: () => number;
  readonly #swapMs: number;

  constructor({ now, swapMs = 4000 }: ModelOptions) {
    this.#now = now;
    this.#swapMs = swapMs;
  }

  settle(model: ArmModel): Operation | undefined {
    const running = this.#running;
    if (running === undefined) return undefined;
    const at = this.#now();
    if (!running.switched && running.failure === undefined && at >= running.switchAt) {
      exchange(model);
      running.switched = true;
      // The old production is prepared as the slot now, and recycles at once.
      model.idle.restartsUntil = running.endsAt;
    }
    if (at < running.endsAt) return running;
    running.over = true;
    if (running.switched) {
      const timestampUtc = new Date(Math.min(at, running.endsAt)).toISOString();
      model.lastSwap = { timestampUtc, sourceSlotName: running.source, destinationSlotName: "production" };
    }
    this.#running = undefined;
    return undefined;
  }

  begin(model: ArmModel, source: string): Operation {
    const at = this.#now();
    const stuck = model.faults.stuck !== false;
    const operation: Operation = {
      id: randomUUID(),
      switchAt: stuck ? Number.POSITIVE_INFINITY : at + this.#swapMs,
      endsAt: stuck ? Number.POSITIVE_INFINITY : at + 2 * this.#swapMs,
      failure: failureOf(model),
      source,
      switched: false,
      over: false,
    };
    this.byId.set(operation.id, operation);
    this.#running = operation;
    model.preparedWith = undefined;
    return operation;
  }

  reset(model: ArmModel): boolean {
    const running = this.#running;
    if (running !== undefined && model.faults.stuck !== true) return false;
    if (running !== undefined) running.over = true;
    this.#running = undefined;
    model.preparedWith = undefined;
    return true;
  }
}

/** Everything but sticky settings changes places, in one moment. */
function exchange(model: ArmModel): void {
  const { production, idle, sticky } = model;
  const stays = (settings: Record<string, string>) =>
    Object.fromEntries(Object.entries(settings).filter(([name]) => sticky.includes(name)));
  const travels = (settings: Record<string, string>) =>
    Object.fromEntries(Object.entries(settings).filter(([name]) => !sticky.includes(name)));
  const [live, other] = [production.settings, idle.settings];
  production.settings = { ...travels(other), ...stays(live) };
  idle.settings = { ...travels(live), ...stays(other) };
  [production.linuxFxVersion, idle.linuxFxVersion] = [idle.linuxFxVersion, production.linuxFxVersion];
  model.swaps++;
}

function failureOf(model: ArmModel): string | undefined {
  const { faults, idle } = model;
  if (faults.lateVmAllocation > 0) {
    faults.lateVmAllocation--;
    return vmAllocationMessage;
  }
  if (faults.workerFails)
    return "Cannot swap slots for site 'atp' because the worker process for 'staging' slot could not be started.";
  if (faults.failedBody) return "The swap failed.";
  const wanted = idle.settings["WEBSITE_SWAP_WARMUP_PING_STATUSES"];
  const answered = model.builds[idle.settings["ROLLOUTS_BUILD_ID"] ?? ""]?.warmUp ?? 200;
  // Without a list of statuses any answer counts as warm.
  if (wanted === undefined || wanted.split(",").includes(String(answered))) return undefined;
  return "Cannot swap slots for site 'atp' because the application initialization in 'staging' slot either took too long or failed.";
}
