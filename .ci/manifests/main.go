// Manifests holds the Kubernetes manifests that it is given to Kubernetes' own
// types: an unknown field, or a value of the wrong type, is an error. With
// -script it prints what a Job runs, for .ci/shards. It is a module of its own so
// that nobody else depends on Kubernetes.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"

	batch "k8s.io/api/batch/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	script := flag.String("script", "", "print the shell script of the Job of that name")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "manifests: name the files to check")
		os.Exit(2)
	}
	for _, file := range flag.Args() {
		if err := check(file, *script); err != nil {
			fmt.Fprintf(os.Stderr, "manifests: %s: %v\n", file, err)
			os.Exit(1)
		}
	}
}

func check(file, script string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var jobs []batch.Job
	for _, document := range bytes.Split(data, []byte("\n---\n")) {
		var job batch.Job
		if err := yaml.UnmarshalStrict(document, &job); err != nil {
			return err
		}
		if job.APIVersion != "batch/v1" || job.Kind != "Job" {
			return fmt.Errorf("it holds a %s of %s, and no Job of batch/v1", job.Kind, job.APIVersion)
		}
		if c := job.Spec.Template.Spec.Containers; len(c) != 1 || len(c[0].Command) != 3 || c[0].Command[1] != "-c" {
			return fmt.Errorf("%s has no container whose command is sh -c SCRIPT", job.Name)
		}
		if job.Name == script {
			fmt.Println(job.Spec.Template.Spec.Containers[0].Command[2])
		}
		jobs = append(jobs, job)
	}
	return shards(jobs[0].Spec)
}

// shards checks the Job whose pods replay a part of the corpus each.
func shards(s batch.JobSpec) error {
	switch {
	case s.CompletionMode == nil || *s.CompletionMode != batch.IndexedCompletion:
		return fmt.Errorf("the first Job's spec.completionMode is not Indexed, so that no pod knows its shard")
	case s.Completions == nil:
		return fmt.Errorf("the first Job has no completions")
	case s.BackoffLimitPerIndex == nil || *s.BackoffLimitPerIndex != 0 || s.BackoffLimit != nil:
		return fmt.Errorf("the first Job needs backoffLimitPerIndex 0 and no backoffLimit, or a shard that fails stops the others")
	}
	return nil
}
