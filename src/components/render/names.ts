import type { Side } from "../transforms.ts";

/** Port of both Services; it leads to the container's port named `http`, so that a new port is only a new pod. */
export const servicePort = 80;

/** `<service>` or `<service>-canary`: name of a side's Deployment, Service, autoscaler and budget. */
export function sideName(service: string, side: Side): string {
  return side === "stable" ? service : `${service}-canary`;
}

/** Stable's own Service where `<service>` is over the pods of both sides: its health is asked there. */
export function stableServiceName(service: string): string {
  return `${service}-stable`;
}

/**
 * Labels of a side's pods, and its selectors. They never say which version runs: a Deployment's selector is
 * immutable, and promotion must replace nothing.
 */
export function sideLabels(service: string, side: Side): { readonly app: string; readonly version: Side } {
  return { app: service, version: side };
}
