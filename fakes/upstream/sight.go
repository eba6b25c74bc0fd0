package upstream

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// minSighting is the length below which a text cannot hold enough of a
// credential to count (SEC-1: 8 characters).
const minSighting = 8

// A search looks for credentials in the parts of one request.
type search struct {
	keyring Keyring
	host    string
	path    string
	found   []Sighting
}

// request searches a whole request and returns what it found, the sighting
// that decides the answer first.
func (s *search) request(x *Exchange, hostHeader, userinfo string) []Sighting {
	for name, values := range x.Header {
		lower := lowerName(name)
		for _, value := range values {
			s.header(lower, strings.Trim(value, " \t"))
		}
	}
	s.text("url", x.Path)
	s.text("url", userinfo)
	s.text("host", hostHeader)
	if len(x.Body) > 0 {
		s.text("body", string(x.Body))
		for _, text := range unpacked(x.Body) {
			s.text("body", text)
		}
	}
	if len(s.found) > 1 {
		slices.SortFunc(s.found, s.compare)
	}
	return s.found
}

// header searches one value of one header.
func (s *search) header(name, value string) {
	token, where := value, "header "+name
	readable := true
	if name == "authorization" {
		token, readable = bearerToken(value)
		s.basic(where, value)
	}
	if c := s.find(token); c != nil {
		s.add(Sighting{Credential: c, Where: where, Exact: true, Read: readable && reads(s.host, s.path, name, c.Name)})
		return
	}
	s.text(where, value)
}

// basic searches what stands behind "Basic", decoded.
func (s *search) basic(where, value string) {
	scheme, encoded, ok := strings.Cut(value, " ")
	if !ok || !strings.EqualFold(scheme, "basic") {
		return
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return // not base64: the text as it stands is searched anyway
	}
	s.text(where, string(decoded))
}

// text searches a text as it stands and percent-decoded.
func (s *search) text(where, text string) {
	if len(text) < minSighting {
		return
	}
	for _, c := range s.keyring.Sight(text) {
		s.add(Sighting{Credential: c, Where: where})
	}
	if strings.Contains(text, "%") {
		for _, c := range s.keyring.Sight(percentDecoded(text)) {
			s.add(Sighting{Credential: c, Where: where})
		}
	}
}

func (s *search) find(token string) *Credential {
	if token == "" {
		return nil
	}
	return s.keyring.Find(token)
}

// add keeps one sighting for each credential and place.
func (s *search) add(seen Sighting) {
	for i := range s.found {
		if old := &s.found[i]; old.Credential == seen.Credential && old.Where == seen.Where {
			old.Exact = old.Exact || seen.Exact
			old.Read = old.Read || seen.Read
			return
		}
	}
	s.found = append(s.found, seen)
}

// compare puts first what the provider reads and knows, in the order in which
// it looks; the rest only needs an order.
func (s *search) compare(a, b Sighting) int {
	return cmp.Or(
		cmp.Compare(s.rank(a), s.rank(b)),
		strings.Compare(a.Where, b.Where),
		strings.Compare(a.Credential.Scenario, b.Credential.Scenario),
		strings.Compare(a.Credential.Name, b.Credential.Name),
	)
}

func (s *search) rank(seen Sighting) int {
	headers := headersOf(s.host, s.path)
	place := slices.Index(headers, strings.TrimPrefix(seen.Where, "header "))
	switch {
	case !seen.Read:
		return 2 * len(headers)
	case !seen.Credential.knownAt(s.host):
		return len(headers) + place
	default:
		return place
	}
}

// presented returns what a request offers as a credential where the host reads
// one, known or not; empty where it offers nothing.
func presented(host, path string, header http.Header) string {
	for _, name := range headersOf(host, path) {
		for _, value := range header.Values(name) {
			value, readable := strings.Trim(value, " \t"), true
			if name == "authorization" {
				value, readable = bearerToken(value)
			}
			if readable && value != "" {
				return value
			}
		}
	}
	return ""
}

// several reports whether a request offers more than one credential, in whatever
// headers of a provider: a bearer token and a key.
func several(header http.Header) bool {
	_, bearer := bearerToken(strings.Trim(header.Get("Authorization"), " \t"))
	return bearer && header.Get("X-Goog-Api-Key") != ""
}

// bearerToken returns what stands behind "Bearer". Without that word it
// returns the value as it is, and false.
func bearerToken(value string) (string, bool) {
	scheme, token, ok := strings.Cut(value, " ")
	if !ok || !strings.EqualFold(scheme, "bearer") {
		return value, false
	}
	return strings.TrimLeft(token, " "), true
}

// lowerName lower-cases a header's name, for the usual ones without allocating.
func lowerName(name string) string {
	switch name {
	case "Authorization":
		return "authorization"
	case "X-Api-Key":
		return "x-api-key"
	case "X-Goog-Api-Key":
		return "x-goog-api-key"
	}
	return strings.ToLower(name)
}

// percentDecoded decodes every well-formed %XX and leaves the rest alone.
func percentDecoded(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			hi, ok1 := unhex(text[i+1])
			lo, ok2 := unhex(text[i+2])
			if ok1 && ok2 {
				b.WriteByte(hi<<4 | lo)
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
