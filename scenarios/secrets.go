package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

// secretsKey names the secrets of a planned step in all cells in which the
// placeholders that they mention have the same values.
type secretsKey struct {
	step   *plannedStep
	values string
}

// secretsOf fills the secrets of a step. The result is shared, and not to be
// modified.
func (e *expander) secretsOf(p *plannedStep, v vars) (Secrets, error) {
	key := secretsKey{p, v.join(p.mentions)}
	if known, ok := e.secrets[key]; ok {
		return known, nil
	}
	out, err := p.given.secrets.fill(v, p.given.upstream)
	if err != nil {
		return out, err
	}
	for n := range p.given.filler {
		out.put("workspace", fmt.Sprintf("CONFORMANCE_FILLER_%d", n+1), Value{Answers: []string{"live"}})
	}
	e.secrets[key] = out
	return out, nil
}

// join returns the values of some placeholders as one text.
func (v vars) join(names []string) string {
	var values [4]string
	list := values[:0]
	for _, name := range names {
		list = append(list, v.value(name))
	}
	return strings.Join(list, "\x00")
}

// mentions lists the placeholders that stand in the secrets.
func (g *givenTemplate) mentions() []string {
	var out []string
	note := func(text string) {
		for _, part := range strings.Split(text, "{")[1:] {
			if name, _, closed := strings.Cut(part, "}"); closed && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	note(g.upstream)
	for scope, byName := range g.secrets {
		note(scope)
		for name, value := range byName {
			note(name)
			note(value)
		}
	}
	return out
}

func (s secretsTemplate) fill(v vars, upstream string) (Secrets, error) {
	var out Secrets
	var answers []string
	if answer, err := v.fill(upstream); err != nil {
		return out, err
	} else if answer != "" {
		if answers, err = parseAnswers(answer); err != nil {
			return out, err
		}
	}
	var err error
	for scope, byName := range s {
		if scope, err = v.fill(scope); err != nil {
			return out, err
		}
		if !slices.Contains(scopeNames, scope) {
			return out, fmt.Errorf("secrets have no scope %q; the scopes are %s", scope, strings.Join(scopeNames, ", "))
		}
		for name, value := range byName {
			if name, err = v.fill(name); err != nil {
				return out, err
			}
			if value, err = v.fill(value); err != nil {
				return out, err
			}
			parsed, err := ParseValue(value)
			if err != nil {
				return out, err
			}
			if answers != nil && slices.Equal(parsed.Answers, []string{"live"}) {
				parsed.Answers = answers
			}
			for one := range strings.SplitSeq(name, ",") {
				// A registry may know no name but the provider's own.
				if one != "" && !out.put(scope, one, parsed) {
					return out, fmt.Errorf("%s is given twice at scope %s", one, scope)
				}
			}
		}
	}
	return out, nil
}

// put adds a value at one scope or at both, and reports whether the name was free.
func (s *Secrets) put(scope, name string, v Value) bool {
	free := true
	add := func(to *map[string]Value) {
		if *to == nil {
			*to = map[string]Value{}
		}
		_, taken := (*to)[name]
		(*to)[name], free = v, free && !taken
	}
	if scope != "global" {
		add(&s.Workspace)
	}
	if scope != "workspace" {
		add(&s.Global)
	}
	return free
}

// any reports whether one of the values is such.
func (s *Secrets) any(such func(Value) bool) bool {
	for _, m := range []map[string]Value{s.Workspace, s.Global} {
		for _, v := range m {
			if such(v) {
				return true
			}
		}
	}
	return false
}
