package scenarios

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
)

// Expand returns every scenario of the corpus for a registry, in the order of
// files and entries, each with its twin. An error is a defect of the corpus.
func (c *Corpus) Expand(reg *registry.Registry) ([]*Scenario, error) {
	selected, err := c.Select(reg, &Selection{Level: Extended})
	return selected.Scenarios, err
}

// ExpandAlone expands a file by itself, without looking for twins in the rest
// of a corpus.
func (c *Corpus) ExpandAlone(reg *registry.Registry) ([]*Scenario, error) {
	selected, err := c.choose(newExpander(reg), &Selection{Level: Extended})
	return selected.Scenarios, err
}

// Select returns the scenarios that a selection asks for, and makes no more of the
// corpus than these and what it takes to find their twins. An unknown class, rule,
// id or matrix is an error.
func (c *Corpus) Select(reg *registry.Registry, sel *Selection) (Selected, error) {
	if err := sel.check(c.Rules, c.classes()); err != nil {
		return Selected{}, err
	}
	over := *sel
	over.Matrix = sel.MatrixOver(reg)
	sel = &over
	e := newExpander(reg)
	out, err := c.choose(e, sel)
	if err != nil {
		return Selected{}, err
	}
	if unlike := sel.matcher().unlike(out.Scenarios); len(unlike) > 0 {
		if err := c.noneLike(reg, unlike); err != nil {
			return Selected{}, err
		}
	}
	companions, err := c.pair(e, out.Scenarios)
	if len(companions) == 0 {
		return out, err
	}
	m := sel.matcher()
	for _, s := range companions {
		out.Companions[s.ID] = true
		if m.mayHold(s.entry) && m.id([]byte(s.ID)) {
			out.LeftOut-- // the matrix left it out, and it comes along all the same
		}
	}
	out.Scenarios = append(out.Scenarios, companions...)
	slices.SortFunc(out.Scenarios, func(a, b *Scenario) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column), cmp.Compare(a.at, b.at))
	})
	return out, err
}

// noneLike is the error of globs that no id of the corpus is like, at any level
// and in any class; nil where there is one for each.
func (c *Corpus) noneLike(reg *registry.Registry, globs []string) error {
	var ids []string
	err := c.visit(reg, &Selection{Level: Extended}, func(_ *expander, cell *Cell) error {
		ids = append(ids, string(cell.id()))
		return nil
	})
	for _, glob := range globs {
		if err == nil && !slices.ContainsFunc(ids, IDMatcher(glob)) {
			return noneLike(glob, ids)
		}
	}
	return err
}

// choose makes the scenarios that a selection asks for, without their twins.
func (c *Corpus) choose(e *expander, sel *Selection) (Selected, error) {
	entries, err := c.entries(sel.classes())
	if err != nil {
		return Selected{}, err
	}
	m, groups := sel.matcher(), [][]*template{}
	for i, t := range entries {
		// Pairs of values meet in a class, so a class is thinned as a whole.
		if sel.Matrix == PairwiseMatrix && i > 0 && t.class == entries[i-1].class {
			groups[len(groups)-1] = append(groups[len(groups)-1], t)
		} else {
			groups = append(groups, []*template{t})
		}
	}
	lists, leftOut := make([][]*Scenario, len(groups)), make([]int, len(groups))
	err = sideBySide(len(groups), func() func(int) error {
		mine := e.fork()
		return func(i int) (err error) {
			if slices.ContainsFunc(groups[i], m.mayHold) {
				lists[i], leftOut[i], err = mine.group(groups[i], m)
			}
			return err
		}
	})
	out := Selected{Scenarios: slices.Concat(lists...), Companions: map[string]bool{}}
	for _, n := range leftOut {
		out.LeftOut += n
	}
	return out, err
}

// group makes what is asked for of some entries, thinned together.
func (e *expander) group(entries []*template, m *matcher) (out []*Scenario, leftOut int, err error) {
	met := map[pair]bool{}
	for _, t := range entries {
		asked := m.mayHold(t)
		if m.sel.Matrix == PairwiseMatrix && len(t.matrix) > 1 {
			list, left, err := e.thinned(t, met, func(c *Cell) bool { return asked && m.cell(c) })
			if err != nil {
				return nil, 0, err
			}
			out, leftOut = append(out, list...), leftOut+left
			continue
		}
		if !asked {
			continue
		}
		err := e.walk(t, func(c *Cell) error {
			if !m.cell(c) {
				return nil
			}
			s, err := e.scenario(c)
			out = append(out, s)
			return err
		})
		if err != nil {
			return nil, 0, err
		}
	}
	return out, leftOut, nil
}

