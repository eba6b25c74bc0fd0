package registry

import (
	"regexp/syntax"
	"strings"
	"unicode"
)

const (
	// sampleName ends a made-up model id: no vendor has a model of that name.
	sampleName = "conformance-1"
	// maxSpellings bounds the alternatives of one pattern; those of a pattern
	// that nests them multiply.
	maxSpellings = 32
)

// sampleModels returns, for each alternative of a pattern, model ids that it
// may match, the best first. They are proposals: context that a spelling does
// not see (\b, a closing $) may rule them out, so the caller tries them.
func sampleModels(pattern string) [][]string {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil || pattern == "" {
		return nil
	}
	var samples [][]string
	for _, start := range spellings(parsed) {
		alternative := []string{start + sampleName, start}
		if start != "" && isWordByte(start[len(start)-1]) {
			alternative = append([]string{start + "-" + sampleName}, alternative...)
		}
		samples = append(samples, alternative)
	}
	return samples
}

func isWordByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

// spellings returns the shortest texts that an expression matches, one for each
// alternative in it, at most maxSpellings. Alternatives of a single character
// are a class to RE2, (a|b) being [ab], and of a class one character is enough.
func spellings(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpNoMatch:
		return nil
	case syntax.OpLiteral:
		text := string(re.Rune)
		if re.Flags&syntax.FoldCase != 0 {
			text = strings.ToLower(text)
		}
		return []string{text}
	case syntax.OpCharClass:
		return spellClass(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return []string{"x"}
	case syntax.OpCapture, syntax.OpPlus:
		return spellings(re.Sub[0])
	case syntax.OpRepeat:
		var repeated []string
		for _, text := range spellings(re.Sub[0]) {
			repeated = append(repeated, strings.Repeat(text, re.Min))
		}
		return repeated
	case syntax.OpConcat:
		return spellConcat(re.Sub)
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			all = append(all, spellings(sub)...)
		}
		return all[:min(len(all), maxSpellings)]
	}
	// Anchors, and what may be left out (* and ?), need no text.
	return []string{""}
}

// spellConcat combines the spellings of the parts, in order.
func spellConcat(parts []*syntax.Regexp) []string {
	all := []string{""}
	for _, part := range parts {
		var longer []string
		for _, start := range all {
			for _, end := range spellings(part) {
				longer = append(longer, start+end)
			}
		}
		all = longer[:min(len(longer), maxSpellings)]
	}
	return all
}

// spellClass picks one character of a class: one that people write in a model
// id if it has any.
func spellClass(ranges []rune) []string {
	for _, candidate := range "-:/." + "abcdefghijklmnopqrstuvwxyz" + "0123456789" {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= candidate && candidate <= ranges[i+1] {
				return []string{string(candidate)}
			}
		}
	}
	for _, first := range ranges {
		if unicode.IsGraphic(first) && !unicode.IsSpace(first) {
			return []string{string(first)}
		}
	}
	return nil
}
