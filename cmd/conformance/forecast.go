package main

import (
	"fmt"
	"io"
	"time"

	"github.com/molecule-ai/byok-conformance/cmd/conformance/progress"
	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite"
	"github.com/molecule-ai/byok-conformance/suite/server"
	"github.com/molecule-ai/byok-conformance/suite/timing"
)

// long is how long a run may take by what the check showed before that is said.
const long = time.Hour

// A meter is what a server behind a profile tells of the requests that it gets.
type meter interface {
	Sent() int
	Stated() (server.Rate, bool)
	Raise() string
}

// forecast says before the first scenario how long the selection takes at the
// server's own rate limit, and at the speed that the check met, where that is long.
func (p *prepared) forecast(w io.Writer, checked time.Duration, asked int) {
	m, ok := p.target.Target.(meter)
	if !ok || !p.target.Foreign {
		return
	}
	requests := suite.Requests(p.config(nil))
	rate, stated := m.Stated()
	took := suite.At(requests, rate.Requests, rate.Per)
	switch seen := p.atSpeed(requests, checked, asked); {
	case stated && took > 0 && took >= seen:
		fmt.Fprintf(w, "conformance: the server's own limit is %s requests in %s, and this selection sends about %s, so it takes about %s. %s\n",
			spelled.Number(rate.Requests), progress.Span(rate.Per), spelled.Number(rounded(requests)), progress.Span(took), p.shorten(m.Raise()))
	case seen >= long:
		fmt.Fprintf(w, "conformance: at the speed of the first %s requests, this selection of about %s takes about %s. %s\n",
			spelled.Number(asked), spelled.Number(rounded(requests)), progress.Span(seen), p.shorten(""))
	}
}

// atSpeed is how long so many requests take where all workers are answered as fast
// as the check was.
func (p *prepared) atSpeed(requests int, checked time.Duration, asked int) time.Duration {
	if asked == 0 {
		return 0
	}
	return checked / time.Duration(asked) * time.Duration(requests) / time.Duration(max(int(p.flags.parallel), timing.StartWidth))
}

// shorten says what makes the run shorter.
func (p *prepared) shorten(raise string) string {
	less := "replay less: --matrix pairwise, one part of it with --shard I/N, or --class"
	if p.flags.matrix == "pairwise" {
		less = "replay less: one part of it with --shard I/N, or --class"
	}
	if raise == "" {
		return "To be over sooner, " + less
	}
	return "To be over sooner, " + raise + "; or " + less
}

// rounded keeps the two leading digits: the forecast knows no more.
func rounded(n int) int {
	unit := 1
	for n/unit >= 100 {
		unit *= 10
	}
	return (n + unit/2) / unit * unit
}

// spentText says where the time of a run went: its work, our waits, its limit on us.
func spentText(took time.Duration, s timing.Spent) string {
	if s.Workers <= 0 {
		return ""
	}
	// Some requests, such as deletes in the end, are nobody's of the workers.
	all := max(s.Workers, s.Answers+s.Provisioning+s.Waits+s.Limit)
	share := func(d time.Duration) int { return int(100 * d / all) }
	rest := max(all-s.Answers-s.Provisioning-s.Waits-s.Limit, 0)
	return fmt.Sprintf("time: %s; of the workers' time the server took %d %% (answers %d %%, provisioning %d %%), its rate limit %d %%, waits of ours %d %% (silent providers, what may come late), the rest %d %%",
		progress.Span(took), share(s.Answers+s.Provisioning), share(s.Answers), share(s.Provisioning), share(s.Limit), share(s.Waits), share(rest))
}
