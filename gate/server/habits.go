package server

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Habits are what a server with a database, approvals and an engine of its own
// does beyond the plain API. Each is lawful but PoolSize. The zero value has none.
type Habits struct {
	// Approvals has a workspace secret that the administrator writes wait for an
	// approval (202, nothing is set). The workspace's own token writes at once.
	Approvals bool
	// RowsComeBack answers 500 to a delete while provisioning is under way, and
	// the provisioning, once it ends, writes the row again.
	RowsComeBack bool
	// EventDelay is how long the event of a failed provisioning comes after its status.
	EventDelay time.Duration
	// StaleFailure has a restart begin a moment after its reply, and the failure of an
	// earlier provisioning told meanwhile.
	StaleFailure bool
	// NoEventIDs leaves out the ids of events.
	NoEventIDs bool
	// Root is the name of a workspace that is there from the beginning; new ones
	// nest under it. Empty: there is none, and nothing nests.
	Root string
	// Nests has the first workspace become the parent of those that come after it.
	// A delete takes those along that nest under a workspace, with Root, too.
	Nests bool
	// NameSuffix is added to the name of every workspace.
	NameSuffix string
	// PageSize is how many workspaces one page of the list holds; 0 means all.
	// Link names the next page (RFC 8288), which ?after= asks for.
	PageSize int
	// ProvisionTime is how long a provisioning takes before the gate is asked,
	// and CreateTime how long a create takes.
	ProvisionTime, CreateTime time.Duration
	// RestartDelay has a change of a secret restart, so long after its reply, the
	// workspaces that it touches, unless the workspace's own token changed it.
	RestartDelay time.Duration
	// SilentLimit leaves the limit on clients out of the replies that are below it.
	SilentLimit bool
	// LargeCreateTime is how long a create with many secrets has the database to
	// itself; everybody else waits meanwhile.
	LargeCreateTime time.Duration
	// PoolSize breaks ROB-3: a pool of so many connections. A create holds one
	// and takes another for its secrets, where there are many, so that enough of
	// them at once wait for each other for good, and everybody for them.
	PoolSize int
}

// manySecrets is how many secrets of a create need a connection of their own.
const manySecrets = 16

// A pool is what Habits.PoolSize makes: tokens that requests hold.
type pool chan struct{}

func newPool(size int) pool {
	if size == 0 {
		return nil
	}
	return make(pool, size)
}

// hold takes a connection, and another one where there are many secrets, and
// returns what gives them back. It returns nil once the server is closed.
func (s *Server) hold(secrets int) (release func()) {
	if s.habits.LargeCreateTime > 0 {
		s.storing.Lock()
		defer s.storing.Unlock()
		if secrets > manySecrets {
			pauseFor(s.ended, s.habits.LargeCreateTime)
		}
	}
	if s.pool == nil {
		return func() {}
	}
	take := func() bool {
		select {
		case s.pool <- struct{}{}:
			return true
		case <-s.ended:
			return false
		}
	}
	held := 0
	if take() {
		held++
	}
	if secrets > manySecrets {
		pauseFor(s.ended, 50*time.Millisecond) // the first statements of the transaction
		if take() {
			held++
		}
	}
	return func() {
		for range held {
			<-s.pool
		}
	}
}

// pauseFor waits, but no longer than until ended is closed.
func pauseFor(ended <-chan struct{}, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ended:
	}
}

// seed adds the root that is there from the beginning.
func (s *Server) seed() {
	if s.habits.Root == "" {
		return
	}
	s.created++
	row := &workspace{
		id: newUUID(), name: s.habits.Root, kind: "platform", runtime: "hermes", place: s.created,
		status: statusFailed, reason: "the root workspace has no credential",
	}
	s.rows[row.id], s.names[row.name], s.root = row, row.id, row.id
}

// nest puts a new row under the root, or makes it the root. Server.mu is held.
func (s *Server) nest(row *workspace) {
	if s.habits.Root == "" && !s.habits.Nests {
		return
	}
	if root := s.rows[s.root]; root == nil || root.removed {
		s.root = row.id
		return
	}
	row.parent = s.root
}

// descendants are the live rows under a row, and itself. Server.mu is held.
func (s *Server) descendants(row *workspace) []*workspace {
	out := []*workspace{row}
	if s.habits.Root == "" && !s.habits.Nests {
		return out
	}
	for _, id := range s.names {
		if other := s.rows[id]; other.parent == row.id {
			out = append(out, other)
		}
	}
	return out
}

// comeBack writes a removed row again. Server.mu is held.
func (s *Server) comeBack(row *workspace) {
	name, err := s.freeName(row.name)
	if err != nil {
		return
	}
	row.name, row.removed = name, false
	s.names[name] = row.id
}

// page cuts a page out of the list, and names the next one.
func (s *Server) page(w http.ResponseWriter, r *http.Request, live []*workspace) []*workspace {
	size := s.habits.PageSize
	if size == 0 {
		return live
	}
	after, _ := strconv.Atoi(r.URL.Query().Get("after")) // no number means the first page
	from, _ := slices.BinarySearchFunc(live, after+1, func(row *workspace, place int) int { return cmp.Compare(row.place, place) })
	live = live[from:]
	if len(live) > size {
		live = live[:size]
		next := url.URL{Path: "/workspaces", RawQuery: fmt.Sprintf("after=%d", live[size-1].place)}
		w.Header().Set("Link", fmt.Sprintf("<%s>; rel=\"next\"", next.String()))
		w.Header().Set("X-Next-Page", strconv.Itoa(live[size-1].place))
	}
	return live
}

// InPieces returns a writer that passes every write on in pieces of at most size
// bytes, as a process does whose output is a pipe. Writes are serialised.
func InPieces(w io.Writer, size int) io.Writer { return &pieces{w: w, size: size} }

type pieces struct {
	mu   sync.Mutex
	w    io.Writer
	size int
}

func (p *pieces) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for piece := range slices.Chunk(data, p.size) {
		if n, err := p.w.Write(piece); err != nil {
			return n, err
		}
	}
	return len(data), nil
}
