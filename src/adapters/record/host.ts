import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * Which processes a pid of ours can be compared with: host name, and on Linux the boot and the pid
 * namespace. Two containers with one host name and a shared folder must not take each other's live pids
 * for dead ones.
 */
export function hostIdentity(): string {
  const boot = quietly(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim().slice(0, 8));
  const namespace = quietly(() => /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0]);
  return [hostname(), boot, namespace].filter((part) => part !== undefined).join("/");
}

/** Whether a process of this host runs. One that we may not signal runs too. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // Not Linux, or /proc is hidden: the host name alone has to do.
  }
}
