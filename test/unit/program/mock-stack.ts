import { type Output, output, runtime } from "@pulumi/pulumi";

/** A resource as a program registered it. */
export interface MockedResource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

/** Puts the engine's mocks in place for stack `prod` of project `atp`, whose last update left these outputs. */
export async function mockStack(
  outputs: Record<string, unknown>,
  options: { readonly secretNames?: readonly string[] } = {},
): Promise<{ readonly resources: readonly MockedResource[] }> {
  const resources: MockedResource[] = [];
  await runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        resources.push({ type, name, inputs });
        if (type !== "pulumi:pulumi:StackReference") return { id: `${name}-id`, state: inputs };
        return { id: name, state: { name, outputs, secretOutputNames: options.secretNames ?? [] } };
      },
      call: () => ({}),
    },
    "atp",
    "prod",
    false,
    "organization",
  );
  return { resources };
}

/** The value of an output; a test that waits for one that never comes runs into its time-out. */
export function known<T>(value: unknown): Promise<T> {
  return new Promise((resolve) => {
    (output(value) as Output<T>).apply((value) => resolve(value as T));
  });
}
