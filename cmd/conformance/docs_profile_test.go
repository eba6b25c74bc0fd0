package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The profile that docs/targets.md shows is the one that its commands use.
func TestDocumentedProfile(t *testing.T) {
	t.Chdir("../..")
	page, err := os.ReadFile("docs/targets.md")
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.ReadFile("examples/smallest-server/profile.yaml")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)\n```yaml\n(.*?)```\n").FindSubmatch(page)
	if block == nil {
		t.Fatal("docs/targets.md shows no profile")
	}
	if diff := cmp.Diff(string(profile), string(block[1])); diff != "" {
		t.Errorf("the profile (-examples/smallest-server +docs/targets.md):\n%s", diff)
	}
}
