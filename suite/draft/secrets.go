package draft

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
)

// secretFacts are how secrets of one scope are set, listed and removed.
type secretFacts struct {
	set, list, remove request
	names             string
}

func (s secretFacts) complete() bool { return s.set.set() && s.list.set() && s.remove.set() }

// findTenantSecrets looks for the tenant's secrets. A guess holds where the name
// shows in the list after it was set, and no longer after it was removed.
func (d *drafting) findTenantSecrets(ctx context.Context) error {
	lists := map[string]string{}
	for _, g := range d.tenantAnswers(d.tenantGuesses()) {
		if err := ctx.Err(); err != nil {
			return err
		}
		before, asked := lists[g.list.String()]
		if !asked {
			before = d.listable(ctx, g.list)
			lists[g.list.String()] = before
		}
		if before != "" {
			continue // nothing is listed there, or something is in the way
		}
		if found, ok := d.keeps(ctx, g); ok {
			d.tenant = found
			d.note("secrets of the tenant: %s", found.set)
			return nil
		}
	}
	d.miss("secrets.global", "No way was found to set, list and remove a secret of the tenant. The profile does not claim global-scope. If your server has one, say so: --set secrets.global.set.request=…, …list.request=…, …remove.request=…")
	return nil
}

func (d *drafting) tenantAnswers(guesses []secretGuess) []secretGuess {
	set, told := d.Answers["secrets.global.set.request"]
	if !told {
		return guesses
	}
	g := secretGuess{}
	g.set, _ = parseRequest(set)
	g.list = first1(d.answered("secrets.global.list.request", nil))
	g.remove = first1(d.answered("secrets.global.remove.request", nil))
	return []secretGuess{g}
}

func first1(list []request) request {
	if len(list) == 0 {
		return request{}
	}
	return list[0]
}

// listable says why a list cannot be used; "" where it can.
func (d *drafting) listable(ctx context.Context, list request) string {
	if !list.set() {
		return "there is no list"
	}
	answer := d.try(ctx, list, variables{})
	switch {
	case !answer.ok() || answer.json == nil && strings.TrimSpace(string(answer.body)) != "null":
		return "it lists nothing"
	case bytes.Equal(answer.body, d.try(ctx, request{method: "GET", path: "/draft-" + random()}, variables{}).body):
		return "every path is answered so"
	case answer.holds(d.credential):
		d.miss("secrets.global", fmt.Sprintf("%s names %s already, and init touches nothing that it has not made. Run init at a server without secrets.", list, d.credential))
		return "it is taken"
	}
	return ""
}

// keeps sets a secret, looks for it in the list, and removes it again.
func (d *drafting) keeps(ctx context.Context, g secretGuess) (secretFacts, bool) {
	v := variables{key: d.credential, value: text(d.live()[d.credential])}
	if !d.sets(ctx, g.set, v) {
		return secretFacts{}, false
	}
	names, ok := namesIn(d.try(ctx, g.list, variables{}), v.key)
	if !ok {
		return secretFacts{}, false
	}
	answer := d.try(ctx, g.remove, v)
	if _, still := namesIn(d.try(ctx, g.list, variables{}), v.key); !answer.ok() || still {
		return secretFacts{}, d.undo(ctx, g, v)
	}
	return secretFacts{g.set, g.list, g.remove, names}, true
}

// sets sends a secret. A path that takes no such method is not asked again, nor
// is a request that was refused.
func (d *drafting) sets(ctx context.Context, r request, v variables) bool {
	path, whole := r.method+" "+r.path, r.String()
	if d.refused[whole] || d.absent[path] >= 3 {
		return false
	}
	answer := d.try(ctx, r, v)
	switch d.refused[whole] = !answer.ok(); answer.status {
	case 404: // some answer so to a body that they do not understand
		d.absent[path]++
	case 0, 405, 501:
		d.absent[path] = 3
	}
	return answer.ok()
}

// undo tries every other way to remove what a guess has set, and names it where
// none does. It returns false, for the guess did not hold.
func (d *drafting) undo(ctx context.Context, g secretGuess, v variables) bool {
	for _, other := range d.tenantGuesses() {
		if other.list.path != g.list.path {
			continue
		}
		d.try(ctx, other.remove, v)
		if _, still := namesIn(d.try(ctx, g.list, variables{}), v.key); !still {
			return false
		}
	}
	d.miss("secrets.global", fmt.Sprintf("%s set %s, and nothing that was tried removed it; remove it by hand", g.set, v.key))
	return false
}

// namesIn is the expression for the names in a list that holds the name.
func namesIn(r *reply, name string) (string, bool) {
	if !r.ok() {
		return "", false
	}
	for _, way := range where(r.json, name) {
		if list, item, inList := way.split(); inList {
			if len(item) == 0 {
				return fmt.Sprintf("[%s[]?]", list.jq(".body")), true
			}
			return fmt.Sprintf("[%s[]? | %s]", list.jq(".body"), item.jq("")), true
		}
	}
	for _, l := range leaves(r.json) { // an object whose keys are the names
		if i := slices.Index(l.path, any(name)); i >= 0 {
			return fmt.Sprintf("(%s | keys)", l.path[:i].jq(".body")), true
		}
	}
	return "", false
}
