import * as applicationinsights from "@pulumi/azure-native/applicationinsights/index.js";
import {
  all,
  ComponentResource,
  type ComponentResourceOptions,
  getProject,
  getStack,
  type Output,
} from "@pulumi/pulumi";
import { type Panel, panelsOf } from "../plan/dashboard.ts";
import { policyOf } from "./policy-of.ts";
import { tagsOf } from "./render/action-group.ts";
import { workbookJson, workbookName } from "./render/workbook.ts";
import type { RolloutDashboardArgs } from "./rollout-dashboard-args.ts";
import { assertDashboardArgs } from "./validate-dashboard.ts";

/**
 * An Azure workbook about a service's versions: exposure, failed requests, P95 and exceptions of each, the error budget,
 * and what its strategy moves (a slot's build, replicas, a flag's two sides, node pools). Its name is a GUID made of
 * stack and service, its content the same text for the same policy.
 *
 * @throws RolloutError `config-invalid` (every problem at once), before a resource is registered
 */
export class RolloutDashboard extends ComponentResource {
  /** ARM id of the workbook. */
  readonly workbookId: Output<string>;
  /** Ids of the panels. */
  readonly panels: readonly string[];

  constructor(name: string, args: RolloutDashboardArgs, opts?: ComponentResourceOptions) {
    const policy = policyOf(name, args);
    assertDashboardArgs(name, args, policy);
    const { environment = getStack() } = args;
    const panels = panelsOf(policy, args.telemetry);
    const ids = panels.map(({ id }) => id);
    const recorded = { service: policy.service, environment, panels: ids };
    super("rollouts:index:RolloutDashboard", name, recorded, opts);
    const rendered = this.render(args, { environment, panels, service: policy.service });
    const workbookArgs = args.transform?.workbook?.(rendered) ?? rendered;
    const workbook = new applicationinsights.Workbook(name, workbookArgs, { parent: this });
    this.workbookId = workbook.id;
    this.panels = ids;
    this.registerOutputs({ workbookId: this.workbookId, panels: ids });
  }

  private render(
    args: RolloutDashboardArgs,
    {
      environment,
      panels,
      service,
    }: { readonly environment: string; readonly panels: readonly Panel[]; readonly service: string },
  ): applicationinsights.WorkbookArgs {
    const { source, clusterWorkspace = source, resourceGroup, location, tags } = args;
    const title = `Rollouts of ${service} (${environment})`;
    const scope = all([source, clusterWorkspace]);
    return {
      resourceName: workbookName(`${getProject()}/${getStack()}`, service),
      resourceGroupName: resourceGroup,
      ...(location === undefined ? {} : { location }),
      kind: "shared",
      category: "workbook",
      displayName: title,
      version: "Notebook/1.0",
      // Azure gives it back in lower case: another spelling would be an update for ever.
      sourceId: scope.apply(([telemetry]) => telemetry.toLowerCase()),
      serializedData: scope.apply(([telemetry, cluster]) =>
        workbookJson({ title, panels }, { telemetry, cluster }),
      ),
      ...tagsOf(tags),
    };
  }
}
