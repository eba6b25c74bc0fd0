package main

import (
	"errors"
	"strconv"
)

// A width is the value of --parallel: how many scenarios are replayed at once, or
// zero for as many as the server takes.
type width int

const autoWidth = "auto"

func (w *width) String() string {
	if *w == 0 {
		return autoWidth
	}
	return strconv.Itoa(int(*w))
}

// Set reads what stands behind the flag.
func (w *width) Set(text string) error {
	if text == autoWidth {
		*w = 0
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return errors.New("it must be auto, or a number greater than zero")
	}
	*w = width(n)
	return nil
}

// Type is what help calls the value where nothing else is said.
func (w *width) Type() string { return "N" }
