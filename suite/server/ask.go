package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/molecule-ai/byok-conformance/internal/spelled"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// A NotDoneError says that a server answered a request and did not do what it
// asked for: what was meant to be set is not set.
type NotDoneError struct {
	// Request is the method and the path as they were sent.
	Request string
	// Status and Body are those of the reply; Body is cut and not masked.
	Status int
	Body   string
	// Why is empty where the reply alone says it.
	Why string
}

func (e *NotDoneError) Error() string {
	text := strings.TrimSpace(fmt.Sprintf("%s was not done: the server answered %d %s", e.Request, e.Status, e.Body))
	if e.Why != "" {
		text += "; " + e.Why
	}
	return text
}

func notDone(r *httpReply, why string) error {
	return &NotDoneError{r.sent.Method + " " + r.sent.URL.RequestURI(), r.status, spelled.Line(spelled.Head(string(r.body), 200)), why}
}

// isDone reports whether a reply says that what a call asks for was done.
func (c *call) isDone(r *httpReply) bool {
	if c.done != nil {
		return r.is(c.done)
	}
	return r.status >= 200 && r.status < 300 && (r.status != 202 || c.later)
}

// ensure sends a request of the profile, and those that follow a reply which says
// that it is not done, and fails with a [NotDoneError] unless it is in the end.
// It returns the last reply, also with that error.
func (t *Target) ensure(ctx context.Context, c *call, a subject) (*httpReply, error) {
	r, err := t.do(ctx, c, a)
	if err != nil || c.isDone(r) {
		return r, err
	}
	if len(c.then) == 0 {
		return r, notDone(r, "")
	}
	if a, err = a.with(c, r); err != nil {
		return r, err
	}
	for _, f := range c.then {
		next := &f.call
		if f.again {
			next = c
		}
		if r, err = t.do(ctx, next, a); err != nil {
			return r, err
		}
		if !next.isDone(r) {
			return r, notDone(r, "and this came after a reply that asked for it (then of the profile)")
		}
	}
	return r, nil
}

// A subject is what a request of a profile is about.
type subject struct {
	workspace  target.Workspace
	key, value string
	// actualName is the name that the server gave the workspace.
	actualName string
	// values are those of a reply before it.
	values    map[string]string
	requestID string
}

// with adds the values that a call reads from a reply.
func (a subject) with(c *call, r *httpReply) (subject, error) {
	a.values = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(c.values)) {
		v := r.str(c.values[name])
		if v == "" {
			return a, notDone(r, fmt.Sprintf("values.%s of the profile finds no text there", name))
		}
		a.values[name] = v
	}
	return a, nil
}

// placeholders are what paths and headers may use.
func (a subject) placeholders() placeholders {
	p := placeholders{"id": a.workspace.ID, "name": a.workspace.Name, "key": a.key, "actual-name": a.actualName, "token": a.workspace.Token}
	maps.Copy(p, a.values)
	return p
}

// variables are what bodies may use, in the order of bodyVariables.
func (a subject) variables() []any {
	values := map[string]any{}
	for name, v := range a.values {
		values[name] = v
	}
	return []any{"", "", "", false, "", map[string]any{}, map[string]any{}, a.key, a.value, a.workspace.ID, a.workspace.Token, values}
}

// safeID says what is wrong with an id that would stand in a path; nil where it
// can. Another path would be asked, and what stands there is not ours.
func safeID(id string) error {
	switch {
	case id == "":
		return errors.New("the workspace's id is empty")
	case id == "." || id == "..", strings.ContainsAny(id, `/\`), strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("the workspace's id %s leads elsewhere, so no request is made with it", spelled.Line(fmt.Sprintf("%q", id)))
	}
	return nil
}
