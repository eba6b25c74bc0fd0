package suite

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/molecule-ai/byok-conformance/registry"
	"github.com/molecule-ai/byok-conformance/scenarios"
	"github.com/molecule-ai/byok-conformance/suite/server"
	"github.com/molecule-ai/byok-conformance/suite/target"
)

// A smallServer is as much of a workspace server as a check asks for. Its
// workspaces are listed and deleted by id.
type smallServer struct {
	token string
	// probe is called with each create's first credential; nil asks nobody.
	probe func(value string)
	mu    sync.Mutex
	rows  map[string]string
	// globals are the names of the global secrets; keeps: they are not removed, and
	// the reply says that they are; drops: they are not set, likewise.
	globals      []string
	keeps, drops bool
	// own are the workspaces' secrets by id; keepsOwn: they are not removed, and the
	// reply says that they are. ungated: a restart does not look at them. moodyState:
	// no state says that a workspace runs.
	own                           map[string]map[string]string
	keepsOwn, ungated, moodyState bool
	// keepsRows: a deleted workspace stays listed, and the reply says that it is gone.
	keepsRows bool
	// failed are the ids whose last restart was refused.
	failed map[string]bool
}

// ofWorkspace answers what is asked about one workspace.
func (s *smallServer) ofWorkspace(w http.ResponseWriter, r *http.Request, rest string) {
	id, what, _ := strings.Cut(rest, "/")
	what, name, _ := strings.Cut(what, "/")
	switch {
	case what == "" && r.Method == http.MethodDelete:
		if !s.keepsRows {
			delete(s.rows, id)
		}
		reply(w, 200, "{}")
	case what == "" && s.moodyState:
		reply(w, 200, `{"status":"well"}`)
	case what == "" && s.failed[id]:
		reply(w, 200, `{"status":"failed"}`)
	case what == "":
		reply(w, 200, `{"status":"online"}`)
	case what == "secrets" && r.Method == http.MethodGet:
		names := slices.Sorted(maps.Keys(s.own[id]))
		text, _ := json.Marshal(names) // strings always encode
		reply(w, 200, string(text))
	case what == "secrets" && r.Method == http.MethodDelete:
		if !s.keepsOwn {
			delete(s.own[id], name)
		}
		reply(w, 200, "{}")
	case what == "secrets":
		var body struct{ Key, Value string }
		_ = json.NewDecoder(r.Body).Decode(&body) // a check sends what it should
		s.own[id][body.Key] = body.Value
		reply(w, 200, "{}")
	case what == "restart":
		s.failed[id] = !s.ungated && s.own[id]["ANTHROPIC_API_KEY"] == ""
		reply(w, 200, "{}")
	}
}

func (s *smallServer) secrets(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		list := []map[string]string{}
		for _, name := range s.globals {
			list = append(list, map[string]string{"key": name})
		}
		text, _ := json.Marshal(list) // strings always encode
		reply(w, 200, string(text))
	case http.MethodDelete:
		if !s.keeps {
			s.globals = slices.DeleteFunc(s.globals, func(name string) bool { return name == path.Base(r.URL.Path) })
		}
		reply(w, 200, "{}")
	default:
		var body struct{ Key string }
		_ = json.NewDecoder(r.Body).Decode(&body) // a check sends what it should
		if !s.drops {
			s.globals = append(s.globals, body.Key)
		}
		reply(w, 200, "{}")
	}
}

func (s *smallServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil {
		s.rows, s.own, s.failed = map[string]string{}, map[string]map[string]string{}, map[string]bool{}
	}
	if r.URL.Path != "/health" && r.Header.Get("Authorization") != "Bearer "+s.token {
		reply(w, 401, `{"error":"no"}`)
		return
	}
	rest, one := strings.CutPrefix(r.URL.Path, "/workspaces/")
	event, events := strings.CutPrefix(r.URL.Path, "/events/")
	switch {
	case r.URL.Path == "/health":
		reply(w, 200, "{}")
	case strings.HasPrefix(r.URL.Path, "/settings/secrets"):
		s.secrets(w, r)
	case r.URL.Path == "/workspaces" && r.Method == http.MethodPost:
		var body struct {
			Name    string
			Secrets map[string]string
		}
		_ = json.NewDecoder(r.Body).Decode(&body) // a check sends what it should
		for _, v := range body.Secrets {
			if s.probe != nil {
				s.probe(v)
			}
		}
		s.rows[body.Name], s.own[body.Name] = body.Name, body.Secrets
		reply(w, 201, `{"id":"`+body.Name+`"}`)
	case r.URL.Path == "/workspaces":
		list := []map[string]string{}
		for id, name := range s.rows {
			list = append(list, map[string]string{"id": id, "name": name})
		}
		text, _ := json.Marshal(list) // strings always encode
		reply(w, 200, string(text))
	case events && s.failed[event]:
		reply(w, 200, `[{"id":1,"event_type":"WORKSPACE_PROVISION_FAILED","payload":{"code":"MISSING_BYOK_CREDENTIAL"}}]`)
	case events:
		reply(w, 200, "[]")
	case one:
		s.ofWorkspace(w, r, rest)
	default:
		http.NotFound(w, r)
	}
}

