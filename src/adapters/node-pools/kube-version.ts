/** `1.34.2` of `v1.34.2`, `1.34.2-202511.06.0`, `v1.34.2+build`. */
export interface KubeVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** The Kubernetes version at the beginning of a text; undefined where there is none. */
export function kubeVersionOf(text: string): KubeVersion | undefined {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)\.(\d+)(?![\d.])/.exec(text) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  return { major: Number(major), minor: Number(minor), patch: Number(patch) };
}

/** Below 0 where `a` is older, 0 where they are the same. By numbers: 1.9 is older than 1.10. */
export function compareKube(a: KubeVersion, b: KubeVersion): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/** `1.34.2` */
export function kubeText({ major, minor, patch }: KubeVersion): string {
  return `${major}.${minor}.${patch}`;
}
