import * as web from "@pulumi/azure-native/web/index.js";
import { ComponentResource, type ComponentResourceOptions, type Output } from "@pulumi/pulumi";
import { configError, type Issue } from "../errors/errors.ts";
import type { BlueGreenAppArgs } from "./blue-green-args.ts";
import { recordedSides } from "./recorded.ts";
import { slotContents, type WarmUp } from "./render/slot-content.ts";
import {
  type AppNames,
  exchanged,
  renderApp,
  renderPlan,
  renderSlot,
  renderStickyNames,
} from "./render/web-app.ts";
import type { ClaimedRollout } from "./rollout.ts";
import { SlotRelease } from "./slot-release.ts";
import { settingsOf } from "./validate-args.ts";

/** What both sides know of their build; it can't be an app setting of the version. */
const buildSetting = "ROLLOUTS_BUILD_ID";

/**
 * A web app on App Service with one idle slot: a new version is put on the slot, validated, and swapped into
 * production; going back is the same swap again. Plan, app, slot, identities, sticky names and health check are the
 * shape, owned by their resources, which ignore what a swap exchanges; content and roles belong to the `SlotRelease`.
 *
 * @throws RolloutError `config-invalid` (every problem at once), `step-refused` and what else `rollout.claim`
 * refuses; always before a resource is registered
 */
export class BlueGreenApp extends ComponentResource {
  /** Host of production. */
  readonly hostName: Output<string>;
  /** Host of the idle slot, where validations ask. */
  readonly slotHostName: Output<string>;
  /** Principals of the system-assigned identities, in the order production, slot. Both need the same roles. */
  readonly principalIds: Output<readonly (string | undefined)[]>;
  /** The build that production serves. */
  readonly productionBuild: Output<string>;

  constructor(name: string, args: BlueGreenAppArgs, opts?: ComponentResourceOptions) {
    const names: AppNames = { app: args.app ?? name, slot: args.slot ?? "staging" };
    const warmUp = checked(name, args, names);
    const { workload } = settingsOf(name, workloadArgs(args));
    // Before super(): a refused step must not register anything, the component itself included.
    const claimed = args.rollout.claim({
      component: name,
      workload,
      replicas: args.plan.workers ?? 1,
      strategies: ["blue-green"],
    });
    super("rollouts:index:BlueGreenApp", name, recorded(name, names, claimed), opts);
    const { app, slot, sticky } = this.register(name, names, args);
    const release = new SlotRelease(
      name,
      {
        subscriptionId: args.subscriptionId,
        resourceGroup: args.resourceGroup,
        app: app.name,
        slot: names.slot,
        ...slotContents(claimed.release, warmUp),
        ...(args.sticky === undefined ? {} : { sticky: args.sticky }),
        ...(args.buildPath === undefined ? {} : { buildPath: args.buildPath }),
        ...(args.endpoint === undefined ? {} : { endpoint: args.endpoint }),
        ...(args.swap === undefined ? {} : { limits: args.swap }),
      },
      // Sticky names first: a value written before its name is sticky would travel with the next swap.
      { parent: this, dependsOn: [app, slot, sticky] },
    );
    args.rollout.track([release]);
    this.hostName = app.defaultHostName;
    this.slotHostName = slot.defaultHostName;
    this.principalIds = principals(app, slot);
    this.productionBuild = release.productionBuild;
    this.registerOutputs({
      hostName: this.hostName,
      slotHostName: this.slotHostName,
      productionBuild: this.productionBuild,
    });
  }

  private register(name: string, names: AppNames, args: BlueGreenAppArgs) {
    const parent = { parent: this };
    const planArgs = renderPlan(names.app, args);
    const plan = planArgs === undefined ? undefined : new web.AppServicePlan(name, planArgs, parent);
    const planId = "id" in args.plan ? args.plan.id : (plan?.id ?? "");
    const own = { ...parent, ignoreChanges: exchanged };
    const app = new web.WebApp(name, renderApp(names, args, planId), own);
    const slotName = `${name}-${names.slot}`;
    const slot = new web.WebAppSlot(slotName, renderSlot(names, args, planId), { ...own, dependsOn: [app] });
    const sticky = new web.WebAppSlotConfigurationNames(name, renderStickyNames(names, args), {
      ...parent,
      dependsOn: [app],
    });
    return { app, slot, sticky };
  }
}

/** Everything that only this component asks for, every problem at once. */
function checked(name: string, args: BlueGreenAppArgs, names: AppNames): WarmUp {
  const { production = {}, idle = {} } = args.sticky ?? {};
  const sticky = new Set([...Object.keys(production), ...Object.keys(idle)]);
  const version = [...Object.keys(args.env ?? {}), ...Object.keys(args.config ?? {})];
  const both = version.filter((setting) => sticky.has(setting));
  const warmUp = {
    path: args.warmUp?.path ?? "/health/ready",
    statuses: args.warmUp?.statuses ?? [200],
  };
  const issues: Issue[] = [];
  const add = (path: string, rule: string, hint: string) =>
    issues.push({ path: `${name}.${path}`, rule, hint });
  if (names.slot.toLowerCase() === "production")
    add("slot", "must not be production", 'Name the idle slot, "staging".');
  if ([...sticky, ...version].includes(buildSetting))
    add("env", `must not set ${buildSetting}`, "The rollout writes it: take it out.");
  if (both.length > 0)
    add(
      "sticky",
      `must not name settings of the version: ${both.join(", ")}`,
      "A setting travels or stays: not both.",
    );
  if (!warmUp.path.startsWith("/")) add("warmUp.path", "must start with /", `Write "/${warmUp.path}".`);
  if (warmUp.statuses.length === 0)
    add("warmUp.statuses", "must name a status", "Without one any answer counts as warm, a 500 too: [200].");
  if ("sku" in args.plan && /^(F|D|B)\d/i.test(args.plan.sku))
    add("plan.sku", `${args.plan.sku} has no slots`, "Use Standard or higher: S1, P0v3, P1v3.");
  if (issues.length > 0) throw configError(issues);
  return warmUp;
}

function workloadArgs(args: BlueGreenAppArgs): Parameters<typeof settingsOf>[1] {
  const { rollout, image, port, env, config, plan, warmUp, healthPath } = args;
  return {
    rollout,
    image,
    port,
    replicas: plan.workers ?? 1,
    namespace: "",
    route: { gateway: "", hostnames: [] },
    readiness: { path: warmUp?.path ?? "/health/ready" },
    liveness: { path: healthPath ?? "/health/live" },
    ...(env === undefined ? {} : { env }),
    ...(config === undefined ? {} : { config }),
  };
}

/** What the component records of itself, as plain values: what policies see of a rollout. */
function recorded(
  service: string,
  names: AppNames,
  { release, intent }: ClaimedRollout,
): Record<string, unknown> {
  return {
    service,
    intent,
    ...names,
    ...recordedSides(release),
  };
}

function principals(app: web.WebApp, slot: web.WebAppSlot): Output<readonly (string | undefined)[]> {
  return app.identity.apply((own) => slot.identity.apply((other) => [own?.principalId, other?.principalId]));
}
