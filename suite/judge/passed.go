package judge

import (
	"net/http"
	"slices"
	"strings"
)

// ownID is from how many characters on a header's value is taken for an id of one
// exchange, which no server of somebody else's has by chance.
const ownID = 16

// commonHeaders are those that any server may send with the same value.
var commonHeaders = []string{
	"Allow", "Cache-Control", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Date", "Link", "Location",
	"Retry-After", "Server", "Transfer-Encoding", "Vary",
}

// OwnHeaders are those of a provider's answer by which it is known in another
// server's reply: all but the common ones and those that count requests, whose short
// values may be alike anywhere. Nil where there is none.
func OwnHeaders(header http.Header) http.Header {
	var out http.Header
	for name, values := range header {
		short := strings.HasPrefix(name, "X-Ratelimit-") && len(values[0]) < 8
		if slices.Contains(commonHeaders, name) || short || values[0] == "" {
			continue
		}
		if out == nil {
			out = http.Header{}
		}
		out[name] = values
	}
	return out
}

// headerPassedOn returns a field of a reply that is one of the provider's: the same
// name with the same value, or an id of the provider's under whatever name.
func headerPassedOn(c *Call, reply http.Header) string {
	for name, own := range c.Own {
		for given, values := range reply {
			for _, v := range values {
				if given == name && v == own[0] || len(own[0]) >= ownID && strings.Contains(v, own[0]) {
					return given + ": " + v
				}
			}
		}
	}
	return ""
}
