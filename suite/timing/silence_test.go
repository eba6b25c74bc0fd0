package timing

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestSilence(t *testing.T) {
	late, refused := fmt.Errorf("creating: %w", ErrLate), errors.New("connection refused")
	const parallel = 2 // so that 8 in a row are enough
	tests := []struct {
		name  string
		heard string // L for late, R for an error at once, A for an answer
		want  string
	}{
		{"nothing asked", "", ""},
		{"not often enough", "LLLLLLL", ""},
		{"often enough", "LLLLLLLL", "not asked any more to create a workspace: it did not answer 8 times in a row, the last time with creating: no answer in time; raise --timeout if it is only slow, or correct create.request in the profile"},
		{"an answer in between", "LLLLLLLALLLLLLL", ""},
		{"a refused connection is no silence", "LLLLLLLRLLLLLLL", ""},
		{"it stays given up", "LLLLLLLLAA", "is not asked any more"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := NewSilence(parallel)
			for _, c := range test.heard {
				s.Heard(ToCreate, map[rune]error{'L': late, 'R': refused}[c])
			}
			for _, err := range []error{s.GaveUp(), s.GaveUp(ToCreate)} {
				if got := fmt.Sprint(err); (err == nil) != (test.want == "") || err != nil && !strings.Contains(got, test.want) {
					t.Errorf("gave up: %v, want %q", err, test.want)
				}
			}
			if err := s.GaveUp(ToRemove, ToList); err != nil {
				t.Errorf("other things were given up, too: %v", err)
			}
		})
	}
}
