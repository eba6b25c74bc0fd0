package scenarios

import (
	"fmt"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/strict"
)

// vars are the placeholders of one cell, by name; of two with the same name the
// later counts.
type vars []binding

type binding struct{ name, value string }

// get returns the value of a placeholder, and whether it is bound.
func (v vars) get(name string) (string, bool) {
	for i := len(v) - 1; i >= 0; i-- {
		if v[i].name == name {
			return v[i].value, true
		}
	}
	return "", false
}

// value is the value of a placeholder, or "".
func (v vars) value(name string) string {
	value, _ := v.get(name)
	return value
}

// with returns v and more bindings; v itself stays as it is, and may be what the
// result grows from.
func (v vars) with(more ...binding) vars { return append(v, more...) }

var (
	providerSets = []string{"byok", "probed", "unprobed", "several-names"}
	routeSets    = append([]string{"byok", "platform", "probed", "tied", "tied-listed", "tied-probed", "runtimes", "platform-runtimes", "strangers", "overlaps"}, idSets...)
	nameSets     = []string{"accepted", "first", "later"}
)

func (v vars) unknown(name string) error {
	if len(v) == 0 {
		return fmt.Errorf("unknown placeholder {%s}; there is no matrix", name)
	}
	known := map[string]bool{}
	for _, b := range v {
		known[b.name] = true
	}
	return fmt.Errorf("unknown placeholder {%s}; this matrix binds %s", name, strings.Join(strict.SortedKeys(known), ", "))
}

// fill replaces {placeholders}; an unknown one is an error.
func (v vars) fill(s string) (string, error) {
	switch strings.Count(s, "{") {
	case 0:
		return s, nil
	case 1: // most are nothing but a placeholder
		if name, ok := strings.CutSuffix(s, "}"); ok && s[0] == '{' {
			if value, known := v.get(name[1:]); known {
				return value, nil
			}
		}
	}
	filled, err := v.appendFilled(make([]byte, 0, 128), s)
	if err != nil {
		return "", err
	}
	return string(filled), nil
}

// appendFilled is fill, into a buffer.
func (v vars) appendFilled(to []byte, s string) ([]byte, error) {
	for {
		before, rest, found := strings.Cut(s, "{")
		to = append(to, before...)
		if !found {
			return to, nil
		}
		name, after, closed := strings.Cut(rest, "}")
		value, known := v.get(name)
		if !closed || !known {
			return nil, v.unknown(name)
		}
		to = append(to, value...)
		s = after
	}
}

// fillFields fills the names of further fields, and their values where they
// are strings.
func (v vars) fillFields(fields map[string]any) (map[string]any, error) {
	if fields == nil {
		return nil, nil
	}
	out := make(map[string]any, len(fields))
	for name, value := range fields {
		name, err := v.fill(name)
		if err != nil {
			return nil, err
		}
		if text, ok := value.(string); ok {
			if value, err = v.fill(text); err != nil {
				return nil, err
			}
		}
		out[name] = value
	}
	return out, nil
}
