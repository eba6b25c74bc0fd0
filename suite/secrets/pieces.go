package secrets

import (
	"math/bits"
	"slices"
)

// blockLength is the length of the aligned pieces that random parts are indexed
// by: any leakLength consecutive characters hold a whole aligned block of
// blockLength, because 2*blockLength-1 < leakLength.
const blockLength = 4

// pieces finds where leakLength or more consecutive characters of a random part
// stand in a text. It never forgets one, and keeps little of each, for a run
// makes some hundred thousand.
type pieces struct {
	// text holds the random parts one behind the other; begins says where.
	text   []byte
	begins []uint32
	// table is an open hash of all aligned blocks: 0, or 1 + the random part's
	// number times maxBlocks plus the block's. Equal blocks stand side by side.
	table []uint32
	used  int
}

// maxBlocks is the number of aligned blocks that a random part may have.
const maxBlocks = 16

// Add takes in a random part and returns its number, which counts from 0.
func (p *pieces) add(random string) int {
	number := len(p.begins)
	p.begins = append(p.begins, uint32(len(p.text)))
	p.text = append(p.text, random...)
	blocks := min(len(random)/blockLength, maxBlocks)
	if p.used += blocks; 2*p.used > len(p.table) {
		p.grow(2 * len(p.table))
	}
	for b := range blocks {
		p.insert(uint32(number*maxBlocks+b) + 1)
	}
	return number
}

// Reserve makes room for so many more random parts of the usual length.
func (p *pieces) reserve(n int) {
	p.begins = slices.Grow(p.begins, n)
	p.text = slices.Grow(p.text, n*RandomLength)
	if slots := 2 * (p.used + n*(RandomLength/blockLength)); slots > len(p.table) {
		p.grow(slots)
	}
}

// grow makes a table of at least that many slots; their number is a power of two.
func (p *pieces) grow(slots int) {
	old := p.table
	p.table = make([]uint32, max(1024, 1<<bits.Len(uint(slots-1))))
	for _, slot := range old {
		if slot != 0 {
			p.insert(slot)
		}
	}
}

func (p *pieces) insert(slot uint32) {
	random, at := p.block(slot)
	i := hash(p, random[at:])
	for p.table[i] != 0 {
		i = (i + 1) & (len(p.table) - 1)
	}
	p.table[i] = slot
}

// block returns the random part of a slot, and where its block begins.
func (p *pieces) block(slot uint32) (random []byte, at int) {
	n := int(slot - 1)
	return p.random(n / maxBlocks), n % maxBlocks * blockLength
}

func (p *pieces) random(number int) []byte {
	if number+1 < len(p.begins) {
		return p.text[p.begins[number]:p.begins[number+1]]
	}
	return p.text[p.begins[number]:]
}

func hash[T string | []byte](p *pieces, text T) int {
	word := uint32(text[0]) | uint32(text[1])<<8 | uint32(text[2])<<16 | uint32(text[3])<<24
	return int(word*2654435761>>7) & (len(p.table) - 1) // Knuth, TAOCP 6.4: multiplicative hashing
}

// Find returns the numbers of the random parts of which a piece stands in the
// text, in the order of the text, each once.
func (p *pieces) find(text string) (found []int) {
	if p.used == 0 {
		return nil
	}
	for from := 0; from < len(text); {
		// Random parts are letters and digits, so a piece stands within a word.
		end := from
		for end < len(text) && isAlphanumeric[text[end]] {
			end++
		}
		if end-from >= LeakLength {
			found = p.findInWord(text[from:end], found)
		}
		from = end + 1
	}
	return found
}

func (p *pieces) findInWord(word string, found []int) []int {
	for i := 0; i+blockLength <= len(word); i++ {
		for at := hash(p, word[i:]); p.table[at] != 0; at = (at + 1) & (len(p.table) - 1) {
			random, block := p.block(p.table[at])
			if common(word, i, random, block) >= LeakLength {
				found = once(found, int(p.table[at]-1)/maxBlocks)
			}
		}
	}
	return found
}

// once adds a number to a list that does not hold it.
func once(list []int, number int) []int {
	if slices.Contains(list, number) {
		return list
	}
	return append(list, number)
}

// common is the length of the longest piece that two texts have in common
// around the block that begins at i in one and at j in the other; 0 where the
// blocks differ.
func common(a string, i int, b []byte, j int) int {
	if a[i:i+blockLength] != string(b[j:j+blockLength]) {
		return 0
	}
	_, length := around(a, i, b, j)
	return length
}

// around returns the length of the longest piece that two texts have in common
// around a block that is the same in both, and how much of it is before the block.
func around[T string | []byte](a string, i int, b T, j int) (before, length int) {
	for before < i && before < j && a[i-before-1] == b[j-before-1] {
		before++
	}
	length = before + blockLength
	for after := blockLength; i+after < len(a) && j+after < len(b) && a[i+after] == b[j+after]; after++ {
		length++
	}
	return before, length
}

var isAlphanumeric = func() (is [256]bool) {
	for _, c := range []byte(alphabet) {
		is[c] = true
	}
	return is
}()
