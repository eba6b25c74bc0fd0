package scenarios

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestPinned(t *testing.T) {
	c, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		pin  string
		fits bool
	}{
		"version":           {Version(), true},
		"digest":            {c.Digest(), true},
		"short digest":      {c.Digest()[:len("sha256:")+12], true},
		"too short":         {c.Digest()[:len("sha256:")+11], false},
		"other version":     {Version() + "0", false},
		"part of a version": {Version()[:1], false},
		"other digest":      {"sha256:" + strings.Repeat("0", 64), false},
		"no digest":         {"sha256:", false},
		"nothing":           {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			err := Pinned(tt.pin)
			if tt.fits != (err == nil) {
				t.Errorf("pin %q: %v, want it to fit: %t", tt.pin, err, tt.fits)
			}
			if err != nil && !strings.Contains(err.Error(), c.Digest()) {
				t.Errorf("the error does not say what there is: %v", err)
			}
		})
	}
}

// A version is three numbers, and the change log says what is in it.
func TestVersion(t *testing.T) {
	if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(Version()) {
		t.Fatalf("the corpus's version is %q", Version())
	}
	log, err := os.ReadFile("../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(log), "corpus "+Version()) {
		t.Errorf("CHANGELOG.md does not say what is in corpus %s", Version())
	}
}
