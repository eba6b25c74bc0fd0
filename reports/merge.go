package reports

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
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
func Merge(runs []*Run, names []string) (*Run, error) {
	if len(runs) == 0 {
		return nil, errors.New("merge reports: there is none")
	}
	if err := mergeable(runs, names); err != nil {
		return nil, fmt.Errorf("merge reports: %w", err)
	}
	results, err := mergeResults(runs, names)
	if err != nil {
		return nil, fmt.Errorf("merge reports: %w", err)
	}
	h := runs[0].Header
	h.Shard, h.Planned, h.LeftOut = "", len(results), 0
	rows := map[string]Rule{}
	var finished time.Time
	for _, run := range runs {
		h.LeftOut += run.Header.LeftOut
		if run.Header.Started.Before(h.Started) {
			h.Started = run.Header.Started
		}
		if run.Footer.Ended.Finished.After(finished) {
			finished = run.Footer.Ended.Finished
		}
		for _, r := range run.Footer.Rules {
			rows[r.ID] = r
		}
	}
	tally := NewTally(h.Planned)
	for _, r := range results {
		tally.Add(r)
	}
	ended := Ended{Status: Complete, Finished: finished}
	footer := tally.Footer(ended, h.Claims, h.NotClaimedAreas, func(id string) string { return rows[id].Level })
	for i, r := range footer.Rules {
		footer.Rules[i].Title = rows[r.ID].Title
	}
	return &Run{Header: h, Results: results, Footer: footer}, nil
}

// mergeable finds what keeps runs from being parts of one.
func mergeable(runs []*Run, names []string) error {
	shards := map[int]string{}
	total := 0
	for i, run := range runs {
		if run.Partial() || run.Footer.Ended.Status != Complete {
			return fmt.Errorf("%s did not run to its end (%s); run that shard again", names[i], cmp.Or(string(run.Footer.Ended.Status), "it was cut off"))
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

// mergeResults returns all results, sorted by id.
func mergeResults(runs []*Run, names []string) ([]Result, error) {
	found := map[string]Result{}
	from := map[string]string{}
	for i, run := range runs {
		for _, r := range run.Results {
			other, twice := found[r.ID]
			if !twice {
				found[r.ID], from[r.ID] = r, names[i]
				continue
			}
			if !other.Companion && !r.Companion {
				return nil, fmt.Errorf("%s and %s overlap: both hold %q", from[r.ID], names[i], r.ID)
			}
			found[r.ID] = mergeTwin(other, r)
		}
	}
	ids := slices.Sorted(maps.Keys(found))
	out := make([]Result, len(ids))
	for i, id := range ids {
		out[i] = found[id]
	}
	return out, nil
}

// mergeTwin returns the one of two results that a reader has to know of: the
// worse, and of two alike the one that was selected itself.
func mergeTwin(a, b Result) Result {
	selected := !a.Companion || !b.Companion
	worse := a
	if badness(b.Outcome) > badness(a.Outcome) || badness(b.Outcome) == badness(a.Outcome) && a.Companion && !b.Companion {
		worse = b
	}
	worse.Companion = !selected
	return worse
}

// badness orders outcomes from the one that proves most to the one that fails.
func badness(o Outcome) int {
	return slices.Index([]Outcome{Passed, NotClaimed, Waived, Errored, Failed}, o)
}
