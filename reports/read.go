package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrPartial is what [Read] returns, wrapped, for a report that has no end
// record. The run that comes with it holds what was there.
var ErrPartial = errors.New("the report is partial")

// Read reads a JSON report into memory. It is strict: another schema, an
// unknown field, two results with one id, a summary that the results do not
// bear out and text after the report are errors, and the run is nil.
//
// For a report that was cut off, or that has no end record, Read returns the
// run as far as it goes and an error that wraps [ErrPartial]; the last result is
// then the last whole one. Where even the header is cut off, the run is nil.
func Read(r io.Reader) (*Run, error) {
	p := &parser{dec: json.NewDecoder(r), seen: map[string]bool{}, ids: map[string]bool{}}
	p.dec.DisallowUnknownFields()
	err := p.object()
	cut := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !cut {
		return nil, fmt.Errorf("read the report: %w (near byte %d)", err, p.dec.InputOffset())
	}
	if err := p.finishHeader(cut); err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	run := &p.run
	if cut || !p.seen["ended"] {
		run.Footer = Footer{}
		return run, fmt.Errorf("read the report: %w: it holds %s of %s planned results and no end record, "+
			"so its run crashed or is still going; run again for a whole one",
			ErrPartial, number(len(run.Results)), number(run.Header.Planned))
	}
	if missing := p.missing(footerFields); missing != "" {
		return nil, fmt.Errorf("read the report: it has an end record and no field %q; it was changed after it was written: run again", missing)
	}
	if err := run.check(); err != nil {
		return nil, fmt.Errorf("read the report: %w; it was changed after it was written, or merged by hand: run again", err)
	}
	return run, nil
}

// check holds the footer to the results.
func (r *Run) check() error {
	var counts Summary
	for _, result := range r.Results {
		counts.count(result.Outcome)
	}
	return checkFooter(r.Header, r.Footer, counts, len(r.Results))
}

// A parser takes a report apart by its top-level fields, in any order (jq -S
// sorts them), so that one that is cut off still gives up its results.
type parser struct {
	dec *json.Decoder
	run Run
	// header gathers the fields that are not the body's, as one JSON object.
	header bytes.Buffer
	seen   map[string]bool
	ids    map[string]bool
}

func (p *parser) object() error {
	if err := p.delim('{', "a report is one JSON object"); err != nil {
		return err
	}
	for p.dec.More() {
		token, err := p.dec.Token()
		if err != nil {
			return err
		}
		key, ok := token.(string)
		if !ok {
			return fmt.Errorf("%v stands where a field's name should be", token)
		}
		if p.seen[key] {
			return fmt.Errorf("the field %q stands there twice", key)
		}
		if err := p.field(key); err != nil {
			return err
		}
		p.seen[key] = true
	}
	if err := p.delim('}', "the report's object is not closed"); err != nil {
		return err
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more text after the report; give each report a file of its own")
	}
	return nil
}

func (p *parser) field(key string) error {
	var err error
	switch key {
	case "results":
		return p.results()
	case "rules":
		err = p.dec.Decode(&p.run.Footer.Rules)
	case "summary":
		err = p.dec.Decode(&p.run.Footer.Summary)
	case "ended":
		err = p.dec.Decode(&p.run.Footer.Ended)
	default:
		return p.headerField(key)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

func (p *parser) headerField(key string) error {
	var raw json.RawMessage
	if err := p.dec.Decode(&raw); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	if key == "schema" {
		var h Header
		if err := json.Unmarshal(raw, &h.Schema); err != nil {
			return fmt.Errorf("schema: %w", err)
		}
		if err := checkHeader(h); err != nil {
			return err
		}
	}
	if p.header.Len() > 0 {
		p.header.WriteByte(',')
	}
	name, err := json.Marshal(key)
	if err != nil {
		return err
	}
	fmt.Fprintf(&p.header, "%s:%s", name, raw)
	return nil
}

func (p *parser) results() error {
	if err := p.delim('[', "results is a list"); err != nil {
		return err
	}
	for p.dec.More() {
		at := fmt.Sprintf("results[%d]", len(p.run.Results))
		var r Result
		if err := p.dec.Decode(&r); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if err := checkResult(r); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if p.ids[r.ID] {
			return fmt.Errorf("%s: the id %q stands there twice", at, r.ID)
		}
		p.ids[r.ID] = true
		p.run.Results = append(p.run.Results, r)
	}
	return p.delim(']', "results is not closed")
}

// headerFields and footerFields are the top-level fields that every report has,
// besides "ended", whose absence means that the report is partial.
var (
	headerFields = []string{"schema", "tool", "run", "started", "seed", "level", "corpus", "registry",
		"target", "planned", "selection", "claims", "not_claimed_areas"}
	footerFields = []string{"results", "rules", "summary"}
)

// finishHeader decodes the header's fields, which have to be there also in a
// report that is cut off further down.
func (p *parser) finishHeader(cut bool) error {
	if missing := p.missing(headerFields); missing != "" && cut {
		return fmt.Errorf("it is empty, or cut off inside its header (no field %q); run again", missing)
	} else if missing != "" {
		return fmt.Errorf("it has no field %q; a report has the schema %q and all of its fields", missing, SchemaV1)
	}
	dec := json.NewDecoder(io.MultiReader(strings.NewReader("{"), &p.header, strings.NewReader("}")))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p.run.Header); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	return checkHeader(p.run.Header)
}

// missing returns the first of the fields that the report does not have, or "".
func (p *parser) missing(fields []string) string {
	for _, f := range fields {
		if !p.seen[f] {
			return f
		}
	}
	return ""
}

func (p *parser) delim(want json.Delim, rule string) error {
	token, err := p.dec.Token()
	if err != nil {
		return err
	}
	if token != want {
		return fmt.Errorf("%s, and here stands %v", rule, token)
	}
	return nil
}
