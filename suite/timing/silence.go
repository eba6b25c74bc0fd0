package timing

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
)

// rounds is how often every scenario under way may find the target silent
// before the rest of the run is given up.
const rounds = 4

// A silence counts, for each thing that a target is asked to do, how often in a
// row it gave no answer in time. One that has stopped answering would otherwise
// cost the timeout for each of thousands of scenarios.
type Silence struct {
	// most is how many are enough.
	most int

	mu    sync.Mutex
	inRow map[string]int
	// last is the last error of each.
	last map[string]error
	// over: of something there have been enough.
	over atomic.Bool
	// gone says that the target answers to nothing any more; nil while it may.
	gone error
}

func NewSilence(parallel int) *Silence {
	return &Silence{most: rounds * parallel, inRow: map[string]int{}, last: map[string]error{}}
}

// Widen says how many are under way at once from now on. What has been given up stays so.
func (s *Silence) Widen(parallel int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over.Load() {
		s.most = rounds * parallel
	}
}

// Heard notes what came of asking; nil is an answer, whatever it said.
func (s *Silence) Heard(what string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inRow[what] < s.most { // once it has been given up, it stays so
		if s.inRow[what]++; !IsLate(err) {
			s.inRow[what] = 0
		} else {
			s.last[what] = err
		}
		if s.inRow[what] >= s.most {
			s.over.Store(true)
		}
	}
}

// GaveUp says why the target is not asked for something any more: what it was asked
// for, what came back, and where in the profile to look; nil while it is. Where
// things are named, only they count.
func (s *Silence) GaveUp(on ...string) error {
	if !s.over.Load() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone != nil {
		return s.gone
	}
	for what, n := range s.inRow {
		if n >= s.most && (len(on) == 0 || slices.Contains(on, what)) {
			return fmt.Errorf("the target is not asked any more to %s: it did not answer %d times in a row, the last time with %w; raise --timeout if it is only slow, or correct %s in the profile", what, n, s.last[what], fields[what])
		}
	}
	return nil
}

// GiveUp has the target asked for nothing any more; err says why.
func (s *Silence) GiveUp(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = err
	s.over.Store(true)
}

// Reset forgets all silence: the target was started again.
func (s *Silence) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.inRow)
	s.over.Store(false)
}

// IsLate reports whether an error comes of waiting in vain.
func IsLate(err error) bool {
	if err == nil {
		return false
	}
	var network net.Error
	return errors.Is(err, ErrLate) || errors.Is(err, ErrLimited) || errors.As(err, &network) && network.Timeout()
}

// fields are where a profile says how the target is asked.
var fields = map[string]string{
	ToCreate: "create.request", ToProvision: "provision", ToShow: "provision.state and provision.failures",
	ToRemove: "workspaces.remove", ToList: "workspaces.list", ToSetGlobals: "secrets.global",
}

// What a target is asked to do.
const (
	ToCreate     = "create a workspace"
	ToProvision  = "provision a workspace again"
	ToShow       = "show a workspace"
	ToRemove     = "delete a workspace"
	ToList       = "list its workspaces"
	ToSetGlobals = "set global secrets"
)
