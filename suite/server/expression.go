package server

import (
	"errors"

	"github.com/itchyny/gojq"
)

// An expression is a jq expression of a profile. What profiles say most often is
// answered without an interpreter, for a run asks some hundred thousand times.
type expression struct {
	code *gojq.Code
	// short answers in place of code; nil where only the interpreter can.
	short term
}

func newExpression(query *gojq.Query, variables []string) (*expression, error) {
	code, err := gojq.Compile(query, gojq.WithVariables(variables))
	if err != nil {
		return nil, err
	}
	x := &expression{code: code}
	if short, ok := translation(variables).query(query); ok {
		x.short = short
	}
	return x, nil
}

// run returns the first result; nil where there is none, or an error.
func (x *expression) run(input any, variables ...any) any {
	if x == nil {
		return nil
	}
	if x.short != nil {
		if value, ok := x.short(input, variables); ok {
			return value
		}
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
	if x.short != nil {
		if value, ok := x.short(nil, variables); ok {
			return value, nil
		}
	}
	value, ok := x.code.Run(nil, variables...).Next()
	if err, failed := value.(error); failed {
		return nil, err
	}
	if !ok {
		return nil, errors.New("the expression has no result")
	}
	return value, nil
}
