// Manifests holds the Kubernetes manifests that it is given to Kubernetes' own
// types: an unknown field, or a value of the wrong type, is an error. It is a
// module of its own so that nobody else depends on Kubernetes.
package main

import (
	"fmt"
	"os"

	batch "k8s.io/api/batch/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "manifests: name the files to check")
		os.Exit(2)
	}
	for _, file := range os.Args[1:] {
		if err := check(file); err != nil {
			fmt.Fprintf(os.Stderr, "manifests: %s: %v\n", file, err)
			os.Exit(1)
		}
	}
}

func check(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var job batch.Job
	if err := yaml.UnmarshalStrict(data, &job); err != nil {
		return err
	}
	s := job.Spec
	switch {
	case job.APIVersion != "batch/v1" || job.Kind != "Job":
		return fmt.Errorf("it is a %s of %s, and no Job of batch/v1", job.Kind, job.APIVersion)
	case s.CompletionMode == nil || *s.CompletionMode != batch.IndexedCompletion:
		return fmt.Errorf("spec.completionMode is not Indexed, so that no pod knows its shard")
	case s.Completions == nil || len(s.Template.Spec.Containers) == 0:
		return fmt.Errorf("it has no completions, or no container")
	}
	return nil
}
