package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/molecule-ai/byok-conformance/internal/strict"
)

// Own are scenarios that somebody keeps beside the corpus: regressions of one server,
// or what explore found. They are replayed and judged as the corpus is, and are no part
// of it.
type Own struct {
	// Class is what all their ids begin with; no class of the corpus.
	Class string
	// Digest is "sha256:…" of the files' names and bytes.
	Digest string
	// Entries is how many entries the files hold.
	Entries int
}

// Own returns what With added; nil for the corpus by itself.
func (c *Corpus) Own() *Own { return c.own }

// BuiltIn returns the corpus without what With added.
func (c *Corpus) BuiltIn() *Corpus {
	if c.own == nil {
		return c
	}
	return c.builtIn
}

// With returns the corpus and, beside it, the scenarios of the .yaml files of a folder.
// All of them have one class, which the corpus does not have; they name the corpus's
// rules. A refusal among them needs no twin, but has the one that the corpus offers.
// All errors are returned, each with file, line and column; dir is what the
// folder is called there.
func (c *Corpus) With(fsys fs.FS, dir string) (*Corpus, error) {
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", dir, err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s holds no scenarios: it has no .yaml file; conformance explore --write DIR makes one", dir)
	}
	out := &Corpus{Rules: c.Rules, files: slices.Clone(c.files), digest: c.digest, apart: c.apart, own: &Own{}, builtIn: c}
	hash := sha256.New()
	var all []*template
	var errs []error
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			errs = append(errs, fmt.Errorf("reading %s: %w", path.Join(dir, name), err))
			continue
		}
		fmt.Fprintf(hash, "%s %d\n", name, len(data))
		hash.Write(data)
		list, err := loadFileOf(path.Join(dir, name), data, c.Rules, &out.own.Class)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, list...)
		out.files = append(out.files, &file{name: path.Join(dir, name), class: out.own.Class, read: func() ([]*template, error) { return list, nil }})
	}
	out.own.Digest, out.own.Entries = "sha256:"+hex.EncodeToString(hash.Sum(nil)), len(all)
	return out, errors.Join(append(errs, duplicates(all)...)...)
}

// ownClass is what the class of somebody's own scenarios looks like.
var ownClass = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// readOwnClass reads the class of a file that is no part of the corpus. known is that of the
// files before it; empty for the first.
func readOwnClass(r *strict.Reader, n *yaml.Node, class, known *string) {
	r.Str("class", class)(n)
	switch {
	case *class == "":
	case slices.Contains(Classes, *class):
		r.Fail(n, "class %q is one of the corpus's own; give these scenarios a class of their own, such as your server's name", *class)
	case !ownClass.MatchString(*class):
		r.Fail(n, "class %q must be a word of small letters, digits and hyphens, since ids begin with it", *class)
	case *known != "" && *known != *class:
		r.Fail(n, "class %q stands beside class %q; all files of a folder have one class", *class, *known)
	default:
		*known = *class
	}
}

// classes are all that a selection may name.
func (c *Corpus) classes() []string {
	if c.own == nil {
		return Classes
	}
	return append(slices.Clone(Classes), c.own.Class)
}

// Named is the class and the digest in one line.
func (o *Own) Named() string { return strings.TrimSpace(o.Class + " " + o.Digest) }
