package server

import (
	"context"
	"errors"
	"math/big"
	"reflect"
	"time"

	"github.com/itchyny/gojq"
)

// mostSteps is how many steps an expression of a profile may take. A list of 40,000
// workspaces, which is as long as a reply can be, takes a tenth of it.
var mostSteps = 20_000_000

// What else an expression may take.
const (
	longestRun = 10 * time.Second
	// mostMade is the largest value that an expression may make on its way, in bytes
	// of text and 16 for each element; deepest is how deeply it may be nested, which
	// is what encoding/json takes.
	mostMade = 64 << 20
	deepest  = 10_000
)

var (
	errTooLong  = errors.New("it takes more than 20 million steps, or 10 s; a loop in it may have no end")
	errTooLarge = errors.New("it makes more than 64 MiB, or nests deeper than 10,000")
)

// A spending counts the steps of one evaluation: gojq asks for Done before each.
type spending struct {
	context.Context
	steps int
	began time.Time
}

var over = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func (s *spending) Done() <-chan struct{} {
	s.steps++
	if s.steps > mostSteps || s.steps%64 == 0 && time.Since(s.began) > longestRun {
		return over
	}
	return nil
}

func (s *spending) Err() error { return errTooLong }

// spend returns what one evaluation runs under.
func spend() context.Context { return &spending{Context: context.Background(), began: time.Now()} }

// The names of our functions in expressions; no profile has such.
const (
	weighName     = "__conformance_weigh"
	timesName     = "__conformance_times"
	joinName      = "__conformance_join"
	transposeName = "__conformance_transpose"
)

// boundedly compiles a query so that no value grows beyond bounds: whatever makes a
// larger value out of smaller ones is weighed. It changes the query.
func boundedly(query *gojq.Query, variables []string) (*gojq.Code, error) {
	bound(reflect.ValueOf(query))
	return gojq.Compile(query, gojq.WithVariables(variables),
		gojq.WithFunction(weighName, 0, 0, func(v any, _ []any) any {
			if room := mostMade; !fits(v, 0, &room) {
				return errTooLarge
			}
			return v
		}),
		gojq.WithFunction(timesName, 2, 2, func(_ any, args []any) any { return times(args[0], args[1]) }),
		gojq.WithFunction(joinName, 1, 1, func(v any, args []any) any {
			list, _ := v.([]any)
			if between, _ := args[0].(string); len(list)*len(between) > mostMade {
				return errTooLarge
			}
			return plainly(joinCode, v, args[0])
		}),
		gojq.WithFunction(transposeName, 0, 0, func(v any, _ []any) any {
			rows, _ := v.([]any)
			longest := 0
			for _, row := range rows {
				cells, _ := row.([]any)
				longest = max(longest, len(cells))
			}
			if len(rows)*longest*16 > mostMade {
				return errTooLarge
			}
			return plainly(transposeCode, v, nil)
		}),
	)
}

var (
	timesCode     = compiled("$a * $b")
	joinCode      = compiled("$a | join($b)")
	transposeCode = compiled("$a | transpose")
)

func compiled(text string) *gojq.Code {
	query, err := gojq.Parse(text)
	if err != nil {
		panic(err) // a constant of ours
	}
	code, err := gojq.Compile(query, gojq.WithVariables([]string{"$a", "$b"}))
	if err != nil {
		panic(err) // a constant of ours
	}
	return code
}

func plainly(code *gojq.Code, a, b any) any {
	v, _ := code.Run(nil, a, b).Next()
	return v
}

// times is jq's multiplication, which repeats a text as often as a number says.
func times(a, b any) any {
	text, isText := a.(string)
	n, isNumber := gojq.ToFloat64(b)
	if !isText {
		text, isText = b.(string)
		n, isNumber = gojq.ToFloat64(a)
	}
	if isText && isNumber && float64(len(text))*n > mostMade {
		return errTooLarge
	}
	return plainly(timesCode, a, b)
}

// fits takes a value from the room that is left; false where there is not enough.
func fits(v any, depth int, room *int) bool {
	if *room -= 16; *room < 0 || depth > deepest {
		return false
	}
	switch v := v.(type) {
	case string:
		*room -= len(v)
	case *big.Int:
		*room -= v.BitLen() << 8 // what is done with a large number takes far longer than to hold it
	case []any:
		for _, item := range v {
			if !fits(item, depth+1, room) {
				return false
			}
		}
	case map[string]any:
		for name, item := range v {
			if *room -= len(name); !fits(item, depth+1, room) {
				return false
			}
		}
	}
	return *room >= 0
}

// bound goes through the tree of a query and adds our functions to it.
func bound(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		bound(v.Elem())
		switch x := v.Interface().(type) {
		case *gojq.Query:
			boundQuery(x)
		case *gojq.Term:
			boundTerm(x)
		case *gojq.Func:
			switch {
			case x.Name == "join" && len(x.Args) == 1:
				x.Name = joinName
			case x.Name == "transpose" && len(x.Args) == 0:
				x.Name = transposeName
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			bound(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			bound(v.Index(i))
		}
	}
}

func ours(name string, args ...*gojq.Query) *gojq.Query {
	return &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: name, Args: args}}}
}

// weighed is a query whose results are weighed.
func weighed(q gojq.Query) gojq.Query {
	defs := q.FuncDefs
	q.FuncDefs = nil
	return gojq.Query{FuncDefs: defs, Left: &q, Op: gojq.OpPipe, Right: ours(weighName)}
}

func boundQuery(q *gojq.Query) {
	switch q.Op {
	case gojq.OpMul:
		defs := q.FuncDefs
		*q = *ours(timesName, q.Left, q.Right)
		*q = weighed(*q)
		q.FuncDefs = defs
	case gojq.OpAdd, gojq.OpAssign, gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul, gojq.OpUpdateDiv, gojq.OpUpdateMod, gojq.OpUpdateAlt:
		*q = weighed(*q)
	}
}

// boundTerm has lists, objects and texts with expressions in them weighed.
func boundTerm(x *gojq.Term) {
	switch {
	case x.Type == gojq.TermTypeArray && x.Array.Query != nil:
	case x.Type == gojq.TermTypeObject && len(x.Object.KeyVals) > 0:
	case (x.Type == gojq.TermTypeString || x.Type == gojq.TermTypeFormat) && x.Str != nil && len(x.Str.Queries) > 0:
	default:
		return
	}
	inner := *x
	inner.SuffixList = nil
	made := weighed(gojq.Query{Term: &inner})
	*x = gojq.Term{Type: gojq.TermTypeQuery, Query: &made, SuffixList: x.SuffixList}
}
