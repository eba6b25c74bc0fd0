package main

import (
	"errors"
	"fmt"
	"os"
)

// An outlet is standard output, and remembers that it could not be written to:
// commands print line by line, and none is a success whose lines are lost.
type outlet struct {
	file *os.File
	err  error
}

func (o *outlet) Write(b []byte) (int, error) {
	n, err := o.file.Write(b)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// Fd lets others see whether it is a terminal.
func (o *outlet) Fd() uintptr { return o.file.Fd() }

// held is a command's error, or what was lost where the command knows nothing of it.
func (o *outlet) held(err error) error {
	if o.err == nil || err != nil && !errors.Is(err, errNotConformant) && !errors.Is(err, errUnderivable) {
		return err
	}
	return fmt.Errorf("printing: %w", o.err)
}
