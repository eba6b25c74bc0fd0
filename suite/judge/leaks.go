package judge

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/secrets"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// checkLeaks reports pieces of credentials in replies (SEC-1) and in the
// target's output (SEC-2).
func checkLeaks(o *Observation) []Violation {
	var out []Violation
	for _, l := range o.Leaks {
		kind := LeakReply
		if l.Rule == "SEC-2" {
			kind = LeakLog
		}
		out = append(out, Violation{
			kind, l.Rule, len(o.Steps) - 1, fmt.Sprintf("a piece of the credential %s stands in %s", l.Credential, l.Where),
			"no credential value, nor 8 consecutive characters of one", fmt.Sprintf("at least %d characters of it", secrets.LeakLength),
		})
	}
	return out
}

// passedOn is how many consecutive bytes of a provider's answer make it passed
// on; a shorter run may be the server's own words.
const passedOn = 64

// checkPassedOn reports replies that hold the provider's own answer (SEC-5).
func checkPassedOn(o *Observation) []Violation {
	for i := range o.Steps {
		s := &o.Steps[i]
		for _, c := range s.Calls {
			for j := range s.Replies {
				r := &s.Replies[j]
				if piece := piecePassedOn(&c, r.Body); piece != "" {
					return []Violation{{PassedOn, "SEC-5", i, "the reply holds the provider's own answer", "the server's own words", spelled.Short(piece, 80)}}
				}
				if field := headerPassedOn(&c, r.Header); field != "" {
					return []Violation{{PassedOn, "SEC-5", i, "the reply holds a header of the provider's answer", "the server's own headers", spelled.Short(field, 80)}}
				}
			}
		}
	}
	return nil
}

func piecePassedOn(c *Call, body []byte) string {
	for _, values := range c.Own {
		if len(values[0]) >= ownID && bytes.Contains(body, []byte(values[0])) {
			return values[0]
		}
	}
	plain := bytes.ReplaceAll(body, []byte(`\"`), []byte(`"`))
	for from := 0; from+passedOn <= len(c.Reply); from += passedOn / 2 {
		if piece := c.Reply[from : from+passedOn]; bytes.Contains(plain, piece) {
			return string(piece)
		}
	}
	return ""
}

// checkRows reports what a refused create left behind (REF-3).
func checkRows(o *Observation) []Violation {
	last := o.last()
	if last.Step.Stage != scenarios.Create || len(o.Rows) == 0 {
		return nil
	}
	if slices.ContainsFunc(last.Replies, func(r target.Reply) bool { return r.Outcome == target.Late }) {
		return nil // nobody refused it: that it did not answer is LIV-6's matter
	}
	return []Violation{{RowLeft, "REF-3", len(o.Steps) - 1, "the refused create left something behind", "no workspace, no stored secret", o.Rows[0]}}
}
