package scenarios

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/molecule-ai/byok-conformance/internal/strict"
	"github.com/molecule-ai/byok-conformance/registry"
)

//go:embed *.yaml
var embedded embed.FS

// rulesFile is the one file of a corpus that holds no scenarios.
const rulesFile = "rules.yaml"

// A Corpus is the rules and the scenarios of one folder, before expansion. It
// does not change after loading.
type Corpus struct {
	Rules     *Rules
	templates []*template
	digest    string
}

// Digest returns "sha256:…" of the corpus's file names and bytes.
func (c *Corpus) Digest() string { return c.digest }

var embeddedCorpus = sync.OnceValues(func() (*Corpus, error) { return Load(embedded) })

// Embedded returns the corpus that this module carries.
func Embedded() (*Corpus, error) { return embeddedCorpus() }

// Load reads every .yaml file of a folder. All errors are returned, each with
// file, line and column.
func Load(fsys fs.FS) (*Corpus, error) {
	files, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing the corpus: %w", err)
	}
	if !slices.Contains(files, rulesFile) {
		return nil, fmt.Errorf("the corpus has no %s; every scenario names rules of that file", rulesFile)
	}
	c := &Corpus{}
	hash := sha256.New()
	var contents []content
	slices.SortFunc(files, rulesFirst)
	for _, file := range files {
		data, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("reading the corpus: %w", err)
		}
		fmt.Fprintf(hash, "%s %d\n", file, len(data))
		hash.Write(data)
		if file == rulesFile {
			if c.Rules, err = LoadRules(file, data); err != nil {
				return nil, err
			}
			continue
		}
		contents = append(contents, content{file, data})
	}
	c.digest = "sha256:" + hex.EncodeToString(hash.Sum(nil))
	err = c.read(contents)
	return c, errors.Join(append([]error{err}, c.duplicates()...)...)
}

// content is a scenario file that has been read.
type content struct {
	file string
	data []byte
}

// read makes templates of scenario files side by side, and keeps their order.
func (c *Corpus) read(files []content) error {
	lists, errs := make([][]*template, len(files)), make([]error, len(files))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(files); i = int(next.Add(1)) - 1 {
				lists[i], errs[i] = loadFile(files[i].file, files[i].data, c.Rules)
			}
		})
	}
	wg.Wait()
	c.templates = slices.Concat(lists...)
	return errors.Join(errs...)
}

func rulesFirst(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == rulesFile || (b != rulesFile && a < b):
		return -1
	}
	return 1
}

func (c *Corpus) duplicates() []error {
	var errs []error
	seen := map[string]strict.Position{}
	for _, t := range c.templates {
		if first, twice := seen[t.id]; twice {
			errs = append(errs, fmt.Errorf("%s: id %q stands at %s already; an id belongs to one scenario for ever", t.pos, t.id, first))
		}
		seen[t.id] = t.pos
	}
	return errs
}

// LoadFile parses one scenario file against a set of rules, for linting. Errors
// name file, line and column.
func LoadFile(file string, data []byte, rules *Rules) (*Corpus, error) {
	templates, err := loadFile(file, data, rules)
	if err != nil {
		return nil, err
	}
	c := &Corpus{Rules: rules, templates: templates, digest: path.Base(file)}
	return c, errors.Join(c.duplicates()...)
}

// Expand returns every scenario of the corpus for a registry, in the order of
// files and entries, each with its twin. An error is a defect of the corpus.
func (c *Corpus) Expand(reg *registry.Registry) ([]*Scenario, error) {
	out, err := c.ExpandAlone(reg)
	if err != nil {
		return nil, err
	}
	return out, errors.Join(pairTwins(out)...)
}

// Count returns the number of scenarios that Expand would return.
func (c *Corpus) Count(reg *registry.Registry) (int, error) {
	e, n := newExpander(reg).fork(), 0
	for _, t := range c.templates {
		cells, err := e.count(t.matrix, e.cell.vars[:0])
		if err != nil {
			return 0, err
		}
		n += cells
	}
	return n, nil
}

// ExpandAlone expands a file by itself, without looking for twins in the rest
// of a corpus.
func (c *Corpus) ExpandAlone(reg *registry.Registry) ([]*Scenario, error) {
	lists, err := newExpander(reg).all(c.templates, nil)
	return slices.Concat(lists...), err
}

// all expands templates side by side, each to its list of scenarios.
func (e *expander) all(templates []*template, keep func(vars) bool) ([][]*Scenario, error) {
	lists, errs := make([][]*Scenario, len(templates)), make([]error, len(templates))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(templates)) {
		wg.Go(func() {
			mine := e.fork()
			for i := int(next.Add(1)) - 1; i < len(templates); i = int(next.Add(1)) - 1 {
				lists[i], errs[i] = mine.expand(templates[i], keep)
			}
		})
	}
	wg.Wait()
	return lists, errors.Join(errs...)
}

func newExpander(reg *registry.Registry) *expander {
	e := &expander{
		reg: reg, foreign: reg.Digest() != registry.Embedded().Digest(), routes: map[string][]registry.Route{},
		offers: &offers{lists: map[string][]option{}, foreign: map[[3]string]*foreign{}},
	}
	for _, verbatim := range []bool{true, false} {
		for _, r := range reg.Routes() {
			if (r.By == registry.Verbatim) == verbatim {
				e.routes[r.Provider.Name] = append(e.routes[r.Provider.Name], r)
			}
		}
	}
	return e
}
