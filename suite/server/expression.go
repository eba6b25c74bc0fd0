package server

import (
	"cmp"
	"errors"

	"github.com/itchyny/gojq"
)

// An expression is a jq expression of a profile. What profiles say most often is
// answered without an interpreter, for a run asks some hundred thousand times.
type expression struct {
	code *gojq.Code
	// short answers in place of code; nil where only the interpreter can.
	short term
	// name is the field of the profile that holds it.
	name string
	// text is the expression as gojq writes it; reads are the fields of its input
	// that it names.
	text  string
	reads []string
}

// newExpression compiles a query, which it changes.
func newExpression(query *gojq.Query, variables []string) (*expression, error) {
	x := &expression{text: query.String(), reads: readsOf(query)}
	if short, ok := translation(variables).query(query); ok {
		x.short = short
	}
	var err error
	x.code, err = boundedly(query, variables)
	return x, err
}

// An EndlessError says that an expression of a profile went beyond its bounds. What
// it would have come to is not known, so nothing follows from it.
type EndlessError struct {
	// Name is the field of the profile that holds it.
	Name string
	// Why says which bound.
	Why error
}

func (e *EndlessError) Error() string {
	return "the profile's expression " + e.Name + " was stopped: " + e.Why.Error()
}

func (e *EndlessError) Unwrap() error { return e.Why }

// stopped is the error of an evaluation that went beyond its bounds; nil for others.
func (x *expression) stopped(err error) error {
	for _, why := range []error{errTooLong, errTooLarge} {
		if errors.Is(err, why) {
			return &EndlessError{x.name, why}
		}
	}
	return nil
}

// run returns the first result; nil where there is none, or an error. err says that
// it was stopped.
func (x *expression) run(input any, variables ...any) (value any, err error) {
	if x == nil {
		return nil, nil
	}
	if x.short != nil {
		if value, ok := x.short(input, variables); ok {
			return value, nil
		}
	}
	value, ok := x.code.RunWithContext(spend(), input, variables...).Next()
	if failure, failed := value.(error); failed {
		return nil, x.stopped(failure)
	}
	if !ok {
		return nil, nil
	}
	return value, nil
}

// failure says why an expression has no result; nil where it has one, be it null.
func (x *expression) failure(input any) error {
	value, ok := x.code.RunWithContext(spend(), input).Next()
	if err, failed := value.(error); failed {
		return err
	}
	if !ok {
		return errors.New("the expression has no result")
	}
	return nil
}

// build returns the first result of an expression that makes something of its
// variables alone.
func (x *expression) build(variables []any) (any, error) {
	if x.short != nil {
		if value, ok := x.short(nil, variables); ok {
			return value, nil
		}
	}
	value, ok := x.code.RunWithContext(spend(), nil, variables...).Next()
	if err, failed := value.(error); failed {
		return nil, cmp.Or(x.stopped(err), err)
	}
	if !ok {
		return nil, errors.New("the expression has no result")
	}
	return value, nil
}