// visit visits the cells that a selection asks for, in the order of the corpus,
// with the expander that can make their scenarios. It makes none.
func (c *Corpus) visit(reg *registry.Registry, sel *Selection, visit func(*expander, *Cell) error) error {
	entries, err := c.entries(sel.classes())
	if err != nil {
		return err
	}
	e, m := newExpander(reg).fork(), sel.matcher()
	for _, t := range entries {
		if !m.mayHold(t) {
			continue
		}
		err := e.walk(t, func(c *Cell) error {
			if !m.cell(c) {
				return nil
			}
			return visit(e, c)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Count returns the number of scenarios that Expand would return; where the matrix
// is bounded, also of those that pairwise leaves out.
func (c *Corpus) Count(reg *registry.Registry) (int, error) {
	n := 0
	err := c.visit(reg, &Selection{Level: Extended}, func(*expander, *Cell) error {
		n++
		return nil
	})
	return n, err
}

// Name visits the id and the title of each scenario that a selection asks for, in
// the order of the corpus and without the twins that would come along, and returns
// how many there are. What a pairwise matrix keeps is found out by Select, and an
// error here. The bytes are good until visit returns.
func (c *Corpus) Name(reg *registry.Registry, sel *Selection, visit func(id, title []byte)) (int, error) {
	if sel.MatrixOver(reg) == PairwiseMatrix {
		return 0, errors.New("naming scenarios: a pairwise matrix is found out by Select")
	}
	if err := sel.check(c.Rules, c.classes()); err != nil {
		return 0, err
	}
	var title []byte
	n, globs := 0, slices.Clone(sel.IDs)
	err := c.visit(reg, sel, func(e *expander, cell *Cell) error {
		var err error
		if title, err = e.title(cell, title[:0]); err != nil {
			return err
		}
		n++
		id := cell.id()
		globs = slices.DeleteFunc(globs, func(glob string) bool { return IDMatcher(glob)(string(id)) })
		visit(id, title)
		return nil
	})
	if err == nil && len(globs) > 0 {
		err = c.noneLike(reg, globs)
	}
	return n, err
}

// A Kind is what one entry of the corpus stands for.
type Kind struct {
	// IDs are the first scenarios' at most; never empty.
	IDs []string
	// Scenarios is the number of all.
	Scenarios int
}

// Exercising returns the kinds of scenarios that exercise a rule, at either
// level, each with the ids of the first few; a kind without scenarios is left out.
func (c *Corpus) Exercising(reg *registry.Registry, rule string, few int) ([]Kind, error) {
	var out []Kind
	var last *template
	err := c.visit(reg, &Selection{Level: Extended, Rules: []string{rule}}, func(_ *expander, cell *Cell) error {
		if cell.template != last {
			out, last = append(out, Kind{}), cell.template
		}
		kind := &out[len(out)-1]
		if kind.Scenarios++; kind.Scenarios <= few {
			kind.IDs = append(kind.IDs, string(cell.id()))
		}
		return nil
	})
	return out, err
}

// Templates returns the ids of the corpus's entries of some classes, in order; the
// id of a scenario is that of its entry, or begins with it and a slash.
func (c *Corpus) Templates(classes ...string) ([]string, error) {
	entries, err := c.entries(classes)
	var out []string
	for _, t := range entries {
		if len(classes) == 0 || slices.Contains(classes, t.class) {
			out = append(out, t.id)
		}
	}
	return out, err
}

// A ForeignPairs is an entry of the corpus that tries providers with credentials of
// others alone. The ids of its scenarios go on with the provider and the name of
// one such credential, and perhaps more: ID/provider/name/…
type ForeignPairs struct {
	ID, Class string
	// Stage is where it is decided.
	Stage Stage
}

// ForeignPairs lists such entries of some classes, in the order of the corpus.
func (c *Corpus) ForeignPairs(classes ...string) ([]ForeignPairs, error) {
	entries, err := c.entries(classes)
	var out []ForeignPairs
	for _, t := range entries {
		last := t.planned[len(t.planned)-1]
		if slices.Contains(classes, t.class) && len(t.matrix) > 1 && t.matrix[0].name == "provider" && t.matrix[1].name == "foreign" && last.expect.code == "MISSING_BYOK_CREDENTIAL" {
			out = append(out, ForeignPairs{t.id, t.class, last.at})
		}
	}
	return out, err
}

// isNamed reports whether one of the ids is that of a scenario of the entry.
func (t *template) isNamed(ids map[string]bool) bool {
	for id := range ids {
		if id == t.id || strings.HasPrefix(id, t.id+"/") {
			return true
		}
	}
	return false
}
