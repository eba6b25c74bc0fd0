// Package merge puts the shards of one run together. It knows what makes runs
// parts of one, and refuses what is not whole. Reading and writing reports is not
// its business (reports), nor is comparing them (reports/diff).
package merge

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/molecule-ai/byok-conformance/reports"
)

// Shards puts the shards of one run together: what comes out is what one run of
// the whole selection would have written, but for times and addresses. The
// shards have to be all there, each once, complete and with all of its results,
// and to agree in everything that makes a run: corpus, registry, seed, level,
// selection, target. A twin that came along in several shards counts once, with
// its worst outcome; any other scenario in two shards is an error. Names are what
// errors call the runs, such as their files. The merged run reads its results
// from theirs, which have to stay open.
func Shards(runs []*reports.Run, names []string) (*reports.Run, error) {
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
	run, err := m.run(runs)
	if err != nil {
		return nil, fmt.Errorf("merge reports: %w", err)
	}
	return run, nil
}

// merged are the results of several runs.
type merged struct {
	entries []reports.Entry
	parts   []part
}

// A part is the place of a result: a run, and its entry there.
type part struct {
	run *reports.Run
	at  int
}

// result is a result of one of the runs, whose list of what was seen is its own:
// the merged run gets the records that stand behind the place.
func (m *merged) result(i int) (reports.Result, error) {
	r, err := m.parts[i].run.At(m.parts[i].at)
	r.Companion = m.entries[i].Companion
	return r, err
}

// run closes the merged run.
func (m *merged) run(runs []*reports.Run) (*reports.Run, error) {
	h := runs[0].Header
	h.Shard, h.Planned, h.LeftOut = "", len(m.entries), 0
	rows := map[string]reports.Rule{}
	ended := reports.Ended{Status: reports.Complete}
	for _, run := range runs {
		h.LeftOut += run.Header.LeftOut
		if started := run.Header.Started; started.Before(h.Started) {
			h.Started = started
		}
		if finished := run.Footer.Ended.Finished; finished.After(ended.Finished) {
			ended.Finished = finished
		}
		ended.ReplayedAgain += run.Footer.Ended.ReplayedAgain
		ended.Restarts += run.Footer.Ended.Restarts
		ended.LeftBehind = append(ended.LeftBehind, run.Footer.Ended.LeftBehind...)
		ended.Clean = cmp.Or(ended.Clean, run.Footer.Ended.Clean)
		for _, r := range run.Footer.Rules {
			rows[r.ID] = r
		}
	}
	recorder, err := reports.NewRecorder(h)
	if err != nil {
		return nil, err
	}
	for i := range m.entries {
		r, err := m.result(i)
		if err == nil {
			r.Records, r.SeenAt = m.parts[i].run.RecordsOf(&r), nil
			err = recorder.Result(&r)
		}
		if err != nil {
			return nil, errors.Join(err, recorder.Close())
		}
	}
	footer := recorder.Tally().Footer(ended, h.Claims, h.NotClaimedAreas, func(id string) string { return rows[id].Level })
	for i, r := range footer.Rules {
		footer.Rules[i].Title = rows[r.ID].Title
	}
	run, err := recorder.End(footer)
	if err != nil {
		return nil, errors.Join(err, recorder.Close())
	}
	return run, nil
}

// mergeable finds what keeps runs from being parts of one.
func mergeable(runs []*reports.Run, names []string) error {
	shards := map[int]string{}
	total := 0
	for i, run := range runs {
		if status := run.Footer.Ended.Status; status != reports.Complete {
			return fmt.Errorf("%s did not run to its end (%s); run that shard again", names[i], cmp.Or(string(status), "it was cut off"))
		}
		if field := otherField(runs[0].Header, run.Header); field != "" {
			return fmt.Errorf("%s and %s differ in %s; shards are runs with the same seed, target and selection: give all of them the same --seed", names[0], names[i], field)
		}
		shard, of, err := shardOf(run.Header.Shard)
		if err != nil {
			return fmt.Errorf("%s: %w", names[i], err)
		}
		if total != 0 && of != total {
			return fmt.Errorf("%s is shard %s, and %s is one of %d", names[i], run.Header.Shard, names[0], total)
		}
		if other, there := shards[shard]; there {
			return fmt.Errorf("%s and %s are both shard %s", other, names[i], cmp.Or(run.Header.Shard, "1/1"))
		}
		if n := len(run.Entries()); n != run.Header.Planned {
			return fmt.Errorf("%s holds %d of the %d results that it planned; run that shard again", names[i], n, run.Header.Planned)
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
func otherField(a, b reports.Header) string {
	for _, h := range []*reports.Header{&a, &b} {
		h.Shard, h.Planned, h.LeftOut, h.Started, h.Target.Address, h.Run = "", 0, 0, time.Time{}, "", ""
	}
	a, b = reports.Normal(a), reports.Normal(b)
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
func mergeEntries(runs []*reports.Run, names []string) (*merged, error) {
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
func (m *merged) twin(i int, b reports.Entry, at part) {
	a := &m.entries[i]
	companion := a.Companion && b.Companion
	if b.Outcome.Badness() > a.Outcome.Badness() || b.Outcome.Badness() == a.Outcome.Badness() && a.Companion && !b.Companion {
		*a, m.parts[i] = b, at
	}
	a.Companion = companion
}

// byID returns the places of entries in the order of their ids.
func byID(list []reports.Entry) []int {
	at := make([]int, len(list))
	for i := range at {
		at[i] = i
	}
	slices.SortFunc(at, func(a, b int) int { return strings.Compare(list[a].ID, list[b].ID) })
	return at
}
