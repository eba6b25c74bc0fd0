package registry

import "fmt"

// maxSuggestLength bounds what didYouMean compares, as its cost grows with the
// square of the length. No name in use comes near it.
const maxSuggestLength = 64

// didYouMean returns `; did you mean "x"?` for the candidate that is nearest to
// name, and nothing where none is near: more than a third of it would change.
func didYouMean(name string, candidates []string) string {
	best, distance := "", max(2, len(name)/3)+1
	for _, candidate := range candidates {
		if len(name) > maxSuggestLength || len(candidate) > maxSuggestLength {
			continue
		}
		if d := editDistance(name, candidate); d < distance && d < len(name) {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// editDistance returns how many bytes must be put in, taken out or replaced to
// turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
