package draft

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// provisionFacts are what is known of provisioning a workspace again.
type provisionFacts struct {
	again            request
	pending, running string
	// failures lists what stopped it, as items {id, code, text}; reason is used
	// where no item can be told from an earlier one.
	failures           request
	list, reasonText   string
	reasonInsteadOfIDs bool
	// shows leads to the value that tells one that runs from one that was stopped;
	// shown is its value in the first.
	shows path
	shown any
	// passed is what a workspace fails with that had passed the gate.
	passed string
	// proved: one without its credential was seen to be stopped; probes: so was
	// one whose credential had died.
	proved, probes bool
}

// A showing is what the server shows of a workspace after it was provisioned:
// the values of its state as they came, and the last reply.
type showing struct {
	seen []any
	last any
	// answer is the reply to the request for another provisioning.
	answer *reply
}

// findProvisioning looks for the request that provisions again, and for what
// takes a workspace's secrets away, by what they do together: a workspace whose
// credential was removed is stopped, and it is not as long as it has one.
func (d *drafting) findProvisioning(ctx context.Context) error {
	if !d.rows.state.set() {
		d.miss("provision", "No request shows a single workspace, so no outcome of a provisioning can be seen. The profile does not claim provision-presence. If your server has one, say so: --set provision.state.request='GET /PATH/${id}'")
		return nil
	}
	_, answer := d.another(ctx)
	id := d.idOf(answer)
	first := d.watch(ctx, id, nil)
	for _, again := range d.answered("provision.again.request", d.againGuesses()) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !d.try(ctx, again, variables{id: id}).ok() || d.try(ctx, d.unspoken(again), variables{id: id}).ok() {
			continue
		}
		if d.findOwnSecrets(ctx, again, id, first) {
			d.note("provisioned again: %s", again)
			return nil
		}
	}
	d.miss("provision", "No request was found that provisions a workspace again and then stops one whose credential was removed. The profile does not claim provision-presence. If your server does that, say so: --set provision.again.request=…, secrets.workspace.set.request=…, secrets.workspace.remove.request=…")
	return nil
}

var lastWord = regexp.MustCompile(`[A-Za-z]+(\?[^/]*)?$`)

// unspoken is the request with a verb that no server has.
func (d *drafting) unspoken(r request) request {
	r.path = lastWord.ReplaceAllString(r.path, "draftnosuchverb$1")
	if strings.Contains(r.body, "action:") {
		r.body = `{action: "draftnosuchverb"}`
	}
	return r
}

// findOwnSecrets looks for the requests that remove and set a secret of the
// workspace, by what another provisioning comes to.
func (d *drafting) findOwnSecrets(ctx context.Context, again request, id string, first showing) bool {
	good := d.provisioned(ctx, again, id, nil)
	for _, g := range d.ownAnswers(d.ownGuesses()) {
		if ctx.Err() != nil {
			return false
		}
		v := variables{id: id, key: d.credential, value: text(d.live()[d.credential])}
		if d.refused[g.remove.String()] || !d.sets(ctx, g.set, v) {
			continue
		}
		removed := d.removesSecret(ctx, g, v)
		d.takeBack(ctx, v)
		if !removed {
			continue
		}
		bad := d.provisioned(ctx, again, id, good.last)
		if !d.readStop(ctx, again, id, first, good, bad) {
			continue
		}
		d.try(ctx, g.set, v)
		if better := d.provisioned(ctx, again, id, bad.last); d.stoppedAgain(better, bad) {
			d.try(ctx, g.remove, v) // what was set is not read
			d.takeBack(ctx, v)
			continue
		}
		d.again.again, d.again.proved = again, true
		d.own = secretFacts{set: g.set, remove: g.remove}
		d.findDeadLater(ctx, id)
		return true
	}
	return false
}

// takeBack removes a secret from the tenant that was meant for a workspace: a
// server that does not know the field which names the workspace keeps it there.
func (d *drafting) takeBack(ctx context.Context, v variables) {
	if !d.tenant.complete() {
		return
	}
	if _, there := namesIn(d.try(ctx, d.tenant.list, variables{}), v.key); there {
		d.try(ctx, d.tenant.remove, v)
	}
}

// removesSecret reports whether the server takes a request to remove a secret.
func (d *drafting) removesSecret(ctx context.Context, g secretGuess, v variables) bool {
	ok := d.try(ctx, g.remove, v).ok()
	d.refused[g.remove.String()] = !ok
	return ok
}

func (d *drafting) ownAnswers(guesses []secretGuess) []secretGuess {
	set, told := d.Answers["secrets.workspace.set.request"]
	if !told {
		return guesses
	}
	var g secretGuess
	g.set, _ = parseRequest(set)
	g.remove = first1(d.answered("secrets.workspace.remove.request", nil))
	return []secretGuess{g}
}

