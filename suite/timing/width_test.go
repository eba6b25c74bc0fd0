package timing

import (
	"slices"
	"testing"
	"time"
)

// TestWidth asks a target of which only the time is known that it takes to answer
// so many at once.
func TestWidth(t *testing.T) {
	const ms = time.Millisecond
	steady := func(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }
	for _, test := range []struct {
		name string
		// takes is how long an answer takes while n are asked for at once.
		takes func(n int) time.Duration
		// fails says which answers, counted from 1, do not come.
		fails func(answer, n int) bool
		// kinds are those of the requests, in turn; nil for one kind.
		kinds []string
		// ends is the width after two minutes, most the largest, and from the least of the last minute.
		ends, most, least int
	}{
		{name: "it sleeps, and takes any number", takes: steady(300 * ms), ends: 64, most: 64, least: 64},
		{name: "a fast one that takes any number", takes: steady(2 * ms), ends: 64, most: 64, least: 64},
		{name: "one at a time", takes: func(n int) time.Duration { return time.Duration(n) * 5 * ms }, ends: 8, most: 12, least: 8},
		{name: "twenty at a time", takes: func(n int) time.Duration { return time.Duration(max(n, 20)) * 10 * ms }, ends: 24, most: 32, least: 24},
		{name: "each slows all others a little", takes: func(n int) time.Duration { return 100*ms + time.Duration(n)*4*ms }, ends: 32, most: 48, least: 32},
		{name: "answers come near the bound", takes: func(n int) time.Duration { return 1200*ms + time.Duration(n)*30*ms }, ends: 16, most: 24, least: 16},
		{name: "it fails where more than 30 ask", takes: steady(100 * ms), fails: func(_, n int) bool { return n > 30 }, ends: 24, most: 32, least: 16},
		{name: "everything fails", takes: steady(100 * ms), fails: func(int, int) bool { return true }, ends: 8, most: 8, least: 8},
		{name: "what is asked takes longer and longer, and there is more of it", takes: steady(50 * ms), kinds: []string{"1", "9"}, ends: 64, most: 64, least: 64},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := NewWidth(6 * time.Second)
			now, began := time.Unix(0, 0), time.Unix(0, 0)
			var late []int
			for answer := 1; now.Sub(began) < 2*time.Minute; answer++ {
				n := w.Now()
				took, kind := test.takes(n), ""
				if len(test.kinds) > 0 {
					// The slow kind comes second, as what must be refused comes after what must be allowed.
					kind = test.kinds[min(1, int(now.Sub(began)/(10*time.Second)))]
					took *= time.Duration(kind[0] - '0')
				}
				now = now.Add(took / time.Duration(n)) // so many are under way
				if test.fails != nil && test.fails(answer, n) {
					w.Failed(now)
				} else {
					w.Answered(kind, took, now)
				}
				if now.Sub(began) > time.Minute {
					late = append(late, w.Now())
				}
			}
			if w.Most() != test.most {
				t.Errorf("at most %d at once, want %d", w.Most(), test.most)
			}
			if got := slices.Min(late); got < test.least {
				t.Errorf("%d at once in the last minute, want no less than %d", got, test.least)
			}
			// It tries more now and then; most of the time it has settled.
			slices.Sort(late)
			if got := late[len(late)/2]; got != test.ends {
				t.Errorf("settled at %d at once, want %d", got, test.ends)
			}
		})
	}
}
