import type { ChannelFor } from "./communication.ts";

/** A channel. Absent `for`: all. Keys, and URLs that hold one, are secrets. */
export type NotifyConfig =
  | { readonly kind: "log"; readonly for?: ChannelFor }
  | { readonly kind: "webhook"; readonly for?: ChannelFor; readonly url: string }
  | { readonly kind: "slack"; readonly for?: ChannelFor; readonly webhook: string }
  | { readonly kind: "teams"; readonly for?: ChannelFor; readonly workflow: string }
  | {
      readonly kind: "email";
      readonly for?: ChannelFor;
      /** `smtps://user:password@host:465`. Secret. */
      readonly smtp: string;
      readonly from: string;
      readonly to: readonly string[];
    }
  | {
      readonly kind: "pagerduty";
      readonly for?: ChannelFor;
      readonly routingKey: string;
      /** Base URL of the Events API; the EU's is another. */
      readonly endpoint: string;
    }
  | {
      readonly kind: "github-deployments";
      readonly for?: ChannelFor;
      /** `owner/name`. */
      readonly repository: string;
      readonly token: string;
      /** With `{version}` where the version goes; absent: the commit of the pipeline. */
      readonly ref?: string;
      readonly environment: string;
      readonly apiUrl: string;
    }
  | {
      readonly kind: "app-insights";
      readonly for?: ChannelFor;
      /** ARM id of the Application Insights resource. */
      readonly resourceId: string;
      /** ARM's base URL in another cloud; absent: the public one's. */
      readonly endpoint?: string;
    };

/** Where an incident is opened when a rollout turns back. */
export type IncidentConfig =
  | { readonly kind: "http"; readonly url: string; readonly authorization?: string; readonly id: string }
  | {
      readonly kind: "pagerduty";
      readonly token: string;
      /** E-mail address of a user of the account: the API asks who. */
      readonly from: string;
      /** Id of the service, `PABC123`. */
      readonly serviceId: string;
      readonly endpoint: string;
    };
