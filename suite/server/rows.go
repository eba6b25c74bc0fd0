package server

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/molecule-ai/byok-conformance/suite/target"
)

// Remove deletes a workspace of ours, once its provisioning has come to rest: a
// server may write the row of one again that is deleted before. The name that the
// server gave it may differ from ours, so a refused delete is tried again with
// the listed name; one that does not begin with ours is never confirmed.
func (t *Target) Remove(ctx context.Context, w target.Workspace) error {
	if err := safeID(w.ID); err != nil {
		return err
	}
	_ = t.Settle(ctx, w) // what does not come to rest is deleted as it is
	remove := &t.profile.remove
	for _, name := range []func() (string, error){
		func() (string, error) { return w.Name, nil },
		func() (string, error) { return t.actualName(ctx, w) },
	} {
		actual, err := name()
		if err != nil {
			return err
		}
		r, err := t.do(ctx, &remove.call, subject{workspace: w, actualName: actual})
		if err != nil {
			return fmt.Errorf("deleting it: %w", err)
		}
		if r.is(remove.removed) {
			return nil
		}
	}
	return errors.New("the server did not delete it (workspaces.remove of the profile)")
}

// actualName is the name that the server gave a workspace of ours; an error where
// the one listed under the id does not begin with ours, and empty where none is.
func (t *Target) actualName(ctx context.Context, w target.Workspace) (string, error) {
	rows, err := t.Rows(ctx)
	if err != nil {
		return "", err
	}
	for _, row := range rows {
		switch {
		case row.ID != w.ID:
		case strings.HasPrefix(row.Name, w.Name):
			return row.Name, nil
		default:
			return "", fmt.Errorf("the server lists it as %q, which is not our name, so its deletion is not confirmed", row.Name)
		}
	}
	return "", nil
}

// Rows lists the server's workspaces, all pages of them.
func (t *Target) Rows(ctx context.Context) ([]target.Workspace, error) {
	l := &t.profile.list
	if !l.call.set {
		return nil, target.ErrNoList
	}
	items, _, err := t.pages(ctx, &l.call, l.items, l.next, subject{})
	if err != nil {
		return nil, fmt.Errorf("listing the workspaces (workspaces.list of the profile): %w", err)
	}
	var out []target.Workspace
	for _, item := range items {
		m, _ := item.(map[string]any)
		id, isText := m["id"].(string)
		if !isText && m["id"] != nil {
			return nil, fmt.Errorf("listing the workspaces: an id is not a string (%v); write it in workspaces.list.items as: (.id | tostring)", m["id"])
		}
		name, _ := m["name"].(string)
		parent, _ := m["parent"].(string)
		out = append(out, target.Workspace{ID: id, Name: name, Parent: parent})
	}
	return out, nil
}

// mostPages is how many pages of a list are read; a server that names more is
// taken to name them for ever.
const mostPages = 1000

// pages reads a list to its last page. next finds the path of the page after a
// reply; nil means that there is one page. status is that of the last reply; 0
// where there was none.
func (t *Target) pages(ctx context.Context, c *call, items, next *expression, a subject) (out []any, status int, err error) {
	page := *c
	for range mostPages {
		r, err := t.do(ctx, &page, a)
		if err != nil {
			return nil, 0, err
		}
		list, ok := r.ask(items).([]any)
		if err := t.overrun(); err != nil {
			return nil, r.status, err
		}
		if !ok || !c.isDone(r) {
			return nil, r.status, fmt.Errorf("status %d, and its expression finds no list", r.status)
		}
		out = append(out, list...)
		path := strings.TrimPrefix(r.str(next), *t.base.Load())
		if path == "" {
			return out, r.status, nil
		}
		if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
			return nil, r.status, fmt.Errorf("its next page is at %q, which is not a path of this server", path)
		}
		page.path = path
	}
	return nil, status, fmt.Errorf("it has more than %d pages; next finds one behind every page", mostPages)
}
