package reports

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Merge puts the shards of one run together: what comes out is what one run of
// the whole selection would have written, but for times and addresses. The
// shards have to be all there, each once and complete, and to agree in
// everything that makes a run: corpus, registry, seed, level, selection, target.
// A twin that came along in several shards counts once, with its worst outcome;
// any other scenario in two shards is an error. Names are what errors call the
// runs, such as their files.
func Merge[R Report](runs []R, names []string) (Report, error) {
	if len(runs) == 0 {
		return nil, errors.New("merge reports: there is none")
	}
	if err := mergeable(runs, names); err != nil {
		return nil, fmt.Errorf("merge reports: %w", err)
	}
	m, err := mergeEntries(runs, names)
	if err != nil {
		return nil, fmt.Errorf("merge reports: %w", err)
	}
	h := runs[0].Head()
	h.Shard, h.Planned, h.LeftOut = "", len(m.entries), 0
	rows := map[string]Rule{}
	ended := Ended{Status: Complete}
	for _, run := range runs {
		h.LeftOut += run.Head().LeftOut
		if started := run.Head().Started; started.Before(h.Started) {
			h.Started = started
		}
		if finished := run.Foot().Ended.Finished; finished.After(ended.Finished) {
			ended.Finished = finished
		}
		ended.ReplayedAgain += run.Foot().Ended.ReplayedAgain
		ended.LeftBehind = append(ended.LeftBehind, run.Foot().Ended.LeftBehind...)
		ended.Clean = cmp.Or(ended.Clean, run.Foot().Ended.Clean)
		for _, r := range run.Foot().Rules {
			rows[r.ID] = r
		}
	}
	tally := NewTally(h.Planned)
	for r, err := range All(m) {
		if err != nil {
			return nil, fmt.Errorf("merge reports: %w", err)
		}
		tally.Add(r)
	}
	m.header, m.footer = h, tally.Footer(ended, h.Claims, h.NotClaimedAreas, func(id string) string { return rows[id].Level })
	for i, r := range m.footer.Rules {
		m.footer.Rules[i].Title = rows[r.ID].Title
	}
	return m, nil
}

// A merged report has its results in those that it was made of.
type merged struct {
	header  Header
	footer  Footer
	entries []Entry
	parts   []part
}

// A part is the place of a result: a report, and its entry there.
type part struct {
	report Report
	at     int
}

func (m *merged) Head() Header     { return m.header }
func (m *merged) Foot() Footer     { return m.footer }
func (m *merged) Entries() []Entry { return m.entries }

func (m *merged) At(i int) (Result, error) {
	r, err := m.parts[i].report.At(m.parts[i].at)
	r.Companion = m.entries[i].Companion
	return r, err
}

// mergeable finds what keeps runs from being parts of one.
func mergeable[R Report](runs []R, names []string) error {
	shards := map[int]string{}
	total := 0
	for i, run := range runs {
		if status := run.Foot().Ended.Status; status != Complete {
			return fmt.Errorf("%s did not run to its end (%s); run that shard again", names[i], cmp.Or(string(status), "it was cut off"))
		}
		if field := otherField(runs[0].Head(), run.Head()); field != "" {
			return fmt.Errorf("%s and %s differ in %s; shards are runs with the same seed, target and selection: give all of them the same --seed", names[0], names[i], field)
		}
		shard, of, err := shardOf(run.Head().Shard)
		if err != nil {
			return fmt.Errorf("%s: %w", names[i], err)
		}
		if total != 0 && of != total {
			return fmt.Errorf("%s is shard %s, and %s is one of %d", names[i], run.Head().Shard, names[0], total)
		}
		if other, there := shards[shard]; there {
			return fmt.Errorf("%s and %s are both shard %s", other, names[i], cmp.Or(run.Head().Shard, "1/1"))
		}
		total, shards[shard] = of, names[i]
	}
	var missing []string
	for i := 1; i <= total; i++ {
		if _, there := shards[i]; !there {
			missing = append(missing, fmt.Sprintf("%d/%d", i, total))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("of %d shards these are missing: %s", total, strings.Join(missing, ", "))
	}
	return nil
}

// shardOf reads I/N; a run without one is the whole.
func shardOf(s string) (shard, of int, err error) {
	if s == "" {
		return 1, 1, nil
	}
	first, second, _ := strings.Cut(s, "/")
	shard, err1 := strconv.Atoi(first)
	of, err2 := strconv.Atoi(second)
	if err1 != nil || err2 != nil || shard < 1 || shard > of {
		return 0, 0, fmt.Errorf("shard %q is not of the form I/N", s)
	}
	return shard, of, nil
}

// otherField names the first field in which two headers differ, of those that
// shards have in common; empty where there is none. The run's id is made from
// the seed, which says more to whoever has to give it.
func otherField(a, b Header) string {
	for _, h := range []*Header{&a, &b} {
		h.Shard, h.Planned, h.LeftOut, h.Started, h.Target.Address, h.Run = "", 0, 0, time.Time{}, "", ""
	}
	a, b = normal(a), normal(b)
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range va.NumField() {
		if !reflect.DeepEqual(va.Field(i).Interface(), vb.Field(i).Interface()) {
			name, _, _ := strings.Cut(va.Type().Field(i).Tag.Get("json"), ",")
			return name
		}
	}
	return ""
}

// mergeEntries puts all results together, in the order of their ids.
func mergeEntries[R Report](runs []R, names []string) (*merged, error) {
	m := &merged{}
	found := map[string]int{}
	from := map[string]string{}
	for i, run := range runs {
		for at, e := range run.Entries() {
			other, twice := found[e.ID]
			switch {
			case !twice:
				found[e.ID], from[e.ID] = len(m.entries), names[i]
				m.entries, m.parts = append(m.entries, e), append(m.parts, part{run, at})
			case !m.entries[other].Companion && !e.Companion:
				return nil, fmt.Errorf("%s and %s overlap: both hold %q", from[e.ID], names[i], e.ID)
			default:
				m.twin(other, e, part{run, at})
			}
		}
	}
	sorted := &merged{}
	for _, i := range byID(m.entries) {
		sorted.entries, sorted.parts = append(sorted.entries, m.entries[i]), append(sorted.parts, m.parts[i])
	}
	return sorted, nil
}

// twin keeps the one of two results that a reader has to know of: the worse, and
// of two alike the one that was selected itself.
func (m *merged) twin(i int, b Entry, at part) {
	a := &m.entries[i]
	companion := a.Companion && b.Companion
	if badness(b.Outcome) > badness(a.Outcome) || badness(b.Outcome) == badness(a.Outcome) && a.Companion && !b.Companion {
		*a, m.parts[i] = b, at
	}
	a.Companion = companion
}

// badness orders outcomes from the one that proves most to the one that fails.
func badness(o Outcome) int {
	return slices.Index([]Outcome{Passed, NotClaimed, Waived, Errored, Failed}, o)
}
