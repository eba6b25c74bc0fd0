package findings

import (
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/molecule-ai/byok-conformance/registry"
)

// A relation is what a credential's name is to the provider that the pair leads to.
type relation string

const (
	own     relation = "own"     // the provider accepts it
	near    relation = "near"    // it is an accepted one in another spelling, or with something added
	foreign relation = "foreign" // another provider of the registry accepts it
	setting relation = "setting" // it is where a client library looks for an address
	unknown relation = "unknown" // nobody knows it
)

// A named is a name with all its relations.
type named struct {
	relation relation
	// first: the provider's first accepted name.
	first bool
	// sameVendor: foreign, and the first provider that accepts it is of the same
	// vendor; sameVendorProbed: the first one that can be asked.
	sameVendor, sameVendorProbed bool
	// probed: a provider that accepts it can be asked.
	probed bool
	// vendorPrefix: begins as the first accepted name does, up to its first
	// underscore; anyPrefix: as some accepted name.
	vendorPrefix, anyPrefix bool
	// keyLike: ends as credentials' names do; endsWithKey: or with _KEY alone.
	keyLike, endsWithKey bool
	// spelling says how a near name differs.
	spelling string
}

// relate says what a name is to a provider; nil is none.
func relate(reg *registry.Registry, p *registry.Provider, name string) named {
	n := named{relation: unknown}
	n.keyLike = strings.HasSuffix(name, "_API_KEY") || strings.HasSuffix(name, "_TOKEN")
	n.endsWithKey = n.keyLike || strings.HasSuffix(name, "_KEY")
	known := slices.Contains(reg.CredentialNames(), name)
	owner, asked := owners(reg, name)
	n.probed = asked != nil
	if p != nil {
		for i, accepted := range p.AuthEnv {
			if vendor, _, ok := strings.Cut(accepted, "_"); ok && strings.HasPrefix(name, vendor+"_") {
				n.anyPrefix, n.vendorPrefix = true, n.vendorPrefix || i == 0
			}
		}
		if p.Accepts(name) {
			n.relation, n.first = own, name == p.AuthEnv[0]
			return n
		}
		n.spelling = spellingOf(p.AuthEnv, name)
	}
	switch {
	case known:
		n.relation, n.spelling = foreign, ""
		n.sameVendor, n.sameVendorProbed = sameVendor(p, owner), sameVendor(p, asked)
	case n.spelling != "":
		n.relation = near
	case strings.Contains(strings.ToUpper(name), "URL") || strings.Contains(strings.ToUpper(name), "PROXY"):
		n.relation = setting
	}
	return n
}

// spellings are the situations of those that differ in one way.
var spellings = map[string]string{
	"lower case": "name-in-another-case", "mixed case": "name-in-another-case", "a tab behind it": "name-padded", "a line end behind it": "name-padded",
	"a space around it": "name-padded", "a no-break space around it": "name-padded",
	"an invisible character in it": "name-invisible", "an invisible character before it": "name-invisible",
}

// spellingOf says how a name differs from the accepted one that it is nearly;
// empty where it is near none.
func spellingOf(accepted []string, name string) string {
	bare := strings.TrimFunc(name, unicode.IsSpace)
	around := ""
	switch end := name[len(strings.TrimRightFunc(name, unicode.IsSpace)):]; {
	case end == "\t":
		around = "a tab behind it"
	case end == "\n" || end == "\r\n":
		around = "a line end behind it"
	case end == " " || strings.HasPrefix(name, " "):
		around = "a space around it"
	default:
		around = "a no-break space around it"
	}
	for _, a := range accepted {
		switch {
		case bare == a:
			return around
		case strings.ToLower(a) == name:
			return "lower case"
		case strings.EqualFold(name, a):
			return "mixed case"
		case strings.ReplaceAll(name, "-", "_") == a:
			return "dashes"
		case strings.Trim(name, `"'`) == a:
			return "quotes around it"
		case strings.TrimPrefix(name, "$") == a:
			return "a dollar sign before it"
		case strings.TrimLeftFunc(name, invisible) == a:
			return "an invisible character before it"
		case strings.Map(visible, name) == a:
			return "an invisible character in it"
		case unescaped(name) == a:
			return "percent escapes"
		case strings.Map(narrow, name) == a:
			return "full-width letters"
		case strings.Map(unmarked, name) == a:
			return "an accent"
		case looksLike(name, a):
			return "a letter that only looks alike"
		}
	}
	for _, a := range accepted {
		switch {
		case strings.HasPrefix(name, a):
			return "something behind it"
		case strings.HasSuffix(name, a):
			return "something before it"
		}
	}
	return ""
}

func invisible(r rune) bool { return unicode.Is(unicode.Cf, r) }

func visible(r rune) rune {
	if invisible(r) {
		return -1
	}
	return r
}

// unmarked drops what is set over or under a letter.
func unmarked(r rune) rune {
	if unicode.Is(unicode.Mn, r) {
		return -1
	}
	return r
}

func unescaped(name string) string {
	plain, err := url.PathUnescape(name)
	if err != nil {
		return name
	}
	return plain
}

// looksLike reports whether two texts differ only where one has a character that
// is not ASCII's.
func looksLike(name, accepted string) bool {
	a, b := []rune(name), []rune(accepted)
	if len(a) != len(b) || name == accepted {
		return false
	}
	for i := range a {
		if a[i] != b[i] && a[i] < unicode.MaxASCII {
			return false
		}
	}
	return true
}

// owners are the first provider that accepts a name, and the first of those that
// can be asked; nil where there is none.
func owners(reg *registry.Registry, name string) (first, asked *registry.Provider) {
	for _, p := range reg.Providers {
		if !p.Accepts(name) || p.IsPlatform() {
			continue
		}
		if first == nil {
			first = p
		}
		if p.ProbeBase() != "" {
			return first, p
		}
	}
	return first, nil
}

func sameVendor(a, b *registry.Provider) bool {
	return a != nil && b != nil && a.VendorLogo != "" && a.VendorLogo == b.VendorLogo
}
