import { messageOf } from "../../lib/error-message.ts";
import type { Check } from "./run-checks.ts";

/** `SELECT 1` on PostgreSQL with the connection string that the slot has. */
export function postgresCheck(options: {
  readonly name: string;
  /** `postgresql://user:password@host:5432/db?sslmode=verify-full`. Secret. */
  readonly connectionString: string;
  readonly timeoutMs: number;
}): Check {
  const { name, connectionString, timeoutMs } = options;
  return {
    name,
    timeoutMs,
    run: async (signal) => {
      const { default: pg } = await import("pg");
      const client = new pg.Client({
        connectionString,
        connectionTimeoutMillis: timeoutMs,
        query_timeout: timeoutMs,
        application_name: "pulumi-rollouts validation",
      });
      // Without a listener an error of a connection that is being dropped would end the process.
      client.on("error", () => {});
      const stop = () => void client.end().catch(() => {});
      signal.addEventListener("abort", stop, { once: true });
      try {
        await client.connect();
        const { rows } = await client.query("SELECT 1 AS one");
        if (rows[0]?.one !== 1) throw new Error("SELECT 1 did not answer 1");
        return "SELECT 1 answered";
      } catch (error) {
        throw new Error(`PostgreSQL: ${reasonOf(error)}`);
      } finally {
        signal.removeEventListener("abort", stop);
        await client.end().catch(() => {});
      }
    },
  };
}

/** A refused connection to a name with several addresses comes as an error of errors without a message. */
function reasonOf(error: unknown): string {
  const message = messageOf(error);
  if (message !== "") return message;
  const code: unknown = Object(error).code;
  return typeof code === "string" ? code : "the connection failed";
}

/** The password in a connection string, for redaction; none where there is none, or it is no URL. */
export function passwordsIn(connectionString: string): readonly string[] {
  try {
    const { password } = new URL(connectionString);
    return password === "" ? [] : [password, decodeURIComponent(password)];
  } catch {
    return [connectionString];
  }
}
