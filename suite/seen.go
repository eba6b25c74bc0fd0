package suite

import (
	"slices"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite/judge"
	"github.com/molecule-ai/byok-conformance/suite/secrets"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// A Seen is what one step of a scenario came to, short enough to be kept of
// every scenario, those that passed included. Its texts are masked.
type Seen struct {
	// Replies are the answers of the target, equal ones counted once.
	Replies []SeenReply
	// Calls are the requests that reached providers, or tried to reach somebody
	// else, by arrival.
	Calls []SeenCall
}

// A SeenReply is what the target answered, read by its profile.
type SeenReply struct {
	// Outcome is one of the words of Outcome; Code is the code as the reply has
	// it, empty where there is none; Status is 0 where there is no HTTP reply.
	Outcome, Code string
	Status        int
	// Times is how many replies were alike.
	Times int
}

// A SeenCall is a call without its headers and bodies.
type SeenCall struct {
	Method, Host string
	// Status is the fake's answer; 0 where it gave a fault.
	Status int
	// Credentials are the values carried, as "scope/NAME".
	Credentials []string
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
