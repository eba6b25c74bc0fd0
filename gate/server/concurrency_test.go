package server_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// together runs do(0) to do(n-1) at once.
func together(n int, do func(i int)) {
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	all.Wait()
}

func TestAHundredCreatesOfOneName(t *testing.T) {
	c := newClient(t, nil)
	statuses := make([]int, 100)
	together(100, func(i int) { statuses[i] = c.send("POST", "/workspaces", createBody("x", platform, nil)).status })
	count := map[int]int{}
	for _, status := range statuses {
		count[status]++
	}
	if diff := cmp.Diff(map[int]int{201: 20, 409: 80}, count); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	want := []string{"x"}
	for n := 2; n <= 20; n++ {
		want = append(want, fmt.Sprintf("x (%d)", n))
	}
	got := c.names()
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// Concurrent creates get the verdicts that they get alone.
func TestConcurrentCreatesDoNotMix(t *testing.T) {
	c := newClient(t, nil)
	kinds := []struct {
		value, code string
		status      int
	}{{"live", "", 201}, {"dead", "BYOK_CREDENTIAL_INVALID", 422}, {"", "MISSING_BYOK_CREDENTIAL", 422}, {"unknown", "", 201}}
	together(128, func(i int) {
		kind := kinds[i%len(kinds)]
		got := c.send("POST", "/workspaces", createBody(fmt.Sprintf("w-%d", i), claude, map[string]string{accepted: kind.value}))
		if got.status != kind.status || got.field("code") != kind.code {
			t.Errorf("credential %q: %d %s", kind.value, got.status, got.text)
		}
	})
	if n := c.server.Workspaces(); n != 64 {
		t.Errorf("%d workspaces, want 64", n)
	}
}

// Everything at once on a few workspaces; what counts is -race, that all of it
// ends, and that what is left is settled.
func TestEverythingAtOnce(t *testing.T) {
	c := newClient(t, nil)
	ids := make([]string, 4)
	for i := range ids {
		ids[i] = c.create(fmt.Sprintf("w-%d", i), claude, map[string]string{accepted: "live"})
	}
	together(16, func(i int) {
		id := ids[i%len(ids)]
		for range 20 {
			c.send("DELETE", "/workspaces/"+id+"/secrets/"+accepted, "")
			c.send("POST", "/workspaces/"+id+"/restart", "")
			c.send("PUT", "/settings/secrets", `{"key":"G","value":"v"}`)
			c.send("GET", "/workspaces", "")
			c.send("GET", "/events/"+id, "")
			c.send("DELETE", "/settings/secrets/G", "")
			c.send("POST", "/workspaces/"+id+"/secrets", `{"key":"ANTHROPIC_API_KEY","value":"live"}`)
		}
		if i == 0 {
			c.send("DELETE", "/workspaces/"+id+"?confirm=true", "", "X-Confirm-Name: w-0")
		}
		c.server.Wait()
	})
	if diff := cmp.Diff([]string{"w-1", "w-2", "w-3"}, c.names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for _, id := range ids[1:] {
		c.send("POST", "/workspaces/"+id+"/restart", "")
		c.server.Wait()
		if got := c.status(id); got != "online" {
			t.Errorf("status %q, want online", got)
		}
	}
}
