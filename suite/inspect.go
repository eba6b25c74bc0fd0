package suite

import (
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// inspect looks for pieces of credentials in a reply that holds no verdict.
func (e *engine) inspect(where string, r target.Shown) {
	ring := e.cfg.Providers.ring
	found := ring.SightAll(string(r.Body))
	found = append(found, ring.SightAll(r.Status)...)
	for name, values := range r.Header {
		found = append(found, ring.SightName(name)...)
		for _, v := range values {
			found = append(found, ring.SightAll(v)...)
		}
	}
	for _, c := range found {
		switch o := c.Owner.(type) {
		case *replay:
			o.leak("SEC-1", "the reply to "+where, c)
		case *globalSet:
			for _, r := range o.replays {
				r.leak("SEC-1", "the reply to "+where, c)
			}
		}
	}
}
