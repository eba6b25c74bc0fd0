package explore

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/judge"
)

// shrinkTime bounds the shrinking of a walk.
const shrinkTime = 10 * time.Second

// shrink makes the walk that failed as small as it goes. It fails by itself, or else it
// is kept as it was found.
func (h *hunt) shrink(ctx context.Context, session *Session) error {
	began := time.Now()
	hit := h.hit
	gen, maker := walks(h.space), newMaker(h.space)
	if h.Shrinking != nil {
		h.Shrinking(len(hit.result.Scenario.Steps))
	}
	wanted := hit.result.Violations[0].Kind
	var last *suite.Result
	var failure error
	tries := 0
	// tried are the walks that were: many draws make the same one.
	tried := map[string]suite.Result{}
	property := func(t *rapid.T) {
		w := gen.Draw(t, "walk")
		if ctx.Err() != nil || failure != nil {
			return
		}
		s := maker.scenario(w, idOf(hit.n))
		if s == nil {
			return
		}
		text := fmt.Sprintf("%+v", s.Steps)
		r, known := tried[text]
		if !known {
			if tries++; session.Again == nil {
				s.ID += fmt.Sprint("-", tries) // names are used once at a server
			}
			if r, failure = h.alone(ctx, session, s); failure != nil {
				return
			}
			tried[text] = r
		}
		if r.Outcome == suite.Failed && shows(&r, wanted) {
			last = &r
			t.Fatal("it fails") // at one place, since rapid tells failures apart by it
		}
	}
	check(property, seedAt(h.base, hit.n))
	f := &Found{Scenario: hit.result.Scenario, Result: hit.result, Steps: len(hit.result.Scenario.Steps), Context: last == nil}
	if last != nil {
		f.Scenario, f.Result = last.Scenario, *last
	}
	f.Shrinking = time.Since(began)
	h.outcome.Found = f
	return failure
}

func shows(r *suite.Result, kind judge.Kind) bool {
	for _, v := range r.Violations {
		if v.Kind == kind {
			return true
		}
	}
	return false
}

// rapid takes its settings from flags of the process.
var settings sync.Mutex

// check has rapid find the failure of a property that a seed shows, and shrink it.
func check(property func(*rapid.T), seed uint64) {
	settings.Lock()
	defer settings.Unlock()
	if flag.Lookup("test.short") == nil { // rapid asks testing.Short, also where no test runs
		testing.Init()
	}
	if !flag.Parsed() {
		_ = flag.CommandLine.Parse(nil)
	}
	for name, value := range map[string]string{
		"rapid.checks": "5", // of which -short leaves one
		"rapid.seed":   fmt.Sprint(seed), "rapid.nofailfile": "true", "rapid.shrinktime": shrinkTime.String(), "rapid.failfile": "",
	} {
		f := flag.Lookup(name)
		before := f.Value.String()
		_ = f.Value.Set(value)
		defer func() { _ = f.Value.Set(before) }()
	}
	defer func() {
		if p := recover(); p != nil && p != errStopped {
			panic(p)
		}
	}()
	rapid.Check(&quiet{}, property)
}

var errStopped = errors.New("rapid stopped the check")

// quiet is a test that says nothing.
type quiet struct{ failed bool }

func (*quiet) Helper()                 {}
func (*quiet) Name() string            { return "explore" }
func (*quiet) Logf(string, ...any)     {}
func (*quiet) Log(...any)              {}
func (*quiet) Skipf(string, ...any)    { panic(errStopped) }
func (*quiet) Skip(...any)             { panic(errStopped) }
func (*quiet) SkipNow()                { panic(errStopped) }
func (q *quiet) Errorf(string, ...any) { q.failed = true }
func (q *quiet) Error(...any)          { q.failed = true }
func (q *quiet) Fatalf(string, ...any) { q.FailNow() }
func (q *quiet) Fatal(...any)          { q.FailNow() }
func (q *quiet) FailNow()              { q.failed = true; panic(errStopped) }
func (q *quiet) Fail()                 { q.failed = true }
func (q *quiet) Failed() bool          { return q.failed }
