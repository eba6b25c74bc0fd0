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

// A namedValue is an entry of a scope that is being filled.
type namedValue struct {
	name  string
	value Value
}

// secretsOf fills the secrets of a step. The result is shared, and not to be
// modified.
func (e *expander) secretsOf(p *plannedStep, v vars) (Secrets, error) {
	e.text = v.join(e.text[:0], p.mentions)
	if known, ok := e.secrets[secretsKey{p, string(e.text)}]; ok {
		return known, nil
	}
	key := secretsKey{p, string(e.text)}
	if err := e.fillSecrets(p.given.secrets, v, p.given.upstream); err != nil {
		return Secrets{}, err
	}
	for n := range p.given.filler {
		at := 0
		if p.given.fillerAt == "global" {
			at = 1
		}
		e.filled[at] = append(e.filled[at], namedValue{fmt.Sprintf("A0_CONFORMANCE_FILLER_%d", n+1), Value{Answers: []string{"live"}}})
	}
	out := Secrets{Workspace: e.set(e.filled[0]), Global: e.set(e.filled[1])}
	e.secrets[key] = out
	return out, nil
}

// join appends the values of some placeholders to a key.
func (v vars) join(to []byte, names []string) []byte {
	for _, name := range names {
		to = append(append(to, v.value(name)...), 0)
	}
	return to
}

// set is the map of a scope's entries: one for all scopes that hold the same.
func (e *expander) set(entries []namedValue) map[string]Value {
	if len(entries) == 0 {
		return nil
	}
	slices.SortFunc(entries, func(a, b namedValue) int { return strings.Compare(a.name, b.name) })
	e.text = e.text[:0]
	for _, n := range entries {
		e.text = append(append(e.text, n.name...), '=')
		e.text = append(append(e.text, n.value.String()...), 0)
	}
	known, ok := e.sets[string(e.text)]
	if !ok {
		known = make(map[string]Value, len(entries))
		for _, n := range entries {
			known[n.name] = n.value
		}
		e.sets[string(e.text)] = known
	}
	return known
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

// fillSecrets fills the entries of both scopes into e.filled.
func (e *expander) fillSecrets(s secretsTemplate, v vars, upstream string) error {
	e.filled[0], e.filled[1] = e.filled[0][:0], e.filled[1][:0]
	var answers []string
	if answer, err := v.fill(upstream); err != nil {
		return err
	} else if answer != "" {
		if answers, err = parseAnswers(answer); err != nil {
			return err
		}
	}
	for scope, byName := range s {
		scope, err := v.fill(scope)
		if err != nil {
			return err
		}
		if !slices.Contains(scopeNames, scope) {
			return fmt.Errorf("secrets have no scope %q; the scopes are %s", scope, strings.Join(scopeNames, ", "))
		}
		for name, value := range byName {
			if name, err = v.fill(name); err != nil {
				return err
			}
			if value, err = v.fill(value); err != nil {
				return err
			}
			parsed, err := e.parse(value)
			if err != nil {
				return err
			}
			if answers != nil && slices.Equal(parsed.Answers, []string{"live"}) {
				parsed.Answers = answers
			}
			for one := range strings.SplitSeq(name, ",") {
				// A registry may know no name but the provider's own.
				if one != "" && !e.put(scope, namedValue{one, parsed}) {
					return fmt.Errorf("%s is given twice at scope %s", one, scope)
				}
			}
		}
	}
	return nil
}

// parse is ParseValue, remembered.
func (e *expander) parse(value string) (Value, error) {
	if known, ok := e.values[value]; ok {
		return known, nil
	}
	parsed, err := ParseValue(value)
	if err == nil {
		e.values[value] = parsed
	}
	return parsed, err
}

// put adds an entry to one scope or to both, and reports whether the name was free.
func (e *expander) put(scope string, n namedValue) bool {
	free := true
	for i, other := range []string{"global", "workspace"} {
		if scope == other {
			continue
		}
		free = free && !slices.ContainsFunc(e.filled[i], func(taken namedValue) bool { return taken.name == n.name })
		e.filled[i] = append(e.filled[i], n)
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
