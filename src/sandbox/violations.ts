import type { CloudParts, Violation } from "./cloud-parts.ts";
import { labelsAt, selects } from "./labels.ts";
import { idOf, type Manifest, type ObjectRef } from "./manifest.ts";

/** What the routes in force still send to a Service, or to the pods of a Deployment, that is about to go. */
export function deletedInUse(
  object: { readonly ref: ObjectRef; readonly manifest: Manifest },
  { router, timeline, services }: CloudParts,
): readonly Violation[] {
  const { ref, manifest } = object;
  const labels = labelsAt(manifest, "spec", "template", "metadata", "labels");
  return router.inForce().flatMap(({ route, backends }) =>
    backends.flatMap((backend) => {
      if (backend.share === 0 || backend.namespace !== ref.namespace) return [];
      const selector = backend.selector ?? services.get(`${backend.namespace}/${backend.service}`) ?? {};
      const isBehind = ref.kind === "Deployment" && selects(selector, labels);
      if (!isBehind && !(ref.kind === "Service" && backend.service === ref.name)) return [];
      const message = `${ref.kind} "${idOf(ref)}" was deleted while the route ${route} sent it weight ${backend.weight}`;
      return [{ atMs: timeline.now(), kind: "deleted-in-use" as const, message }];
    }),
  );
}
