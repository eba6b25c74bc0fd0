package scenarios

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed VERSION
var version string

// Version returns the version of the corpus that this module carries, as in
// 1.0.0. docs/compatibility.md says what raises which part of it.
func Version() string { return strings.TrimSpace(version) }

// Pinned holds the embedded corpus to a pin: its version, or its digest
// ("sha256:…"), or the first twelve or more digits of that. An error says what
// there is instead.
func Pinned(pin string) error {
	c, err := Embedded()
	if err != nil {
		return fmt.Errorf("reading the corpus: %w", err)
	}
	if digits, isDigest := strings.CutPrefix(pin, "sha256:"); isDigest {
		if len(digits) >= 12 && strings.HasPrefix(c.Digest(), pin) {
			return nil
		}
	} else if pin == Version() {
		return nil
	}
	return fmt.Errorf("the corpus is pinned to %s, and this build carries %s (%s); install the release with the pinned corpus, or raise the pin", pin, Version(), c.Digest())
}
