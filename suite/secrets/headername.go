package secrets

// SightName is sight for the name of a header, of which neither HTTP nor Go
// keeps the case.
func (r *Ring) SightName(name string) []*Credential {
	if longestWord(name) < LeakLength || commonNames[name] {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.numbered(r.pieces.findFolded(lowered(name)))
}

// findFolded is find for a text of which only the lower case is known.
func (p *pieces) findFolded(lower string) (found []int) {
	if p.used == 0 {
		return nil
	}
	for i := 0; i+blockLength <= len(lower); i++ {
		for block := range casesOf([blockLength]byte([]byte(lower[i:]))) {
			for at := hash(p, block[:]); p.table[at] != 0; at = (at + 1) & (len(p.table) - 1) {
				random, j := p.block(p.table[at])
				if string(random[j:j+blockLength]) == string(block[:]) && common(lower, i, []byte(lowered(string(random))), j) >= LeakLength {
					found = once(found, int(p.table[at]-1)/maxBlocks)
				}
			}
		}
	}
	return found
}

// commonNames are names of headers that hold a long word and that most replies
// have; looking through them would be for nothing.
var commonNames = map[string]bool{"Connection": true, "X-Ratelimit-Limit": true, "X-Ratelimit-Remaining": true, "X-Ratelimit-Reset": true}

// casesOf yields a block of lower-case characters in every mixture of cases.
func casesOf(block [blockLength]byte) func(yield func([blockLength]byte) bool) {
	return func(yield func([blockLength]byte) bool) {
	next:
		for mixture := range 1 << blockLength {
			b := block
			for i := range b {
				if mixture>>i&1 == 0 {
					continue
				}
				if b[i] < 'a' || b[i] > 'z' {
					continue next // no letter: the same as without
				}
				b[i] -= 'a' - 'A'
			}
			if !yield(b) {
				return
			}
		}
	}
}

// lowered is a text with its ASCII letters in lower case, as long as before.
func lowered(s string) string {
	out := []byte(s)
	for i, c := range out {
		if c >= 'A' && c <= 'Z' {
			out[i] += 'a' - 'A'
		}
	}
	return string(out)
}

// MaskName is mask for the name of a header.
func (r *Ring) MaskName(name string) string {
	name = r.Mask(name)
	c, at := newCover(lowered(name)), make([]int, len(name)+1)
	for i := range at {
		at[i] = i
	}
	for _, secret := range r.authorising() {
		c.all(lowered(secret), HiddenText)
	}
	for _, found := range r.SightName(name) {
		c.pieces(lowered(found.Secret.Random), found.mask())
	}
	return c.shown(name, at)
}
