package scenarios

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/molecule-ai/byok-conformance/internal/strict"
)

//go:embed *.yaml
var embedded embed.FS

// rulesFile is the one file of a corpus that holds no scenarios.
const rulesFile = "rules.yaml"

// A Corpus is the rules and the entries of one folder. An entry stands for one
// scenario or, with a matrix, for many; a scenario is made when somebody asks for
// it. A corpus does not change after loading.
type Corpus struct {
	Rules  *Rules
	files  []*file
	digest string
	// apart: each class has a file of its own that is read when somebody asks for
	// the class, and twins stand in those of twinClasses.
	apart bool
	// own is what stands beside the corpus, and builtIn the corpus without it; both nil
	// where nothing does.
	own     *Own
	builtIn *Corpus
}

// twinClasses are where the built-in corpus has what must be allowed.
var twinClasses = []string{"valid", "provision"}

// A file holds the scenarios of one class.
type file struct {
	name string
	// class is set where the file is no part of the corpus.
	class string
	read  func() ([]*template, error)
}

// Digest returns "sha256:…" of the corpus's file names and bytes.
func (c *Corpus) Digest() string { return c.digest }

var embeddedCorpus = sync.OnceValues(func() (*Corpus, error) {
	c, err := open(embedded)
	if err == nil {
		c.apart = true
	}
	return c, err
})

// Embedded returns the corpus that this module carries. Its files are read when
// somebody asks for what stands in them; a test holds that none has an error.
func Embedded() (*Corpus, error) { return embeddedCorpus() }

// Load reads every .yaml file of a folder. All errors are returned, each with
// file, line and column.
func Load(fsys fs.FS) (*Corpus, error) {
	c, err := open(fsys)
	if err != nil {
		return nil, err
	}
	list, err := c.entries(nil)
	return c, errors.Join(append([]error{err}, duplicates(list)...)...)
}

// open reads the rules of a folder, and finds its other files.
func open(fsys fs.FS) (*Corpus, error) {
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing the corpus: %w", err)
	}
	if !slices.Contains(names, rulesFile) {
		return nil, fmt.Errorf("the corpus has no %s; every scenario names rules of that file", rulesFile)
	}
	c := &Corpus{}
	hash := sha256.New()
	slices.SortFunc(names, rulesFirst)
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("reading the corpus: %w", err)
		}
		fmt.Fprintf(hash, "%s %d\n", name, len(data))
		hash.Write(data)
		if name == rulesFile {
			if c.Rules, err = LoadRules(name, data); err != nil {
				return nil, err
			}
			continue
		}
		c.files = append(c.files, fileOf(name, data, c.Rules))
	}
	c.digest = "sha256:" + hex.EncodeToString(hash.Sum(nil))
	return c, nil
}

func fileOf(name string, data []byte, rules *Rules) *file {
	return &file{name: name, read: sync.OnceValues(func() ([]*template, error) { return loadFile(name, data, rules) })}
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

// entries returns the entries that may be of one of the classes, nil standing for
// all, in the order of files and lines.
func (c *Corpus) entries(classes []string) ([]*template, error) {
	var files []*file
	for _, f := range c.files {
		if classes == nil || !c.apart || slices.Contains(classes, cmp.Or(f.class, strings.TrimSuffix(f.name, ".yaml"))) {
			files = append(files, f)
		}
	}
	lists := make([][]*template, len(files))
	err := sideBySide(len(files), func() func(int) error {
		return func(i int) (err error) {
			lists[i], err = files[i].read()
			return err
		}
	})
	return slices.Concat(lists...), err
}

// sideBySide does n things on all processors; worker makes what does one thing
// after another. It returns all errors, in order.
func sideBySide(n int, worker func() func(int) error) error {
	errs := make([]error, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() {
			do := worker()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				errs[i] = do(i)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func duplicates(list []*template) []error {
	var errs []error
	seen := map[string]strict.Position{}
	for _, t := range list {
		if first, twice := seen[t.id]; twice {
			errs = append(errs, fmt.Errorf("%s: id %q stands at %s already; an id belongs to one scenario for ever", t.pos, t.id, first))
		}
		seen[t.id] = t.pos
	}
	return errs
}

// LoadFile parses one scenario file against a set of rules, for linting. Errors
// name file, line and column.
func LoadFile(name string, data []byte, rules *Rules) (*Corpus, error) {
	f := fileOf(name, data, rules)
	list, err := f.read()
	if err != nil {
		return nil, err
	}
	return &Corpus{Rules: rules, files: []*file{f}, digest: path.Base(name)}, errors.Join(duplicates(list)...)
}
