package strict

import "fmt"

// DidYouMean returns ` (did you mean "x"?)` for the nearest known word, or "".
func DidYouMean(word string, known []string) string {
	if s := Nearest(word, known); s != "" {
		return fmt.Sprintf(" (did you mean %q?)", s)
	}
	return ""
}

// longestWord is the longest that is compared, as the cost grows with the square
// of the length. No word in use comes near it.
const longestWord = 200

// Nearest returns the known word that is at most a third of word's letters
// away from it, or "" where none is that near.
func Nearest(word string, known []string) string {
	best, limit := "", max(2, len(word)/3)+1
	for _, k := range known {
		if len(word) > longestWord || len(k) > longestWord {
			continue
		}
		// A word that would change as a whole is like none.
		if d := distance(word, k); d < limit && d < len(word) {
			best, limit = k, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		prev := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			prev, row[j+1] = row[j+1], min(prev+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
