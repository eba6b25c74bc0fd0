package gate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molecule-ai/byok-conformance/gate"
	"github.com/molecule-ai/byok-conformance/registry"
)

func TestFindCredential(t *testing.T) {
	p := &registry.Provider{Name: "p", AuthEnv: []string{"FIRST_KEY", "SECOND_KEY", "THIRD_KEY"}}
	type m = map[string]gate.Secret
	workspace, global := gate.WorkspaceScope, gate.GlobalScope
	for _, c := range []struct {
		rule, name string
		workspace  m
		global     m
		wantName   string // empty: nothing is found
		wantScope  gate.Scope
		wantValue  string
	}{
		{"PRE-1", "nothing", nil, nil, "", "", ""},
		{"PRE-1", "empty maps", m{}, m{}, "", "", ""},
		{"PRE-2", "foreign at the workspace", secrets("OTHER_KEY", "o"), nil, "", "", ""},
		{"PRE-2", "foreign at the tenant", nil, secrets("OTHER_KEY", "o"), "", "", ""},
		{"PRE-2", "foreign at both", secrets("OTHER_KEY", "o"), secrets("FOREIGN_KEY", "f"), "", "", ""},
		{"PRE-2", "accepted beside foreign", secrets("OTHER_KEY", "o", "SECOND_KEY", "s"), secrets("FOREIGN_KEY", "f"), "SECOND_KEY", workspace, "s"},
		{"PRE-3", "empty", secrets("FIRST_KEY", ""), nil, "", "", ""},
		{"PRE-3", "blank", secrets("FIRST_KEY", " \t\r\n\v\f\u00a0\u2003"), nil, "", "", ""},
		{"PRE-3", "blank at both", secrets("FIRST_KEY", " "), secrets("FIRST_KEY", "\n"), "", "", ""},
		{"PRE-3", "blank beside a foreign value", secrets("FIRST_KEY", " ", "OTHER_KEY", "o"), nil, "", "", ""},
		{"PRE-3", "trimmed at the workspace", secrets("FIRST_KEY", " \tf f\n"), nil, "FIRST_KEY", workspace, "f f"},
		{"PRE-3", "trimmed at the tenant", nil, secrets("FIRST_KEY", "\r\nf\u00a0"), "FIRST_KEY", global, "f"},
		{"PRE-4", "the first name", secrets("FIRST_KEY", "f"), nil, "FIRST_KEY", workspace, "f"},
		{"PRE-4", "the second name", secrets("SECOND_KEY", "s"), nil, "SECOND_KEY", workspace, "s"},
		{"PRE-4", "the last name", nil, secrets("THIRD_KEY", "t"), "THIRD_KEY", global, "t"},
		{"PRE-5", "the tenant's alone", nil, secrets("FIRST_KEY", "g"), "FIRST_KEY", global, "g"},
		{"PRE-5", "the same name in both", secrets("FIRST_KEY", "w"), secrets("FIRST_KEY", "g"), "FIRST_KEY", workspace, "w"},
		{"PRE-5", "a blank value does not hide", secrets("FIRST_KEY", " "), secrets("FIRST_KEY", "g"), "FIRST_KEY", global, "g"},
		{"PRE-6", "in lower case", secrets("first_key", "f"), nil, "", "", ""},
		{"PRE-6", "with a blank behind it", secrets("FIRST_KEY ", "f"), nil, "", "", ""},
		{"PRE-6", "with a blank before it", nil, secrets(" FIRST_KEY", "f"), "", "", ""},
		{"PRE-6", "as a prefix", secrets("FIRST_KEY_OLD", "f"), nil, "", "", ""},
		{"PRE-6", "as a suffix", secrets("MY_FIRST_KEY", "f"), nil, "", "", ""},
		{"LIV-8", "in the order of the registry", secrets("THIRD_KEY", "t", "SECOND_KEY", "s"), nil, "SECOND_KEY", workspace, "s"},
		{"LIV-8", "the name before the scope", secrets("SECOND_KEY", "s"), secrets("FIRST_KEY", "f"), "FIRST_KEY", global, "f"},
		{"LIV-8", "a blank first name is passed over", secrets("FIRST_KEY", "", "SECOND_KEY", "s"), secrets("FIRST_KEY", " "), "SECOND_KEY", workspace, "s"},
		{"LIV-10", "unreadable counts", m{"FIRST_KEY": {Unreadable: true}}, nil, "FIRST_KEY", workspace, ""},
		{"LIV-10", "unreadable at the tenant", nil, m{"SECOND_KEY": {Unreadable: true}}, "SECOND_KEY", global, ""},
		{"LIV-10", "unreadable goes before the tenant's", m{"FIRST_KEY": {Unreadable: true}}, secrets("FIRST_KEY", "g"), "FIRST_KEY", workspace, ""},
	} {
		t.Run(c.rule+"/"+c.name, func(t *testing.T) {
			in := gate.Secrets{Workspace: c.workspace, Global: c.global}
			got, ok := gate.FindCredential(p, in)
			if ok != (c.wantName != "") || got.Name != c.wantName || got.Scope != c.wantScope || got.Secret.Value != c.wantValue {
				t.Errorf("%t %s of the %s with value %q; want %s of the %s with value %q",
					ok, got.Name, got.Scope, got.Secret.Value, c.wantName, c.wantScope, c.wantValue)
			}
			stored := c.workspace
			if got.Scope == global {
				stored = c.global
			}
			if got.Secret.Unreadable != stored[got.Name].Unreadable {
				t.Errorf("unreadable %t, want as stored", got.Secret.Unreadable)
			}
			for _, name := range p.AuthEnv {
				if want := c.workspace[name].Present() || c.global[name].Present(); in.InScope(name) != want {
					t.Errorf("InScope(%s) = %t, want %t", name, in.InScope(name), want)
				}
			}
		})
	}
}

// The predicate reads; it does not tidy what its caller holds.
func TestFindCredentialChangesNothing(t *testing.T) {
	in := gate.Secrets{Workspace: secrets("FIRST_KEY", " padded ")}
	gate.FindCredential(&registry.Provider{AuthEnv: []string{"FIRST_KEY"}}, in)
	if got := in.Workspace["FIRST_KEY"].Value; got != " padded " {
		t.Errorf("the stored value became %q", got)
	}
}

// Scope is asked for presence and for nothing else (DER-2).
func TestInScope(t *testing.T) {
	in := gate.Secrets{
		Workspace: map[string]gate.Secret{"W": {Value: "w"}, "BLANK": {Value: " \n"}, "HIDDEN": {Value: ""}, "LOST": {Unreadable: true}},
		Global:    map[string]gate.Secret{"G": {Value: "g"}, "HIDDEN": {Value: "g"}},
	}
	got := map[string]bool{}
	for _, name := range []string{"W", "G", "BLANK", "HIDDEN", "LOST", "w", "NONE", ""} {
		got[name] = in.InScope(name)
	}
	want := map[string]bool{"W": true, "G": true, "BLANK": false, "HIDDEN": true, "LOST": true, "w": false, "NONE": false, "": false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("in scope (-want +got):\n%s", diff)
	}
	if (gate.Secrets{}).InScope("W") {
		t.Error("a name is in a scope that holds nothing")
	}
}
