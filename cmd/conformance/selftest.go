package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/molecule-ai/byok-conformance/fakes/gates"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
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

var doors = []string{processDoor, httpDoor, cheapestDoor, commandDoor}

type selftest struct {
	doors  []string
	only   string
	matrix string
	// shards is into how many parts the command door cuts the corpus; each
	// double is replayed at one of them, in turn.
	shards int
	// jobs is how many doubles are under test at once.
	jobs int
	// own: faulty gates are replayed only at scenarios of the rules that they break.
	own bool
	// first: a faulty gate is replayed until one scenario finds it out, and then
	// at that scenario through the other doors.
	first  bool
	asJSON bool
	corpus *scenarios.Corpus
	all    []*scenarios.Scenario
}

func newSelftestCommand() *cobra.Command {
	st := &selftest{}
	cmd := &cobra.Command{
		Use:   "selftest",
		Short: "Hold the corpus to our own faulty and correct gates",
		Long: "selftest replays the corpus at every faulty gate and at every correct variant. A faulty gate that passes, or that\n" +
			"fails for another reason than its own, is a survivor; a variant that fails is a false alarm. Exit 1 on either.\n\n" +
			"The door command serves each gate by a process of its own behind the intercepting proxy, as a server of yours would\n" +
			"be, and compares scenario by scenario with the cheapest door: one that both doors judged, and that ended differently,\n" +
			"is a finding.",
		Example: "  conformance selftest --gate any-known-credential\n  conformance selftest --door cheapest,command --matrix pairwise --shards 8",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return st.run(cmd) },
	}
	cmd.Flags().StringSliceVar(&st.doors, "door", []string{processDoor, httpDoor}, "the `DOORS`: process, http, cheapest (in process, and over HTTP what shows itself there only), or command (a process behind the proxy)")
	complete(cmd, "door", func() []string { return []string{processDoor, httpDoor, cheapestDoor, commandDoor} })
	cmd.Flags().StringVar(&st.only, "gate", "*", "only gates whose name matches `GLOB`; * stands for any text, ? for one character, as for --id")
	cmd.Flags().StringVar(&st.matrix, "matrix", string(scenarios.FullMatrix), "full, or pairwise to thin the matrix")
	cmd.Flags().IntVar(&st.shards, "shards", 1, "into how many parts the door command cuts the corpus; each gate gets one, in turn, and what found it out; correct variants get a quarter as many at the other doors")
	cmd.Flags().IntVar(&st.jobs, "jobs", runtime.NumCPU(), "how many gates to test at once")
	cmd.Flags().BoolVar(&st.own, "own-rules", false, "replay faulty gates only at scenarios that exercise the rules which they break")
	cmd.Flags().BoolVar(&st.first, "first-kill", false, "end a faulty gate's replay once a scenario has found it out, and replay that one alone through the other doors")
	cmd.Flags().BoolVar(&st.asJSON, "json", false, "print one JSON object a line")
	return cmd
}

// prepare reads the corpus and holds the flags to what there is.
func (st *selftest) prepare() (err error) {
	for _, d := range st.doors {
		if !slices.Contains(doors, d) {
			return fmt.Errorf("unknown door %q; it is process, http, cheapest or command", d)
		}
	}
	if st.shards < 1 || st.jobs < 1 {
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
func (st *selftest) subjects() ([]subject, error) {
	var out []subject
	like := scenarios.IDMatcher(st.only)
	for _, set := range []struct {
		kind string
		list []gates.Double
	}{{correctKind, append([]gates.Double{{Name: "reference"}}, gates.Correct()...)}, {faultyKind, gates.Faulty()}} {
		for _, d := range set.list {
			if like(d.Name) {
				out = append(out, subject{d, set.kind, len(out)})
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no gate is called %q", st.only)
	}
	return out, nil
}

// tested is what came of one subject, or why nothing did.
type tested struct {
	kills []kill
	err   error
}

func (st *selftest) run(cmd *cobra.Command) error {
	if err := st.prepare(); err != nil {
		return err
	}
	subjects, err := st.subjects()
	if err != nil {
		return err
	}
	attend()
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	ends := st.start(ctx, subjects)
	var bad, total int
	noticed := map[string]bool{}
	for i, s := range subjects {
		end := <-ends[i]
		if end.err != nil {
			cancel()
			for _, rest := range ends[i+1:] {
				<-rest // what it started is stopped then
			}
			return fmt.Errorf("%s gate %s: %w", s.kind, s.Name, end.err)
		}
		for _, k := range end.kills {
			if total++; !k.OK {
				bad++
			}
			k.notices(noticed)
			if err := st.print(cmd.OutOrStdout(), k); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%d runs, %d survivors, false alarms or differences\n", total, bad)
	unnoticed := st.unnoticed(noticed)
	if len(unnoticed) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "no faulty gate was found out under %s; write one, or the scenario that notices it\n", strings.Join(unnoticed, ", "))
	}
	if bad > 0 || len(unnoticed) > 0 {
		return errNotConformant
	}
	return nil
}

// unnoticed are the rules whose breaking no scenario noticed in a selftest of
// every gate; nil where only some were tested.
func (st *selftest) unnoticed(noticed map[string]bool) []string {
	if st.only != "*" {
		return nil
	}
	return slices.DeleteFunc(st.corpus.Rules.IDs(), func(id string) bool { return noticed[id] })
}

// start tests the subjects in order, several at once. Each one's channel gets
// what came of it.
func (st *selftest) start(ctx context.Context, subjects []subject) []chan tested {
	ends := make([]chan tested, len(subjects))
	for i := range ends {
		ends[i] = make(chan tested, 1)
	}
	free := make(chan struct{}, st.jobs)
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
func (st *selftest) test(ctx context.Context, s *subject) ([]kill, error) {
	var out []kill
	cheapest := map[bool]string{true: httpDoor, false: processDoor}[s.HTTPOnly()]
	through := map[string]kill{}
	visit := func(door string) (kill, error) {
		k, done := through[door]
		if done {
			return k, nil
		}
		k, err := st.try(ctx, s, door, through[cheapest])
		through[door] = k
		return k, err
	}
	for _, door := range st.doors {
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