// asking returns a probe of the provider that the check's scenario derives.
func asking(t *testing.T, p *Providers, s *scenarios.Scenario, reg *registry.Registry) func(string) {
	provider := reg.Provider(s.Steps[0].Expect.Providers[0])
	return func(value string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, provider.ProbeBase()+"/models", nil)
		if err != nil {
			t.Error(err)
			return
		}
		r.Header.Set("Authorization", "Bearer "+value)
		r.Header.Set("X-Api-Key", value)
		if resp, err := p.RoundTripper().RoundTrip(r); err == nil {
			_ = resp.Body.Close()
		}
	}
}

// TestCheck holds each point to what is wrong with a server or its profile, and
// every check to leaving nothing behind.
func TestCheck(t *testing.T) {
	builtIn, err := os.ReadFile("server/profiles/workspace-server.yaml")
	if err != nil {
		t.Fatal(err)
	}
	right := []string{"ok reachable", "ok authorised", "ok global secrets", "ok create", "ok delete", "ok probe", "ok list", "ok set and remove", "ok workspace secret", "ok provision"}
	// but is right with some points in the place of others.
	but := func(pairs ...string) []string {
		text := strings.Join(right, "\n") + "\n"
		for i := 0; i < len(pairs); i += 2 {
			text = strings.Replace(text, pairs[i]+"\n", pairs[i+1]+"\n", 1)
		}
		return strings.Split(strings.TrimSpace(text), "\n")
	}
	// Where nothing can be deleted, no more is made.
	undeleted := []string{"ok reachable", "ok authorised", "ok global secrets", "ok create", "wrong delete", "ok probe", "ok list", "ok set and remove"}
	listed := []string{"    remove: {request: {method: DELETE, path: \"/workspaces/${id}/secrets/${key}\"}}\n", "    remove: {request: {method: DELETE, path: \"/workspaces/${id}/secrets/${key}\"}}\n    list: {request: {method: GET, path: \"/workspaces/${id}/secrets\"}, names: .body}\n"}
	tests := []struct {
		name   string
		change func(*smallServer)
		// edit replaces in the profile; token is the server's.
		edit   []string
		token  string
		silent bool
		// slowFirst: the first probe does not arrive.
		slowFirst bool
		// keeps and drops are the server's.
		keeps, drops bool
		want         []string
		// fault is that of the first point that is wrong, and advice a piece of it.
		fault, advice string
	}{
		{name: "nothing wrong", want: right},
		{name: "wrong token", token: "other", want: []string{"ok reachable", "wrong authorised", "not asked global secrets"}, fault: target.InServer, advice: "the same token"},
		{name: "wrong health path", edit: []string{"path: /health", "path: /healthz"}, want: []string{"wrong reachable", "not asked authorised", "not asked global secrets"}, fault: target.InProfile, advice: "correct health.request"},
		{name: "wrong path of the global secrets", edit: []string{"list: {request: {method: GET, path: /settings/secrets}", "list: {request: {method: GET, path: /secrets}"}, want: []string{"ok reachable", "ok authorised", "wrong global secrets"}, fault: target.InProfile, advice: "secrets.global.list"},
		{name: "wrong path of create", edit: []string{"    method: POST\n    path: /workspaces\n", "    method: POST\n    path: /agents\n"}, want: []string{"ok reachable", "ok authorised", "ok global secrets", "wrong create", "not asked delete", "not asked probe", "ok set and remove"}, fault: target.InProfile, advice: "correct create.request"},
		{name: "no id where it is looked for", edit: []string{"id: .body.id\n", "id: .body.uuid\n"}, want: []string{"ok reachable", "ok authorised", "ok global secrets", "wrong create", "ok delete", "ok probe", "ok set and remove"}, fault: target.InProfile, advice: "correct create.id"},
		{name: "a success that is none by the profile", edit: []string{"allowed: .status == 201", "allowed: .status == 200"}, want: []string{"ok reachable", "ok authorised", "ok global secrets", "wrong create", "ok delete", "ok probe", "ok set and remove"}, fault: target.InProfile, advice: "correct create.allowed"},
		{name: "a delete that is none by the profile", edit: []string{"removed: .status == 200 or .status == 404", "removed: .status == 204 or .status == 404"}, want: undeleted, fault: target.InProfile, advice: "correct workspaces.remove"},
		{name: "a removal that removes nothing", keeps: true, want: but("ok set and remove", "wrong set and remove"), fault: target.InProfile, advice: "secrets.global.remove"},
		{name: "a setting that sets nothing", drops: true, want: but("ok set and remove", "wrong set and remove"), fault: target.InProfile, advice: "secrets.global.set"},
		{name: "a list that names other workspaces", edit: []string{"{id: (.id | tostring), name: .name", "{id: (.name + \"x\"), name: .name"}, want: but("ok list", "wrong list"), fault: target.InProfile, advice: "correct workspaces.list"},
		{name: "a workspace's secret that stays, at a server that lists them", change: func(s *smallServer) { s.keepsOwn = true }, edit: listed,
			want: but("ok workspace secret", "wrong workspace secret", "ok provision", "not asked provision"), fault: target.InProfile, advice: "correct secrets.workspace.remove"},
		{name: "a workspace's secret that is gone, at a server that lists them", edit: listed, want: right},
		{name: "a workspace's secret that stays, at a server that does not", change: func(s *smallServer) { s.keepsOwn = true }, want: but("ok provision", "not met provision")},
		{name: "a restart that does not look", change: func(s *smallServer) { s.ungated = true }, edit: listed, want: but("ok provision", "not met provision")},
		{name: "a state that says nothing", change: func(s *smallServer) { s.moodyState = true }, edit: []string{"  passed: workspace start failed\n  within: 20s", "  within: 100ms"},
			want: but("ok provision", "wrong provision"), fault: target.InProfile, advice: "correct provision."},
		{name: "a write that is only promised", edit: []string{"      values: {approval: .body.approval_id}\n", "      done: .status == 201\n      values: {approval: .body.key}\n"},
			want: but("ok workspace secret", "wrong workspace secret", "ok provision", "not asked provision"), fault: target.InProfile, advice: "say with done"},
		{name: "a first probe that does not come to us, as of a JVM that is slow to start", slowFirst: true, want: right},
		{name: "a delete that deletes nothing", change: func(s *smallServer) { s.keepsRows = true }, want: undeleted, fault: target.InProfile, advice: "workspaces.remove"},
		{name: "probes that do not come to us", silent: true, want: but("ok probe", "not met probe")},
	}
	reg := registry.Embedded()
	corpus, err := scenarios.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	all, err := corpus.Expand(reg)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := string(builtIn)
			for i := 0; i < len(test.edit); i += 2 {
				if !strings.Contains(text, test.edit[i]) {
					t.Fatalf("the profile does not hold %q", test.edit[i])
				}
				text = strings.Replace(text, test.edit[i], test.edit[i+1], 1)
			}
			p, err := server.ParseProfile("f", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			cfg := Config{Registry: reg, Scenarios: all, Providers: NewProviders(reg), Claims: p.Claims, Budget: time.Second, Seed: "s", cleanWithin: time.Second}
			fake := &smallServer{token: "t", keeps: test.keeps, drops: test.drops}
			if test.change != nil {
				test.change(fake)
			}
			if test.token != "" {
				fake.token = test.token
			}
			if !test.silent {
				fake.probe = asking(t, cfg.Providers, plainest(cfg), reg)
			}
			if arrives, asked := fake.probe, 0; test.slowFirst {
				fake.probe = func(value string) {
					if asked++; asked > 1 {
						arrives(value)
					}
				}
			}
			s := httptest.NewServer(fake)
			defer s.Close()
			srv, err := server.New(p, s.URL, server.Options{Env: func(string) (string, bool) { return "t", true }})
			if err != nil {
				t.Fatal(err)
			}
			points := checked(t, t.Context(), srv, cfg)
			var got []string
			var wrong target.Point
			for _, p := range points {
				got = append(got, string(p.State)+" "+p.Asked)
				if p.State == target.Wrong && wrong.State == "" {
					wrong = p
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("points (-want +got):\n%s\n%+v", diff, points)
			}
			if wrong.Fault != test.fault || !strings.Contains(wrong.Advice, test.advice) {
				t.Errorf("%s: %s, want %s and advice with %q", wrong.Fault, wrong.Advice, test.fault, test.advice)
			}
			if fake.mu.Lock(); len(fake.rows) > 0 && !fake.keepsRows {
				t.Errorf("left behind: %v", fake.rows)
			}
			fake.mu.Unlock()
		})
	}
}

// checked asks all points, as the command line does.
func checked(t *testing.T, ctx context.Context, srv *server.Target, cfg Config) []target.Point {
	t.Helper()
	points := srv.Prepare(ctx, false)
	if target.FirstWrong(points) != nil {
		return points
	}
	cfg.Target = srv
	more, err := Check(ctx, cfg, true)
	if err != nil {
		t.Fatal(err)
	}
	return append(points, more...)
}
