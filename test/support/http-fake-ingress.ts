import type { KubeJson } from "./http-fake-kube.ts";

export interface CanaryIngressJson {
  /** Annotations of ingress-nginx, without their prefix. Default: a canary without weight. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Service of each path; `undefined` is a backend that is no Service. Default: the candidate, once. */
  readonly services?: readonly (string | undefined)[];
  readonly defaultBackend?: string;
}

export const canaryIngressPath = "/apis/networking.k8s.io/v1/namespaces/prod/ingresses/atp-canary";
export const nginx = "nginx.ingress.kubernetes.io";

/** An Ingress as the API gives it. */
export function canaryIngressJson(of: CanaryIngressJson = {}): KubeJson {
  const { annotations = { canary: "true" }, services = ["atp-canary"], defaultBackend } = of;
  const prefixed = Object.entries(annotations).map(([key, value]) => [`${nginx}/${key}`, value] as const);
  const metadata = {
    name: "atp-canary",
    namespace: "prod",
    generation: 1,
    resourceVersion: "100",
    annotations: Object.fromEntries(prefixed),
  };
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata,
    spec: {
      ingressClassName: "nginx",
      ...(defaultBackend === undefined ? {} : { defaultBackend: { service: { name: defaultBackend } } }),
      rules: services.map((name) => ({
        host: "atp.example",
        http: {
          paths: [
            {
              path: "/",
              pathType: "Prefix",
              backend: name === undefined ? { resource: {} } : { service: { name, port: { number: 80 } } },
            },
          ],
        },
      })),
    },
  };
}
