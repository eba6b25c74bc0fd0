package scenarios

import (
	"errors"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/registry"
)

// Select is Expand and Selection.Select in one: it expands what the selection
// asks for, the twins of that, and no more than it takes to find them.
func (c *Corpus) Select(reg *registry.Registry, sel *Selection) (Selected, error) {
	list, err := c.expandFor(reg, sel)
	if err != nil {
		return Selected{}, err
	}
	selected, err := sel.Select(list, c.Rules)
	if err == nil || len(sel.IDs) == 0 {
		return selected, err
	}
	// An id that nothing is like deserves a suggestion from the whole corpus.
	if list, err = c.Expand(reg); err != nil {
		return Selected{}, err
	}
	return sel.Select(list, c.Rules)
}

// expandFor expands the templates that may hold a selected scenario, those that
// decide with them what a pairwise matrix keeps, and of the rest the cells that
// may be a twin of one of these.
func (c *Corpus) expandFor(reg *registry.Registry, sel *Selection) ([]*Scenario, error) {
	e := newExpander(reg)
	wanted := c.wanted(sel)
	lists, err := e.all(wanted, nil)
	if err != nil {
		return nil, err
	}
	sought := soughtTwins(lists)
	var rest []*template
	for _, t := range c.templates {
		if !slices.Contains(wanted, t) && (t.isNamed(sought.ids) || len(sought.providers) > 0 && t.mayBeTwin()) {
			rest = append(rest, t)
		}
	}
	more, err := e.all(rest, sought.keeps)
	if err != nil {
		return nil, err
	}
	var out []*Scenario
	for _, t := range c.templates { // the first of several twins is the first of the corpus
		if i := slices.Index(wanted, t); i >= 0 {
			out = append(out, lists[i]...)
		} else if i := slices.Index(rest, t); i >= 0 {
			out = append(out, more[i]...)
		}
	}
	return out, errors.Join(pairTwins(out)...)
}

// wanted lists the templates that are expanded whole for a selection.
func (c *Corpus) wanted(sel *Selection) []*template {
	classes := map[string]bool{}
	for _, t := range c.templates {
		classes[t.class] = classes[t.class] || sel.mayMatch(t)
	}
	var out []*template
	for _, t := range c.templates {
		// Pairs of values meet in a class, so a class is thinned as a whole.
		if sel.mayMatch(t) || sel.Matrix == PairwiseMatrix && classes[t.class] {
			out = append(out, t)
		}
	}
	return out
}

// sought is what the twins of some scenarios have in common with them.
type sought struct {
	// ids are the twins that the corpus names itself.
	ids       map[string]bool
	providers map[string]bool
	pairs     map[[2]string]bool
}

func soughtTwins(lists [][]*Scenario) sought {
	out := sought{map[string]bool{}, map[string]bool{}, map[[2]string]bool{}}
	for _, s := range slices.Concat(lists...) {
		switch last := &s.Steps[len(s.Steps)-1]; {
		case !s.MustRefuse() || s.NotApplicable != "":
		case s.Twin != "":
			out.ids[s.Twin] = true
		default:
			out.pairs[[2]string{last.Runtime, last.Model}] = true
			for _, p := range last.Expect.Providers {
				out.providers[p] = true
			}
		}
	}
	return out
}

// keeps reports whether a cell with these placeholders may hold a twin.
func (s sought) keeps(v vars) bool {
	if len(s.ids) > 0 {
		return true
	}
	runtime, paired := v.get("runtime")
	if paired {
		return s.pairs[[2]string{runtime, v.value("model")}]
	}
	provider, bound := v.get("provider")
	return !bound || s.providers[provider]
}

// mayMatch reports whether a selection may ask for a scenario of the template.
func (sel *Selection) mayMatch(t *template) bool {
	return (Level(t.level) == Core || sel.Level == Extended) &&
		(len(sel.Classes) == 0 || slices.Contains(sel.Classes, t.class)) &&
		(len(sel.Rules) == 0 || slices.ContainsFunc(sel.Rules, func(r string) bool { return slices.Contains(t.rules, r) })) &&
		(len(sel.IDs) == 0 || slices.ContainsFunc(sel.IDs, t.mayBeLike))
}

// mayBeLike reports whether the id of one of the template's scenarios may be
// like a glob.
func (t *template) mayBeLike(glob string) bool {
	literal := glob
	if i := strings.IndexAny(glob, "*?"); i >= 0 {
		literal = glob[:i]
	}
	return strings.HasPrefix(t.id, literal) || strings.HasPrefix(literal, t.id+"/")
}

// isNamed reports whether one of the ids is that of a scenario of the template.
func (t *template) isNamed(ids map[string]bool) bool {
	for id := range ids {
		if id == t.id || strings.HasPrefix(id, t.id+"/") {
			return true
		}
	}
	return false
}

// last is what the template's last step expects.
func (t *template) last() *expectTemplate {
	if n := len(t.steps); n > 0 {
		return &t.steps[n-1].expect
	}
	return &t.expect
}

// mayBeTwin reports whether canBeTwin may hold for one of the template's scenarios.
func (t *template) mayBeTwin() bool {
	return t.last().verdict == string(Allowed) && Level(t.level) == Core
}

// A Kind is what one entry of the corpus expands to.
type Kind struct {
	// IDs are the first scenarios' at most; never empty.
	IDs []string
	// Scenarios is the number of all.
	Scenarios int
}

// errEnough ends a walk.
var errEnough = errors.New("enough")

// Exercising returns the kinds of scenarios that exercise a rule, at either
// level, each with the ids of the first few; a kind without scenarios is left out.
func (c *Corpus) Exercising(reg *registry.Registry, rule string, few int) ([]Kind, error) {
	e := newExpander(reg).fork()
	var out []Kind
	for _, t := range c.templates {
		if !slices.Contains(t.rules, rule) {
			continue
		}
		n, err := e.count(t.matrix, e.cell.vars[:0])
		if err != nil {
			return nil, err
		}
		if n == 0 {
			continue
		}
		kind := Kind{Scenarios: n}
		err = e.walk(t.matrix, nil, func(c cell) error {
			if kind.IDs = append(kind.IDs, c.id(t)); len(kind.IDs) >= few {
				return errEnough
			}
			return nil
		})
		if err != nil && err != errEnough {
			return nil, err
		}
		out = append(out, kind)
	}
	return out, nil
}
