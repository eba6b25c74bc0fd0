package suite

import (
	"errors"
	"strconv"

	"github.com/itchyny/gojq"
)

// An expression is a jq expression of a profile. What profiles ask most often,
// a field or whether one is equal to something, is answered without an
// interpreter, for a run asks some hundred thousand times.
type expression struct {
	code *gojq.Code
	// short answers in place of code; nil where only the interpreter can.
	short term
}

// A term is a part of an expression that is evaluated by itself. The error of a
// jq expression is false.
type term func(input any) (value any, ok bool)

func newExpression(query *gojq.Query, variables []string) (*expression, error) {
	code, err := gojq.Compile(query, gojq.WithVariables(variables))
	if err != nil {
		return nil, err
	}
	short, _ := shortQuery(query)
	return &expression{code, short}, nil
}

// run returns the first result; nil where there is none, or an error.
func (x *expression) run(input any, variables ...any) any {
	if x == nil {
		return nil
	}
	if x.short != nil {
		value, _ := x.short(input)
		return value
	}
	value, ok := x.code.Run(input, variables...).Next()
	if _, failed := value.(error); !ok || failed {
		return nil
	}
	return value
}

// build returns the first result of an expression that makes something of its
// variables alone.
func (x *expression) build(variables []any) (any, error) {
	value, ok := x.code.Run(nil, variables...).Next()
	if err, failed := value.(error); failed {
		return nil, err
	}
	if !ok {
		return nil, errors.New("the expression has no result")
	}
	return value, nil
}

// shortQuery translates a query, and reports whether it could.
func shortQuery(q *gojq.Query) (term, bool) {
	if q.Meta != nil || len(q.Imports) > 0 || len(q.FuncDefs) > 0 || len(q.Patterns) > 0 {
		return nil, false
	}
	if q.Term != nil {
		return shortTerm(q.Term)
	}
	if q.Left == nil || q.Right == nil {
		return nil, false
	}
	left, ok := shortQuery(q.Left)
	if !ok {
		return nil, false
	}
	right, ok := shortQuery(q.Right)
	if !ok {
		return nil, false
	}
	switch q.Op {
	case gojq.OpEq:
		return equal(left, right), true
	case gojq.OpAnd:
		return either(left, right, false), true
	case gojq.OpOr:
		return either(left, right, true), true
	}
	return nil, false
}

// either is `or` where decides is true, and `and` where it is false: the right
// side is only asked where the left one does not decide.
func either(left, right term, decides bool) term {
	return func(input any) (any, bool) {
		for _, side := range []term{left, right} {
			value, ok := side(input)
			if !ok {
				return nil, false
			}
			if (value != nil && value != false) == decides {
				return decides, true
			}
		}
		return !decides, true
	}
}

func equal(left, right term) term {
	return func(input any) (any, bool) {
		// jq asks the right side first, and either may fail.
		b, ok := right(input)
		if !ok {
			return nil, false
		}
		a, ok := left(input)
		if !ok {
			return nil, false
		}
		return gojq.Compare(a, b) == 0, true
	}
}

// shortTerm translates a constant, or a field of a field of the input.
func shortTerm(t *gojq.Term) (term, bool) {
	var constant any
	switch t.Type {
	case gojq.TermTypeIndex:
		return shortPath(t.Index, t.SuffixList)
	case gojq.TermTypeNumber:
		n, err := strconv.Atoi(t.Number)
		if err != nil {
			return nil, false
		}
		constant = n
	case gojq.TermTypeString:
		if t.Str == nil || t.Str.Queries != nil {
			return nil, false
		}
		constant = t.Str.Str
	case gojq.TermTypeTrue:
		constant = true
	case gojq.TermTypeFalse:
		constant = false
	case gojq.TermTypeNull:
	default:
		return nil, false
	}
	return func(any) (any, bool) { return constant, true }, len(t.SuffixList) == 0
}

func shortPath(first *gojq.Index, rest []*gojq.Suffix) (term, bool) {
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
	return func(input any) (any, bool) {
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
