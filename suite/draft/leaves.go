package draft

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A leaf is one scalar of a JSON value, with the way that leads to it.
type leaf struct {
	path  path
	value any // string, json.Number, bool or nil
}

// A path leads into a JSON value: strings for keys, ints for places in a list.
type path []any

var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// jq is the path as jq says it, behind what leads to the value ("" or ".body").
func (p path) jq(from string) string {
	var b strings.Builder
	b.WriteString(from)
	for _, step := range p {
		switch step := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", step)
		case string:
			if plainKey.MatchString(step) {
				b.WriteString("." + step)
			} else {
				if b.Len() == 0 {
					b.WriteString(".")
				}
				fmt.Fprintf(&b, "[%s]", strconv.Quote(step))
			}
		}
	}
	if b.Len() == 0 {
		return "."
	}
	return b.String()
}

// key is the last key of the path; "" where it has none.
func (p path) key() string {
	for _, step := range slices.Backward(p) {
		if s, ok := step.(string); ok {
			return s
		}
	}
	return ""
}

// split cuts the path at its first list: what leads to the list, and what leads
// on from one of its items. It is false where there is no list on the way.
func (p path) split() (list, item path, ok bool) {
	for i, step := range p {
		if _, isIndex := step.(int); isIndex {
			return p[:i], p[i+1:], true
		}
	}
	return nil, nil, false
}

func (p path) equal(q path) bool { return slices.Equal(p, q) }

// leaves lists the scalars of a value in a steady order: keys sorted.
func leaves(v any) []leaf {
	var out []leaf
	var walk func(at path, v any)
	walk = func(at path, v any) {
		switch v := v.(type) {
		case map[string]any:
			keys := make([]string, 0, len(v))
			for k := range v {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			for _, k := range keys {
				walk(append(slices.Clone(at), k), v[k])
			}
		case []any:
			for i, e := range v {
				walk(append(slices.Clone(at), i), e)
			}
		default:
			out = append(out, leaf{at, v})
		}
	}
	walk(nil, v)
	return out
}

// text is a scalar as text; "" for null.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// where returns the ways to the leaves that hold exactly that text, the
// shortest first.
func where(v any, want string) []path {
	var out []path
	for _, l := range leaves(v) {
		if want != "" && text(l.value) == want {
			out = append(out, l.path)
		}
	}
	slices.SortStableFunc(out, func(a, b path) int { return len(a) - len(b) })
	return out
}

// at returns what a path leads to; nil where it leads nowhere.
func at(v any, p path) any {
	for _, step := range p {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

// asText is an expression for a string: that of a number is converted.
func asText(expression string, v any) string {
	if _, isNumber := v.(json.Number); isNumber {
		return "(" + expression + " | tostring)"
	}
	return expression
}
