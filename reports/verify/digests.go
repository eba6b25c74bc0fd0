package verify

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/server"
)

// same is the error of a digest that is not the one recorded.
func same(recorded, recomputed, advice string) error {
	if recorded == recomputed {
		return nil
	}
	return fmt.Errorf("%s is recorded, and %s comes out; %s", recorded, recomputed, advice)
}

func (v *verifier) corpusDigest(recorded string) bool {
	corpus, err := scenarios.Embedded()
	if err == nil {
		err = same(recorded, corpus.Digest(), "verify with the version of conformance that made the run")
	}
	return v.holds(err, "the corpus is this program's, %s", recorded)
}

// registryDigest returns the registry of the run; nil where it is not here or
// is another.
func (v *verifier) registryDigest(recorded string, invocation []string) *registry.Registry {
	path := v.registry
	if path == "" {
		path = flagOf(invocation, "--registry")
	}
	reg, err := registryAt(path)
	if errors.Is(err, fs.ErrNotExist) && v.registry == "" {
		v.relies("the registry %s, %s: the file is not here; give it with --registry", path, recorded)
		return nil
	}
	where := "built in"
	if path != "" {
		where = path
	}
	if err == nil {
		err = same(recorded, reg.Digest(), "give the run's own with --registry")
	}
	if !v.holds(err, "the registry is %s, %s", where, recorded) {
		return nil
	}
	return reg
}

func (v *verifier) profileDigest(recorded, name string) {
	if v.profile != "" {
		name = v.profile
	}
	if name == "" {
		name = "workspace-server"
	}
	if recorded == "" {
		v.relies("the profile %s: no digest of it was recorded", name)
		return
	}
	// A report names the profile, and a file is found again only by its path.
	if v.profile == "" && !slices.Contains(server.ProfileNames(), name) && !strings.Contains(name, ".") {
		v.relies("the profile %s, %s: give its file with --profile", name, recorded)
		return
	}
	profile, err := server.LoadProfile(name)
	if err == nil {
		err = same(recorded, profile.Digest, "give the run's own with --profile")
	}
	v.holds(err, "the profile is %s, %s", name, recorded)
}

// fileDigest holds a file to its digest; kind says what it is.
func (v *verifier) fileDigest(kind, path, recorded string) {
	sum, err := reports.FileDigest(path)
	if errors.Is(err, fs.ErrNotExist) {
		v.relies("the %s %s, %s: the file is not here", kind, path, recorded)
		return
	}
	if err == nil {
		err = same(recorded, sum, "the file is another one now")
	}
	v.holds(err, "the %s is %s, %s", kind, path, recorded)
}

// flagOf returns a flag's value in a recorded command line; empty where it was
// not given.
func flagOf(invocation []string, flag string) string {
	for i, arg := range invocation {
		if arg == "--" {
			break
		}
		if arg == flag && i+1 < len(invocation) {
			return invocation[i+1]
		}
	}
	return ""
}

func registryAt(path string) (*registry.Registry, error) {
	if path == "" {
		return registry.Embedded(), nil
	}
	return registry.LoadFile(path)
}
