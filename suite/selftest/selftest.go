// Package selftest holds the corpus to our own gates: every faulty gate must be
// found out for the rule that it breaks, and no correct one may be.
//
// The gates live in fakes/gates. How well a mutated gate is found out is another
// question, which suite/mutation asks.
package selftest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/open"
)

// The doors through which a double can be asked.
const (
	processDoor = "process"
	httpDoor    = "http"
	// cheapestDoor is one of the two above: in process where the double shows
	// itself there.
	cheapestDoor = "cheapest"
	commandDoor  = "command"
)

// Doors are all of them.
var Doors = []string{processDoor, httpDoor, cheapestDoor, commandDoor}

// Options say which gates are asked, by which doors, and at how much of the corpus.
type Options struct {
	// Doors are some of Doors.
	Doors []string
	// Only is a glob of gates' names; * is all of them.
	Only   string
	Matrix scenarios.Matrix
	// Shards is into how many parts the command door cuts the corpus; each
	// double is replayed at one of them, in turn.
	Shards int
	// Jobs is how many doubles are under test at once.
	Jobs int
	// OwnRules: faulty gates are replayed only at scenarios of the rules that they break.
	OwnRules bool
	// FirstKill: a faulty gate is replayed until one scenario finds it out, and then
	// at that scenario through the other doors.
	FirstKill bool
}

// A run of the selftest.
type run struct {
	Options
	corpus *scenarios.Corpus
	all    []*scenarios.Scenario
}

// prepare reads the corpus and holds the flags to what there is.
func (st *run) prepare() (err error) {
	for _, d := range st.Doors {
		if !slices.Contains(Doors, d) {
			return fmt.Errorf("unknown door %q; it is process, http, cheapest or command", d)
		}
	}
	if st.Shards < 1 || st.Jobs < 1 {
		return errors.New("--shards and --jobs must be greater than zero")
	}
	if st.corpus, err = scenarios.Embedded(); err != nil {
		return err
	}
	st.all, err = st.corpus.Expand(registry.Embedded())
	return err
}

// A subject is one double, with its place among those under test.
type subject struct {
	gates.Double
	kind  string
	place int
}

// subjects are the doubles whose names --gate matches.
func (st *run) subjects() ([]subject, error) {
	var out []subject
	like := scenarios.IDMatcher(st.Only)
	for _, set := range []struct {
		kind string
		list []gates.Double
	}{{open.Correct, append([]gates.Double{{Name: "reference"}}, gates.Correct()...)}, {open.Faulty, gates.Faulty()}} {
		for _, d := range set.list {
			if like(d.Name) {
				out = append(out, subject{d, set.kind, len(out)})
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no gate is called %q", st.Only)
	}
	return out, nil
}

// tested is what came of one subject, or why nothing did.
type tested struct {
	kills []Kill
	err   error
}

// A Summary is what came of all gates.
type Summary struct {
	// Runs counts gates at doors; Bad those that are survivors, false alarms, or differ.
	Runs, Bad int
	// Unnoticed are the rules whose breaking no scenario noticed, where every gate was tested.
	Unnoticed []string
}

// Run tests the gates, and tells each of what came of one gate at one door, in
// order. It ends with the first error, of each, too; where ctx ended, that wraps
// ctx's.
func Run(ctx context.Context, o Options, each func(Kill) error) (Summary, error) {
	st, sum := &run{Options: o}, Summary{}
	if err := st.prepare(); err != nil {
		return sum, err
	}
	subjects, err := st.subjects()
	if err != nil {
		return sum, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ends := st.start(ctx, subjects)
	noticed := map[string]bool{}
	for i, s := range subjects {
		end := <-ends[i]
		if end.err != nil {
			cancel()
			for _, rest := range ends[i+1:] {
				<-rest // what it started is stopped then
			}
			return sum, fmt.Errorf("%s gate %s: %w", s.kind, s.Name, end.err)
		}
		for _, k := range end.kills {
			if sum.Runs++; !k.OK {
				sum.Bad++
			}
			k.notices(noticed)
			if err := each(k); err != nil {
				return sum, err
			}
		}
	}
	sum.Unnoticed = st.unnoticed(noticed)
	return sum, nil
}

// unnoticed are the rules whose breaking no scenario noticed in a selftest of
// every gate; nil where only some were tested.
func (st *run) unnoticed(noticed map[string]bool) []string {
	if st.Only != "*" {
		return nil
	}
	return slices.DeleteFunc(st.corpus.Rules.IDs(), func(id string) bool { return noticed[id] })
}

// start tests the subjects in order, several at once. Each one's channel gets
// what came of it.
func (st *run) start(ctx context.Context, subjects []subject) []chan tested {
	ends := make([]chan tested, len(subjects))
	for i := range ends {
		ends[i] = make(chan tested, 1)
	}
	free := make(chan struct{}, st.Jobs)
	go func() {
		for i, s := range subjects {
			free <- struct{}{}
			go func() {
				defer func() { <-free }()
				kills, err := st.test(ctx, &s)
				ends[i] <- tested{kills, err}
			}()
		}
	}()
	return ends
}

// test replays the corpus at one subject through every door that was asked for.
// What the cheapest door found is what the others are held to, so it is gone
// through in any case.
func (st *run) test(ctx context.Context, s *subject) ([]Kill, error) {
	var out []Kill
	cheapest := map[bool]string{true: httpDoor, false: processDoor}[s.HTTPOnly()]
	through := map[string]Kill{}
	visit := func(door string) (Kill, error) {
		k, done := through[door]
		if done {
			return k, nil
		}
		k, err := st.try(ctx, s, door, through[cheapest])
		if err == nil && !k.OK && st.ends(s) && through[cheapest].First != "" {
			k, err = st.try(ctx, s, door, Kill{}) // what found it out does not show here; another scenario may
		}
		if err == nil && !k.OK && door == commandDoor && s.kind == open.Faulty && s.Remembers {
			whole := *st
			whole.Shards = 1 // what it remembers is of a scenario that its part does not hold
			k, err = whole.try(ctx, s, door, through[cheapest])
		}
		through[door] = k
		return k, err
	}
	for _, door := range st.Doors {
		switch {
		case door == processDoor && s.HTTPOnly():
			continue
		case door == cheapestDoor:
			door = cheapest
		case door == commandDoor, door == httpDoor && !s.HTTPOnly():
			if _, err := visit(cheapest); err != nil {
				return nil, err
			}
		}
		k, err := visit(door)
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, nil
}
