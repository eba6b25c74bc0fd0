package draft

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// rowFacts are what is known of the workspaces that are there.
type rowFacts struct {
	remove  request
	removed string // when it counts as removed, in jq
	list    request
	items   string
	// idIn and nameIn lead from a row to its id and its name; nil where unknown.
	idIn, nameIn path
	// state shows one workspace; unset where none was found.
	state request
}

// findRows looks for where a reply holds the id, and for the ways to look at
// workspaces, to list them and to delete one. They prove each other.
func (d *drafting) findRows(ctx context.Context) error {
	d.findList(ctx)
	d.findState(ctx)
	if err := d.findRemove(ctx); err != nil {
		return err
	}
	if d.rows.list.set() {
		d.note("listed: %s", d.rows.list)
	} else {
		d.miss("workspaces.list", "No request was found that lists workspaces. The profile does not claim atomicity: what a refused create leaves behind is not looked for.")
	}
	return nil
}

// findList looks for a list that holds the id of a new workspace, and learns
// which value of a create's reply is the id.
func (d *drafting) findList(ctx context.Context) {
	v, answer := d.another(ctx)
	for _, r := range d.answered("workspaces.list.request", d.listGuesses()) {
		shown := d.try(ctx, r, variables{})
		if !shown.ok() {
			continue
		}
		for _, id := range idCandidates(answer) {
			for _, way := range where(shown.json, id.text) {
				list, item, inList := way.split()
				if !inList {
					continue
				}
				row := at(shown.json, way[:len(list)+1])
				d.learnID(id)
				d.rows.list, d.rows.idIn = r, item
				d.rows.items = fmt.Sprintf("[%s[]? | {id: %s, name: %s}]", list.jq(".body"), asText(item.jq(""), at(row, item)), d.nameIn(row, v.name))
				return
			}
		}
	}
}

// nameIn is the expression for a row's name.
func (d *drafting) nameIn(row any, name string) string {
	if ways := where(row, name); len(ways) > 0 {
		d.rows.nameIn = ways[0]
		return ways[0].jq("")
	}
	for _, field := range d.create.shape.fields["name"] {
		return path{field}.jq("")
	}
	return ".name"
}

func (d *drafting) learnID(id idCandidate) {
	if d.create.id == "" {
		d.create.id, d.create.idPath = id.expression, id.path
	}
}

// another makes one more workspace with a live credential.
func (d *drafting) another(ctx context.Context) (variables, *reply) {
	v := d.values(d.live())
	return v, d.tryCreate(ctx, d.create.ask(d.create.shape), v)
}

// idOf is the id that a create's reply holds.
func (d *drafting) idOf(r *reply) string {
	for _, id := range idCandidates(r) {
		if d.create.id == "" || id.expression == d.create.id {
			return id.text
		}
	}
	return ""
}

// findState looks for a request that shows a workspace: it holds the id, and
// shows nothing for an id that nobody has.
func (d *drafting) findState(ctx context.Context) {
	_, answer := d.another(ctx)
	for _, r := range d.answered("provision.state.request", d.stateGuesses()) {
		for _, id := range idCandidates(answer) {
			if d.create.id != "" && id.expression != d.create.id {
				continue
			}
			shown := d.try(ctx, r, variables{id: id.text})
			if !shown.ok() || shown.json == nil || d.try(ctx, r, variables{id: "draft-" + random()}).ok() {
				continue
			}
			d.learnID(id)
			d.rows.state = r
			return
		}
	}
}

