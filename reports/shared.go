package reports

import "encoding/json"

// shared holds once what thousands of results have in common.
type shared struct {
	// seen are the different lists of what was seen, step by step.
	seen  [][]Seen
	at    map[string]int
	texts map[string]string
}

// slim leaves out of a result that passed, or that is not claimed, what a reader
// finds in the corpus under its id: title, level, severity, effect, what is given
// and what is expected. What was seen is kept in the run's list of it.
func (s *shared) slim(r Result) Result {
	if r.Outcome != Passed && r.Outcome != NotClaimed {
		return r
	}
	if r.SeenAt == nil {
		r.SeenAt = s.place(r.Records)
	}
	r.Title, r.Level, r.Severity, r.Effect, r.Replay, r.Records, r.Steps = "", "", "", "", "", nil, nil
	return r
}

// place returns the place in the list of what the records say was seen; nil where
// nothing was.
func (s *shared) place(records []Record) *int {
	all := make([]Seen, len(records))
	some := false
	for i := range records {
		all[i] = Normal(records[i].Seen)
		some = some || len(all[i].Replies)+len(all[i].Calls) > 0
	}
	if !some {
		return nil
	}
	key, _ := json.Marshal(all) // structs of strings and numbers can be
	at, known := s.at[string(key)]
	if !known {
		if s.at == nil {
			s.at = map[string]int{}
		}
		at = len(s.seen)
		s.at[string(key)] = at
		s.seen = append(s.seen, all)
	}
	return &at
}

// bound forgets a place that the list does not have, since the report was cut off
// before it.
func (r *Result) bound(seen [][]Seen) {
	if r.SeenAt != nil && *r.SeenAt >= len(seen) {
		r.SeenAt = nil
	}
}

// text returns one copy of texts that are alike.
func (s *shared) text(t string) string {
	if known, ok := s.texts[t]; ok {
		return known
	}
	if s.texts == nil {
		s.texts = map[string]string{}
	}
	s.texts[t] = t
	return t
}
