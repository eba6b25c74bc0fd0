package suite

import (
	"slices"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/secrets"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// A Seen is what a step came to. Reports hold it as it is. Both lists are nil where it was not reached.
type Seen struct {
	Replies []SeenReply `json:"replies,omitempty"`
	Calls   []SeenCall  `json:"calls,omitempty"`
}

// A SeenReply is an answer of the target.
type SeenReply struct {
	Outcome string `json:"outcome"`
	// Code is the reply's own; empty where it has none.
	Code string `json:"code,omitempty"`
	// Status is 0 where there is no HTTP reply.
	Status int `json:"status,omitempty"`
	// Times is how many replies were alike.
	Times int `json:"times"`
}

// A SeenCall is a request that reached a provider, or tried to reach another host.
type SeenCall struct {
	Method string `json:"method"`
	Host   string `json:"host"`
	// Status is 0 where no answer was given.
	Status int `json:"status"`
	// Credentials are those carried, as "scope/NAME"; may be nil.
	Credentials []string `json:"credentials,omitempty"`
}

// maxSeenCalls bounds what is kept of a step's calls: enough for 64 creates at once,
// each with its one probe and a lawful retry.
const maxSeenCalls = 128

// seen shortens an observation, step by step. A step that was not reached has
// no replies.
func seen(r *secrets.Ring, o *judge.Observation) []Seen {
	out := make([]Seen, len(o.Steps))
	for i := range o.Steps {
		s := &o.Steps[i]
		for j := range s.Replies {
			out[i].add(seenReply(r, &s.Replies[j]))
		}
		for j := range s.Calls[:min(len(s.Calls), maxSeenCalls)] {
			out[i].Calls = append(out[i].Calls, seenCall(r, &s.Calls[j]))
		}
	}
	return out
}

func (s *Seen) add(reply SeenReply) {
	for i := range s.Replies {
		known := &s.Replies[i]
		if known.Outcome == reply.Outcome && known.Code == reply.Code && known.Status == reply.Status {
			known.Times++
			return
		}
	}
	reply.Times = 1
	s.Replies = append(s.Replies, reply)
}

func seenReply(r *secrets.Ring, reply *target.Reply) SeenReply {
	return SeenReply{Outcome: string(reply.Outcome), Code: spelled.Short(r.Mask(reply.RawCode), secrets.MaxShown), Status: reply.Status}
}

func seenCall(r *secrets.Ring, c *judge.Call) SeenCall {
	out := SeenCall{Method: r.Mask(c.Method), Host: r.Mask(c.Host), Status: c.Status}
	for _, carried := range c.Credentials {
		if key := carried.Key(); !slices.Contains(out.Credentials, key) {
			out.Credentials = append(out.Credentials, key)
		}
	}
	return out
}
