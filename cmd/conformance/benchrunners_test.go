package main

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkRunners replays the creates of BenchmarkHTTP with the runners that
// people would write such a suite in. They assert status and code, as a request
// collection does; what reached the providers they cannot see. One stands here
// where its program is named in the environment (see scripts/benchmarks).
func BenchmarkRunners(b *testing.B) {
	for _, r := range []struct {
		name, env, file string
		write           func(*limit) any
		args            []string
	}{
		{"newman", "NEWMAN", "collection.json", collection, []string{"run", "collection.json", "--silent"}},
		{"k6", "K6", "plan.json", k6Plan, []string{"run", "--quiet", "--vus", "8", "--iterations", "5000", "script.js"}},
	} {
		program := os.Getenv(r.env)
		if program == "" {
			continue
		}
		b.Run(r.name, func(b *testing.B) {
			p := benched(b, benchedScenarios)
			p.selected.Scenarios = p.selected.Scenarios[:benchedScenarios]
			l := newLimit(b, p)
			dir := b.TempDir()
			data, err := json.Marshal(r.write(l))
			if err != nil {
				b.Fatal(err)
			}
			for name, content := range map[string][]byte{r.file: data, "script.js": []byte(k6Script)} {
				if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				cmd := exec.Command(program, r.args...)
				cmd.Dir = dir
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v\n%.2000s", err, out)
				}
			}
			rate(b, len(l.plan))
		})
	}
}

// collection is the plan as a Postman collection, v2.1.
func collection(l *limit) any {
	type object = map[string]any
	var items []object
	for _, c := range l.plan {
		body, _ := json.Marshal(c.body) // maps of strings and booleans
		items = append(items, object{
			"name": c.body["name"],
			"request": object{
				"method": http.MethodPost, "url": l.url("/workspaces"), "body": object{"mode": "raw", "raw": string(body)},
				"header": []object{{"key": "Authorization", "value": "Bearer " + l.served.Token}, {"key": "Content-Type", "value": "application/json"}},
			},
			"event": []object{{"listen": "test", "script": object{"exec": []string{
				"var code = pm.response.json().code || '';",
				"pm.test('verdict', function () { pm.expect(pm.response.code).to.eql(" + wanted(c) + "); pm.expect(code).to.eql('" + c.code + "'); });",
			}}}},
		})
	}
	return object{"info": object{"name": "creates", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"}, "item": items}
}

func wanted(c limitCreate) string {
	if c.status == 0 {
		return "201"
	}
	return "422"
}

func k6Plan(l *limit) any {
	var creates []map[string]any
	for _, c := range l.plan {
		creates = append(creates, map[string]any{"body": c.body, "status": max(c.status, http.StatusCreated), "code": c.code})
	}
	return map[string]any{"url": l.url("/workspaces"), "token": l.served.Token, "creates": creates}
}

const k6Script = `import http from 'k6/http';
import exec from 'k6/execution';
import { SharedArray } from 'k6/data';
const plan = JSON.parse(open('./plan.json'));
const creates = new SharedArray('creates', () => plan.creates);
const headers = { 'Authorization': 'Bearer ' + plan.token, 'Content-Type': 'application/json' };
export default function () {
  const c = creates[exec.scenario.iterationInTest];
  const r = http.post(plan.url, JSON.stringify(c.body), { headers });
  if (r.status !== c.status || (r.json('code') || '') !== c.code) exec.test.abort(c.body.name + ': ' + r.status);
}
`
