package target

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
)

// A Trail keeps our own requests to a target and their replies, in order. The
// engine gives each scenario one, and a failure shows it.
type Trail struct {
	mu   sync.Mutex
	list []Exchange
	// asked counts, for each exchange of the list, how often it was asked in a row.
	asked []int
}

// add takes in an exchange. A question that is asked again and again until the
// answer changes is kept once, with its last answer.
func (t *Trail) add(x Exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	times := 1
	for i := len(t.list) - 1; i >= 0 && x.Method == http.MethodGet && t.list[i].Method == http.MethodGet; i-- {
		if t.list[i].URL == x.URL && t.list[i].Stage == x.Stage {
			times += t.asked[i]
			t.list, t.asked = slices.Delete(t.list, i, i+1), slices.Delete(t.asked, i, i+1)
			break
		}
	}
	if times > 1 {
		x.Note = fmt.Sprintf("asked %d times; this is the last answer", times)
	}
	t.list, t.asked = append(t.list, x), append(t.asked, times)
}

// Exchanges are what was kept until now.
func (t *Trail) Exchanges() []Exchange {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.list)
}

// OfGlobals is the stage of what is asked to make the tenant's secrets those of
// the scenarios that come next, and Afterwards that of what is asked once a
// step has been answered.
const (
	OfGlobals  = "global secrets"
	Afterwards = "afterwards"
)

type trailKey struct{}

type stage struct {
	trail *Trail
	name  string
}

// On has the requests that a target sends under the context kept by a trail; they
// belong to the stage of that name, such as "create".
func On(ctx context.Context, t *Trail, name string) context.Context {
	return context.WithValue(ctx, trailKey{}, stage{t, name})
}

// Keep gives an exchange to the trail of the context, if there is one; make is
// called only then.
func Keep(ctx context.Context, make func() Exchange) {
	if s, ok := ctx.Value(trailKey{}).(stage); ok {
		x := make()
		x.Stage = s.name
		s.trail.add(x)
	}
}
