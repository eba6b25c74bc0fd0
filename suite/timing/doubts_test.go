package timing

import (
	"testing"
)

func TestDoubts(t *testing.T) {
	var d Doubts
	for range doubtsInVain {
		if got := d.Long(); got != Doubted {
			t.Fatalf("looked at again for %s after %d times in vain, want %s", got, d.vain, Doubted)
		}
		d.InVain()
	}
	if got := d.Long(); got != doubtedLess {
		t.Errorf("looked at again for %s, want %s", got, doubtedLess)
	}
	d.Proved()
	if got := d.Long(); got != Doubted {
		t.Errorf("looked at again for %s after a state that changed late, want %s", got, Doubted)
	}
}