// findRemove looks for the request that deletes a workspace.
func (d *drafting) findRemove(ctx context.Context) error {
	seen := "nothing that was tried deleted a workspace"
	for _, r := range d.answered("workspaces.remove.request", d.removeGuesses()) {
		v, answer := d.another(ctx)
		for _, id := range idCandidates(answer) {
			if d.create.id != "" && id.expression != d.create.id {
				continue
			}
			v.id = id.text
			removed, answer := d.removes(ctx, r, v)
			if answer.status != 404 && !strings.Contains(seen, "answered") {
				seen = fmt.Sprintf("%s answered %d %s", r, answer.status, clip(strings.Join(strings.Fields(string(answer.body)), " "), 100))
			}
			if removed {
				d.learnID(id)
				d.rows.remove = r
				d.note("deleted: %s; the id stands at %s", r, d.create.id)
				return nil
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if _, ok := d.ask("workspaces.remove.request", "DELETE /v1/agents/${id}", seen); ok {
		return d.findRemove(ctx)
	}
	return fmt.Errorf("no request was found that deletes a workspace, and without one a run cannot clean up: %s. Say how: --set workspaces.remove.request='DELETE /PATH/${id}', and --set create.id=… if the id stands in an unusual place of the reply", d.Providers.mask(seen))
}

// removable reports whether what a create has made can be deleted.
func (d *drafting) removable(ctx context.Context, s shape) bool {
	v := d.values(d.live())
	answer := d.tryCreate(ctx, d.create.ask(s), v)
	for _, r := range d.answered("workspaces.remove.request", d.removeGuesses()) {
		for _, id := range idCandidates(answer) {
			v.id = id.text
			if removed, _ := d.removes(ctx, r, v); removed {
				return true
			}
		}
	}
	return false
}

// removes reports whether a request deletes a workspace. A 2xx alone proves
// nothing: the workspace must be gone, or an unknown one answered otherwise. It
// returns the first reply, too.
func (d *drafting) removes(ctx context.Context, r request, v variables) (bool, *reply) {
	answer := d.try(ctx, r, v)
	if !answer.ok() && answer.status < 500 {
		return false, answer
	}
	nobody := v
	nobody.id = "00000000-0000-4000-8000-" + random()[:12]
	unknown := d.try(ctx, r, nobody)
	if !answer.ok() && !d.gone(ctx, v.id) { // a 500 that has removed the row, too
		return false, answer
	}
	if answer.ok() && unknown.ok() && !d.gone(ctx, v.id) {
		return false, answer
	}
	statuses := []string{fmt.Sprintf(".status == %d", answer.status)}
	if unknown.status != answer.status && (unknown.status == 404 || unknown.status == 410) {
		statuses = append(statuses, fmt.Sprintf(".status == %d", unknown.status))
	}
	again := d.try(ctx, r, v)
	if s := fmt.Sprintf(".status == %d", again.status); (again.status == 404 || again.status == 410) && statuses[len(statuses)-1] != s {
		statuses = append(statuses, s)
	}
	d.rows.removed = strings.Join(statuses, " or ")
	return true, answer
}

// gone waits for a workspace to be shown no more; false where nothing shows it
// in the first place.
func (d *drafting) gone(ctx context.Context, id string) bool {
	if !d.rows.list.set() && !d.rows.state.set() {
		return false
	}
	for wait := 10 * time.Millisecond; wait < d.Settle; wait *= 2 {
		switch {
		case d.rows.list.set() && !d.try(ctx, d.rows.list, variables{}).holds(id):
			return true
		case !d.rows.list.set() && !d.try(ctx, d.rows.state, variables{id: id}).ok():
			return true
		}
		if d.pause(ctx, wait) != nil {
			return false
		}
	}
	return false
}

// cleanUp deletes every workspace that was made, and names what stays.
func (d *drafting) cleanUp(ctx context.Context) []string {
	var left []string
	for _, m := range d.made {
		id := d.idOf(m.reply)
		if !d.rows.remove.set() {
			left = append(left, fmt.Sprintf("workspace %s (%s)", m.name, id))
			continue
		}
		answer := d.try(ctx, d.rows.remove, variables{id: id, name: m.name})
		if answer.refused() && answer.status != 404 && answer.status != 410 {
			answer = d.try(ctx, d.rows.remove, variables{id: id, name: d.actualName(ctx, id)})
		}
		if !answer.ok() && answer.status != 404 && answer.status != 410 && !d.gone(ctx, id) {
			left = append(left, fmt.Sprintf("workspace %s (%s): deleting it answered %d", m.name, id, answer.status))
		}
	}
	d.made = nil
	return left
}

// actualName is the name that the list shows for an id; "" where it shows none.
func (d *drafting) actualName(ctx context.Context, id string) string {
	if !d.rows.list.set() {
		return ""
	}
	shown := d.try(ctx, d.rows.list, variables{})
	for _, way := range where(shown.json, id) {
		if list, _, inList := way.split(); inList {
			return text(at(at(shown.json, way[:len(list)+1]), d.rows.nameIn))
		}
	}
	return ""
}
