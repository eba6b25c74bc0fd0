package suite

import (
	"context"
	"sync"
)

// slots bound how many scenarios are replayed at once; the bound may change meanwhile.
type slots struct {
	mu sync.Mutex
	// limit is how many there are, held how many are taken: more, for a while, after
	// the limit went down.
	limit, held int
	// waiting are closed, the first first, when their slot is theirs.
	waiting []chan struct{}
}

func newSlots(limit int) *slots { return &slots{limit: limit} }

// take waits for a slot; false where ctx ends before there is one.
func (s *slots) take(ctx context.Context) bool {
	s.mu.Lock()
	if s.held < s.limit && ctx.Err() == nil {
		s.held++
		s.mu.Unlock()
		return true
	}
	mine := make(chan struct{})
	s.waiting = append(s.waiting, mine)
	s.mu.Unlock()
	select {
	case <-mine:
		return true
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, c := range s.waiting {
		if c == mine {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			return false
		}
	}
	s.held-- // it was given meanwhile
	s.hand()
	return false
}

func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held--
	s.hand()
}

// resize changes how many there are; whoever holds one keeps it.
func (s *slots) resize(limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = limit
	s.hand()
}

// full reports whether somebody waits for a slot, or nobody could get one.
func (s *slots) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held >= s.limit
}

// hand gives free slots to those who wait. The caller holds mu.
func (s *slots) hand() {
	for s.held < s.limit && len(s.waiting) > 0 {
		s.held++
		close(s.waiting[0])
		s.waiting = s.waiting[1:]
	}
}
