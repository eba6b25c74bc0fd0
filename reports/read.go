package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
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
	var results []Result
	p := newParser(r)
	p.keep = func(r *Result, _ place) { results = append(results, *r) }
	readable, err := p.parse()
	if !readable {
		return nil, err
	}
	return inMemory(p.header, results, p.footer, p.shown), err
}

// A parser takes a report apart by its top-level fields, in any order (jq -S
// sorts them), so that one that is cut off still gives up its results.
type parser struct {
	dec *json.Decoder
	in  *limited
	// keep is given each result and its place.
	keep   func(*Result, place)
	header Header
	footer Footer
	// raw gathers the fields that are not the body's, as one JSON object.
	raw  bytes.Buffer
	seen map[string]bool
	ids  map[string]bool
	// tally counts the results.
	tally *Tally
	// shown is the report's list of what was seen, and lastSeen the highest place in it
	// that a result names.
	shown    [][]Seen
	lastSeen int
}

func newParser(r io.Reader) *parser {
	in := &limited{r: r, most: maxValue, until: maxValue}
	p := &parser{dec: json.NewDecoder(in), in: in, seen: map[string]bool{}, ids: map[string]bool{}, tally: NewTally(0), lastSeen: -1}
	p.dec.DisallowUnknownFields()
	return p
}

// maxValue is the largest value that a report may hold, such as a result, in
// bytes. The bodies of an exchange are cut when they are recorded, so that the
// largest results have some hundred KiB.
const maxValue = 64 << 20

// A limited reader ends with an error where a value goes on for more than most
// bytes; until is where the present one would have to end.
type limited struct {
	r                 io.Reader
	read, most, until int64
}

func (l *limited) Read(b []byte) (int, error) {
	if l.read > l.until {
		return 0, fmt.Errorf("a value is longer than %s bytes, so this is no report that conformance wrote", spelled.Number(int(l.most)))
	}
	n, err := l.r.Read(b)
	if begins := b[:n]; l.read == 0 && (bytes.HasPrefix(begins, []byte("\xff\xfe")) || bytes.HasPrefix(begins, []byte("\xfe\xff"))) {
		return 0, errors.New("it is UTF-16; save it as UTF-8")
	}
	l.read += int64(n)
	return n, err
}

// decode reads the next value, and returns where it stands.
func (p *parser) decode(v any) (place, error) {
	from := p.dec.InputOffset()
	p.in.until = from + p.in.most
	err := p.dec.Decode(v)
	return place{from: from, size: p.dec.InputOffset() - from}, err
}

// parse reads a whole report. It is readable where its header is, and partial
// where the error wraps ErrPartial.
func (p *parser) parse() (readable bool, err error) {
	err = p.object()
	cut := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if syntax := (*json.SyntaxError)(nil); !cut && errors.As(err, &syntax) {
		err = fmt.Errorf("it is no JSON: %w; give the JSON report that conformance wrote", err)
	}
	if err != nil && !cut {
		return false, fmt.Errorf("read the report: %w (near byte %d)", err, p.dec.InputOffset())
	}
	if err := p.finishHeader(cut); err != nil {
		return false, fmt.Errorf("read the report: %w", err)
	}
	if cut || !p.seen["ended"] {
		p.footer = Footer{}
		return true, fmt.Errorf("read the report: %w: it holds %s of %s planned results and no end record, "+
			"so its run crashed or is still going; run again for a whole one",
			ErrPartial, spelled.Number(len(p.ids)), spelled.Number(p.header.Planned))
	}
	if p.lastSeen >= len(p.shown) {
		return false, fmt.Errorf("read the report: a result names the place %d in its list of what was seen, which has %d; it was changed after it was written: run again", p.lastSeen, len(p.shown))
	}
	if missing := p.missing(footerFields); missing != "" {
		return false, fmt.Errorf("read the report: it has an end record and no field %q; it was changed after it was written: run again", missing)
	}
	if err := checkFooter(p.header, p.footer, p.tally.counts, len(p.ids)); err != nil {
		return false, fmt.Errorf("read the report: %w; it was changed after it was written, or merged by hand: run again", err)
	}
	p.recount()
	return true, nil
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
	case "findings":
		_, err = p.decode(&p.footer.Findings)
	case "seen":
		_, err = p.decode(&p.shown)
	case "rules":
		_, err = p.decode(&p.footer.Rules)
	case "summary":
		_, err = p.decode(&p.footer.Summary)
	case "ended":
		_, err = p.decode(&p.footer.Ended)
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
	if _, err := p.decode(&raw); err != nil {
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
	if p.raw.Len() > 0 {
		p.raw.WriteByte(',')
	}
	name, err := json.Marshal(key)
	if err != nil {
		return err
	}
	fmt.Fprintf(&p.raw, "%s:%s", name, raw)
	return nil
}

func (p *parser) results() error {
	if err := p.delim('[', "results is a list"); err != nil {
		return err
	}
	for p.dec.More() {
		var r Result
		at, err := p.decode(&r)
		if err == nil {
			err = checkResult(&r)
		}
		if err == nil && r.SeenAt != nil && *r.SeenAt < 0 {
			err = fmt.Errorf("seen is %d, and counts from 0", *r.SeenAt)
		}
		if err == nil && p.ids[r.ID] {
			err = fmt.Errorf("the id %q stands there twice", r.ID)
		}
		if err != nil {
			return fmt.Errorf("results[%d]: %w", len(p.ids), err)
		}
		if r.SeenAt != nil {
			p.lastSeen = max(p.lastSeen, *r.SeenAt)
		}
		p.ids[r.ID] = true
		p.tally.Add(&r)
		p.keep(&r, at)
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
	dec := json.NewDecoder(io.MultiReader(strings.NewReader("{"), &p.raw, strings.NewReader("}")))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p.header); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	return checkHeader(p.header)
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

// recount fills the table of a report of a version whose rules had no violations.
func (p *parser) recount() {
	for _, r := range p.footer.Rules {
		if r.Violations > 0 {
			return
		}
	}
	if p.footer.Summary.Failed == 0 {
		return
	}
	named := map[string]Rule{}
	for _, r := range p.footer.Rules {
		named[r.ID] = r
	}
	p.footer.Rules = p.tally.Rules(func(id string) string { return named[id].Level })
	for i := range p.footer.Rules {
		p.footer.Rules[i].Title = named[p.footer.Rules[i].ID].Title
	}
}
