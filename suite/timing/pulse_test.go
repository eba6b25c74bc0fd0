package timing

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestPulse beats by hand: what a machine does to a process cannot be asked for.
func TestPulse(t *testing.T) {
	for _, test := range []struct {
		name string
		// beats are the times from one to the next.
		beats []time.Duration
		lost  time.Duration
	}{
		{"on time", []time.Duration{beat, beat, beat}, 0},
		{"a little late", []time.Duration{2 * beat, missed - 1, beat}, 0},
		{"one gap", []time.Duration{beat, time.Second, beat}, time.Second - beat},
		{"two gaps", []time.Duration{time.Second, beat, missed}, time.Second + missed - 2*beat},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &Pulse{last: time.Now()}
				since := p.Stretch()
				for _, d := range test.beats {
					time.Sleep(d)
					p.beat(time.Now())
				}
				if got := p.lost(); got != test.lost {
					t.Errorf("lost %s, want %s", got, test.lost)
				}
				if got := since.Stalled(); got != test.lost {
					t.Errorf("the stretch lost %s, want %s", got, test.lost)
				}
			})
		})
	}
}

// TestPulseOfARunningHarness loses nothing, whatever it waits for.
func TestPulseOfARunningHarness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &Pulse{}
		stop := p.Start()
		time.Sleep(time.Minute)
		if got := p.lost(); got != 0 {
			t.Errorf("lost %s", got)
		}
		stop()
		time.Sleep(time.Minute)
		if got := p.lost(); got != 0 {
			t.Errorf("lost %s after it was stopped", got)
		}
	})
}

// TestGapUnderWay counts before the next beat comes.
func TestGapUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &Pulse{last: time.Now()}
		time.Sleep(time.Second)
		if got, want := p.lost(), time.Second-beat; got != want {
			t.Errorf("lost %s, want %s", got, want)
		}
	})
}

// TestPatienceCountsOnlyWhatRan ends late by as much as the harness stood still.
func TestPatienceCountsOnlyWhatRan(t *testing.T) {
	for _, test := range []struct {
		name string
		// stall is how long the harness stands still in the first second.
		stall, want time.Duration
	}{
		{"running", 0, 3 * time.Second},
		{"standing still for a while", 5 * time.Second, 8*time.Second - beat},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &Pulse{last: time.Now()}
				ctx, cancel := p.Within(t.Context(), 3*time.Second)
				defer cancel()
				var beating sync.WaitGroup
				defer beating.Wait()
				beating.Go(func() {
					for i := 0; ctx.Err() == nil; i++ {
						if i == 50 && test.stall > 0 {
							time.Sleep(test.stall - beat)
						}
						time.Sleep(beat)
						p.beat(time.Now())
					}
				})
				began := time.Now()
				<-ctx.Done()
				if got := time.Since(began); got != test.want {
					t.Errorf("ended after %s, want %s", got, test.want)
				}
				if !errors.Is(context.Cause(ctx), ErrLate) {
					t.Errorf("ended with %v", context.Cause(ctx))
				}
			})
		})
	}
}

func TestPatienceThatIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := (*Pulse)(nil).Within(t.Context(), time.Second)
		cancel()
		time.Sleep(time.Minute)
		if err := context.Cause(ctx); errors.Is(err, ErrLate) || err == nil {
			t.Errorf("ended with %v", err)
		}
	})
}
