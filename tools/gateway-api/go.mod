module pulumi-rollouts.invalid/tools/gateway-api

go 1.25.0

// Only files of this module are read (config/crd/standard); nothing is compiled.
require sigs.k8s.io/gateway-api v1.6.3