// provisioned asks for another provisioning and watches what comes of it.
// before is what is shown until then; nil where any end will do.
func (d *drafting) provisioned(ctx context.Context, again request, id string, before any) showing {
	answer := d.try(ctx, again, variables{id: id})
	out := d.watch(ctx, id, before)
	out.answer = answer
	return out
}

// quiet is how long a workspace must show the same to count as settled.
const quiet = 350 * time.Millisecond

// watch reads a workspace until it shows the same for a while, and, where
// before is not nil, something else than before, or until that takes too long.
func (d *drafting) watch(ctx context.Context, id string, before any) showing {
	var out showing
	began, since, last := time.Now(), time.Now(), ""
	for wait := time.Millisecond; ctx.Err() == nil; wait = min(2*wait, 50*time.Millisecond) {
		shown := d.try(ctx, d.rows.state, variables{id: id})
		if now := string(shown.body); now != last {
			last, since = now, time.Now()
			out.seen = append(out.seen, shown.json)
		}
		out.last = shown.json
		changed := before == nil || len(differing(before, shown.json)) > 0
		if still := time.Since(since) > quiet && !isPending(shown.json); still && (changed || time.Since(began) > d.Settle) || time.Since(began) > 10*d.Settle {
			return out
		}
		if d.pause(ctx, wait) != nil {
			return out
		}
	}
	return out
}

var stateKey = regexp.MustCompile(`(?i)^(status|state|phase|stage|lifecycle|condition|health)$`)

func isPending(v any) bool {
	for _, l := range leaves(v) {
		if stateKey.MatchString(l.path.key()) && slices.Contains(pendingStates, strings.ToLower(text(l.value))) {
			return true
		}
	}
	return false
}

// differing lists the ways to values that are not the same in both.
func differing(a, b any) []path {
	var out []path
	for _, pair := range [][2]any{{a, b}, {b, a}} {
		for _, l := range leaves(pair[0]) {
			if other := at(pair[1], l.path); other != l.value && !slices.ContainsFunc(out, l.path.equal) {
				out = append(out, l.path)
			}
		}
	}
	return out
}

// readStop reads how the server shows that the gate has stopped a workspace:
// what differs from one that runs, and differs not between two that do.
func (d *drafting) readStop(ctx context.Context, again request, id string, first, good, bad showing) bool {
	d.again = provisionFacts{}
	steady := func(p path) bool { return at(first.last, p) == at(good.last, p) }
	var changed []path
	for _, p := range differing(good.last, bad.last) {
		if steady(p) {
			changed = append(changed, p)
		}
	}
	if !d.readFailure(ctx, again, id, bad) {
		return false
	}
	for _, p := range changed {
		was, is := at(good.last, p), at(bad.last, p)
		if stateKey.MatchString(p.key()) && text(was) != "" && text(is) != "" {
			d.readState(p, first, good, bad)
			d.again.shows, d.again.shown = p, was
			return true
		}
	}
	if p, ok := d.failurePath(bad.last); ok && len(changed) > 0 {
		d.again.running, d.again.pending = fmt.Sprintf("%s == null", p.jq(".body")), "false"
		d.again.shows = p
		return at(good.last, p) == nil
	}
	if bad.answer.refused() && codeOf(bad.answer) == d.create.missing && d.create.missing != "" {
		d.again.running, d.again.pending = "true", "false"
		return true
	}
	return d.readPassed(ctx, good, id)
}

// failurePath leads to the object that holds the code of the failure.
func (d *drafting) failurePath(v any) (path, bool) {
	ways := where(v, d.create.missing)
	if len(ways) == 0 {
		return nil, false
	}
	return ways[0][:max(1, len(ways[0])-1)], true
}

// readState writes what counts as running and what as pending.
func (d *drafting) readState(p path, first, good, bad showing) {
	from := p.jq(".body")
	running, failed := text(at(good.last, p)), text(at(bad.last, p))
	d.again.running = fmt.Sprintf("%s == %s", from, jsonText(running))
	var pending []string
	for _, s := range [][]any{first.seen, good.seen, bad.seen} {
		for _, v := range s {
			if state := text(at(v, p)); state != "" && state != running && state != failed && !slices.Contains(pending, state) {
				pending = append(pending, state)
			}
		}
	}
	for _, state := range pendingStates {
		if state != running && state != failed && !slices.Contains(pending, state) {
			pending = append(pending, state)
		}
	}
	d.again.pending = oneOf(from, pending)
}

// readFailure looks for where a failure is told, with its code: in what is shown
// of the workspace, or in a list of events.
func (d *drafting) readFailure(ctx context.Context, again request, id string, bad showing) bool {
	code := d.create.missing
	if code == "" {
		return false
	}
	if bad.answer.refused() && codeOf(bad.answer) == code {
		return true // the request itself says so, which needs no more
	}
	for _, r := range append([]request{d.rows.state}, d.answered("provision.failures.request", d.failureGuesses())...) {
		shown := d.try(ctx, r, variables{id: id})
		if !shown.ok() || !shown.holds(code) {
			continue
		}
		if ways := where(shown.json, code); len(ways) > 0 {
			d.readItems(ctx, again, id, r, shown, ways)
			return true
		}
		d.again.failures, d.again.reasonInsteadOfIDs = r, true
		d.again.reasonText = ".text"
		return true
	}
	return false
}

