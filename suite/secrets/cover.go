package secrets

import (
	"strings"
)

// A cover lies over a text: a mask for each byte that is to be hidden.
type cover struct {
	under string
	masks []string
}

func newCover(text string) *cover { return &cover{text, make([]string, len(text))} }

// all covers every place of a secret.
func (c *cover) all(secret, mask string) {
	for from := 0; secret != ""; {
		at := strings.Index(c.under[from:], secret)
		if at < 0 {
			return
		}
		for i := range len(secret) {
			c.masks[from+at+i] = mask
		}
		from += at + len(secret)
	}
}

// pieces covers all that is long enough to be a leak of a random part.
func (c *cover) pieces(random, mask string) {
	for i := 0; i+LeakLength <= len(random); i++ {
		c.all(random[i:i+LeakLength], mask)
	}
}

// shown is the written text with a mask for each stretch that is covered; byte i
// under the cover is written[at[i]:at[i+1]] there (see undone).
func (c *cover) shown(written string, at []int) string {
	var b strings.Builder
	last := ""
	for i, mask := range c.masks {
		if mask == "" {
			b.WriteString(written[at[i]:at[i+1]])
		} else if mask != last {
			b.WriteString(mask)
		}
		last = mask
	}
	return b.String()
}
