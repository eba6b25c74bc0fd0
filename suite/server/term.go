package server

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// A term is a part of an expression that is evaluated by itself. It is not ok
// where jq has an error, or might have more to say: then the interpreter is asked.
type term func(input any, variables []any) (value any, ok bool)

// A translation makes terms of the parts of jq that have one result: constants,
// variables, fields, objects, if, length, comparisons, and, or, and the sum of
// objects. It holds the names of the variables.
type translation []string

// query translates a query, and reports whether it could.
func (t translation) query(q *gojq.Query) (term, bool) {
	if q.Meta != nil || len(q.Imports) > 0 || len(q.FuncDefs) > 0 || len(q.Patterns) > 0 {
		return nil, false
	}
	if q.Term != nil {
		return t.term(q.Term)
	}
	if q.Left == nil || q.Right == nil {
		return nil, false
	}
	left, ok := t.query(q.Left)
	if !ok {
		return nil, false
	}
	right, ok := t.query(q.Right)
	if !ok {
		return nil, false
	}
	return operation(q.Op, left, right)
}

func operation(op gojq.Operator, left, right term) (term, bool) {
	switch op {
	case gojq.OpEq:
		return compared(left, right, func(order int) bool { return order == 0 }), true
	case gojq.OpNe:
		return compared(left, right, func(order int) bool { return order != 0 }), true
	case gojq.OpGt:
		return compared(left, right, func(order int) bool { return order > 0 }), true
	case gojq.OpLt:
		return compared(left, right, func(order int) bool { return order < 0 }), true
	case gojq.OpAnd:
		return either(left, right, false), true
	case gojq.OpOr:
		return either(left, right, true), true
	case gojq.OpPipe:
		return func(input any, variables []any) (any, bool) {
			value, ok := left(input, variables)
			if !ok {
				return nil, false
			}
			return right(value, variables)
		}, true
	case gojq.OpAdd:
		return both(left, right, sum), true
	}
	return nil, false
}

// either is `or` where decides is true, and `and` where it is false: the right
// side is only asked where the left one does not decide.
func either(left, right term, decides bool) term {
	return func(input any, variables []any) (any, bool) {
		for _, side := range []term{left, right} {
			value, ok := side(input, variables)
			if !ok {
				return nil, false
			}
			if truth(value) == decides {
				return decides, true
			}
		}
		return !decides, true
	}
}

func truth(value any) bool { return value != nil && value != false }

func compared(left, right term, holds func(order int) bool) term {
	return both(left, right, func(a, b any) (any, bool) { return holds(gojq.Compare(a, b)), true })
}

// both asks both sides.
func both(left, right term, of func(a, b any) (any, bool)) term {
	return func(input any, variables []any) (any, bool) {
		a, ok := left(input, variables)
		if !ok {
			return nil, false
		}
		b, ok := right(input, variables)
		if !ok {
			return nil, false
		}
		return of(a, b)
	}
}

// sum adds objects; what else can be added is left to the interpreter.
func sum(a, b any) (any, bool) {
	left, ok := a.(map[string]any)
	if !ok {
		return nil, false
	}
	right, ok := b.(map[string]any)
	switch {
	case !ok:
		return nil, false
	case len(right) == 0:
		return left, true
	case len(left) == 0:
		return right, true
	}
	out := make(map[string]any, len(left)+len(right))
	maps.Copy(out, left)
	maps.Copy(out, right)
	return out, true
}

func (t translation) term(x *gojq.Term) (term, bool) {
	if x.Type == gojq.TermTypeIndex {
		return path(x.Index, x.SuffixList)
	}
	if len(x.SuffixList) > 0 {
		return nil, false
	}
	switch x.Type {
	case gojq.TermTypeQuery:
		return t.query(x.Query)
	case gojq.TermTypeObject:
		return t.object(x.Object)
	case gojq.TermTypeIf:
		return t.condition(x.If)
	case gojq.TermTypeFunc:
		return t.function(x.Func)
	}
	value, ok := constant(x)
	return func(any, []any) (any, bool) { return value, true }, ok
}

func constant(x *gojq.Term) (value any, ok bool) {
	switch x.Type {
	case gojq.TermTypeNumber:
		n, err := strconv.Atoi(x.Number)
		return n, err == nil
	case gojq.TermTypeString:
		return x.Str.Str, x.Str.Queries == nil
	case gojq.TermTypeTrue:
		return true, true
	case gojq.TermTypeFalse:
		return false, true
	}
	return nil, x.Type == gojq.TermTypeNull
}

// function translates a variable, and length.
func (t translation) function(f *gojq.Func) (term, bool) {
	if at := slices.Index(t, f.Name); at >= 0 {
		return func(_ any, variables []any) (any, bool) { return variables[at], true }, true
	}
	return func(input any, _ []any) (any, bool) {
		switch v := input.(type) {
		case map[string]any:
			return len(v), true
		case []any:
			return len(v), true
		case string:
			return utf8.RuneCountInString(v), true
		}
		return nil, false
	}, f.Name == "length" && len(f.Args) == 0
}

func (t translation) object(o *gojq.Object) (term, bool) {
	names, values := make([]string, len(o.KeyVals)), make([]term, len(o.KeyVals))
	for i, kv := range o.KeyVals {
		if kv.Key == "" || strings.HasPrefix(kv.Key, "$") || kv.Val == nil {
			return nil, false
		}
		value, ok := t.query(kv.Val)
		if !ok {
			return nil, false
		}
		names[i], values[i] = kv.Key, value
	}
	return func(input any, variables []any) (any, bool) {
		out := make(map[string]any, len(names))
		for i, name := range names {
			value, ok := values[i](input, variables)
			if !ok {
				return nil, false
			}
			out[name] = value
		}
		return out, true
	}, true
}

func (t translation) condition(x *gojq.If) (term, bool) {
	if len(x.Elif) > 0 || x.Else == nil {
		return nil, false
	}
	var parts [3]term
	for i, q := range []*gojq.Query{x.Cond, x.Then, x.Else} {
		part, ok := t.query(q)
		if !ok {
			return nil, false
		}
		parts[i] = part
	}
	return func(input any, variables []any) (any, bool) {
		cond, ok := parts[0](input, variables)
		switch {
		case !ok:
			return nil, false
		case truth(cond):
			return parts[1](input, variables)
		}
		return parts[2](input, variables)
	}, true
}

// path translates a field of a field of the input.
func path(first *gojq.Index, rest []*gojq.Suffix) (term, bool) {
	indexes := []*gojq.Index{first}
	for _, s := range rest {
		if s.Index == nil || s.Iter || s.Optional {
			return nil, false
		}
		indexes = append(indexes, s.Index)
	}
	names := make([]string, len(indexes))
	for i, x := range indexes {
		if x.Name == "" || x.Str != nil || x.Start != nil || x.End != nil || x.IsSlice {
			return nil, false
		}
		names[i] = x.Name
	}
	return func(input any, _ []any) (any, bool) {
		for _, name := range names {
			switch object := input.(type) {
			case map[string]any:
				input = object[name]
			case nil:
			default:
				return nil, false
			}
		}
		return input, true
	}, true
}
