// The Kubernetes provider plugin, served from its own module. The schema only
// matters to SDK generators, so an empty one does.
package main

import (
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

func main() { provider.Serve("kubernetes", version.Version, []byte("{}"), []byte("{}")) }
