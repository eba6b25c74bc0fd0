package strict

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// DuplicateKeys returns an error for the first object of a JSON text that has a
// field twice: readers differ in which of the two they take. Text that is no JSON
// is the reader's to refuse.
func DuplicateKeys(r io.Reader) error {
	dec := json.NewDecoder(r)
	dec.UseNumber()
	type level struct {
		keys map[string]bool // nil in a list
		name bool            // the next token is a field's name
	}
	var open []level
	value := func() {
		if n := len(open); n > 0 && open[n-1].keys != nil {
			open[n-1].name = true
		}
	}
	for {
		token, err := dec.Token()
		if err != nil {
			var syntax *json.SyntaxError
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &syntax) {
				return nil
			}
			return err
		}
		switch token {
		case json.Delim('{'):
			open = append(open, level{keys: map[string]bool{}, name: true})
			continue
		case json.Delim('['):
			open = append(open, level{})
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
			value()
			continue
		}
		n := len(open)
		if n == 0 || !open[n-1].name {
			value()
			continue
		}
		key, _ := token.(string)
		if open[n-1].keys[key] {
			return fmt.Errorf("the field %q stands twice in one object, near byte %d", key, dec.InputOffset())
		}
		open[n-1].keys[key], open[n-1].name = true, false
	}
}
