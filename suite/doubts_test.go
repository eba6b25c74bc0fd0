package suite

import "testing"

func TestDoubts(t *testing.T) {
	var d doubts
	for range doubtsInVain {
		if got := d.long(); got != doubted {
			t.Fatalf("looked at again for %s after %d times in vain, want %s", got, d.vain, doubted)
		}
		d.inVain()
	}
	if got := d.long(); got != doubtedLess {
		t.Errorf("looked at again for %s, want %s", got, doubtedLess)
	}
	d.proved()
	if got := d.long(); got != doubted {
		t.Errorf("looked at again for %s after a state that changed late, want %s", got, doubted)
	}
}
