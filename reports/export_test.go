package reports

import "io"

// HeaderFields are what Read requires.
var HeaderFields = headerFields

// Advise is advise.
var Advise = advise

// ReadMost is Read that gives up on a value of more than most bytes.
func ReadMost(r io.Reader, most int64) error {
	p := newParser(r)
	p.in.most = most
	_, err := p.parse()
	return err
}