// readItems writes how failures are listed. Each needs something that tells it
// from the one before: a value that grows with each failure.
func (d *drafting) readItems(ctx context.Context, again request, id string, r request, shown *reply, ways []path) {
	way := ways[0]
	list, item, inList := way.split()
	d.provisioned(ctx, again, id, shown.json)
	later := d.try(ctx, r, variables{id: id})
	d.again.failures = r
	if inList {
		row := at(shown.json, way[:len(list)+1])
		d.again.list = fmt.Sprintf("[%s[]? | select(%s != null) | {id: %s, code: %s, text: %s}]", list.jq(".body"), item.jq(""), d.eventID(row), item.jq(""), longest(row, item))
		return
	}
	for _, p := range differing(shown.json, later.json) {
		if value := at(later.json, p); value != nil && text(value) != "" && !stateKey.MatchString(p.key()) {
			d.again.list = fmt.Sprintf("[.body | select(%s != null) | {id: (%s | tostring), code: %s, text: %s}]", way.jq(""), p.jq(""), way.jq(""), longest(shown.json, way))
			return
		}
	}
	d.again.reasonInsteadOfIDs = true
	parent := path(way[:len(way)-1])
	d.again.reasonText = fmt.Sprintf("%s | select(%s != null) | tojson", parent.jq(".body"), path{way[len(way)-1]}.jq(""))
}

var eventKeys = []string{"id", "event_id", "uuid", "seq", "sequence", "number", "attempt", "created_at", "createdAt", "timestamp", "time", "at", "ts"}

// eventID tells one event from another.
func (d *drafting) eventID(row any) string {
	m, _ := row.(map[string]any)
	for _, k := range eventKeys {
		if _, ok := m[k]; ok {
			return "(" + path{k}.jq("") + " | tostring)"
		}
	}
	return "(. | tojson)"
}

// longest is the expression for the longest text beside the code.
func longest(v any, code path) string {
	parent := code[:len(code)-1]
	m, _ := at(v, parent).(map[string]any)
	best, size := code, -1
	for _, k := range sortedKeys(m) {
		if s, ok := m[k].(string); ok && k != code.key() && len(s) > size {
			best, size = append(slices.Clone(parent), k), len(s)
		}
	}
	return best.jq("")
}

// readPassed is for a server on which every workspace fails here, such as one
// without a container engine: it fails with other words once it passed the gate.
func (d *drafting) readPassed(ctx context.Context, good showing, id string) bool {
	if d.again.failures.method == "" {
		return false
	}
	for _, l := range leaves(good.last) {
		if !stateKey.MatchString(l.path.key()) || text(l.value) == "" {
			continue
		}
		from := l.path.jq(".body")
		d.again.pending = oneOf(from, pendingStates)
		d.again.running = oneOf(from, []string{"running", "online", "ready"})
		d.again.passed = d.passedText(ctx, id)
		return d.again.passed != ""
	}
	return false
}

// passedText is what a workspace with a live credential fails with.
func (d *drafting) passedText(ctx context.Context, id string) string {
	shown := d.try(ctx, d.again.failures, variables{id: id})
	for _, l := range leaves(shown.json) {
		if s, ok := l.value.(string); ok && strings.Contains(s, " ") && !strings.Contains(s, d.credential) && len(s) < 300 {
			words, _, _ := strings.Cut(s, ":")
			return words
		}
	}
	return ""
}

// oneOf is the condition that a value is one of some texts.
func oneOf(from string, values []string) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = jsonText(v)
	}
	return fmt.Sprintf("%s | IN(%s)", from, strings.Join(texts, ", "))
}

// stoppedAgain reports whether a workspace that has a credential again shows the
// same as without one.
func (d *drafting) stoppedAgain(better, bad showing) bool {
	if bad.answer.refused() {
		return better.answer.refused()
	}
	return d.again.passed == "" && at(better.last, d.again.shows) != d.again.shown
}

// findDeadLater provisions again with a credential that has died since.
func (d *drafting) findDeadLater(ctx context.Context, id string) {
	if !d.Intercepted || !d.create.probed {
		return
	}
	dead := d.Providers.value(d.route.Provider, d.credential, "dead")
	d.try(ctx, d.own.set, variables{id: id, key: d.credential, value: dead})
	d.provisioned(ctx, d.again.again, id, nil)
	d.again.probes = d.Providers.wasAsked(dead)
}

func jsonText(s string) string {
	data, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(data)
}
