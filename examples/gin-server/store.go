package main

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	_ "modernc.org/sqlite"
)

var (
	errMissing   = errors.New("workspace not found")
	errNameTaken = errors.New("workspace name already in use")
)

// maxSameName is how many live workspaces may ask for one name: "x" to "x (20)".
const maxSameName = 20

// A store keeps workspaces, their secrets and their events in SQLite. The
// tenant's secrets are those of workspace "". Secrets are sealed.
type store struct {
	db   *sql.DB
	seal *sealer
}

// A workspace is a row, as clients see it.
type workspace struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Status   string `json:"status"`
	Runtime  string `json:"runtime"`
	Model    string `json:"model"`
	External bool   `json:"external"`
	// Reason is why it failed; it is shown in the list only.
	Reason string `json:"last_sample_error,omitempty"`
}

// An event says why a provisioning failed.
type event struct {
	ID          int64     `json:"id"`
	EventType   string    `json:"event_type"`
	WorkspaceID string    `json:"workspace_id"`
	Payload     refusal   `json:"payload"`
	CreatedAt   time.Time `json:"created_at"`
}

func openStore(file string) (*store, error) {
	seal, err := newSealer()
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", file, err)
	}
	db.SetMaxOpenConns(1) // one writer at a time; and each :memory: connection would be a database of its own
	_, err = db.Exec(`
		CREATE TABLE IF NOT EXISTS workspaces (id TEXT PRIMARY KEY, name TEXT UNIQUE, runtime TEXT, model TEXT, external INTEGER,
			status TEXT, reason TEXT DEFAULT '', attempt INTEGER DEFAULT 0);
		CREATE TABLE IF NOT EXISTS secrets (workspace TEXT, name TEXT, sealed BLOB, PRIMARY KEY (workspace, name));
		CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, workspace TEXT, code TEXT, error TEXT, provider TEXT, created TEXT);
		CREATE INDEX IF NOT EXISTS events_of ON events (workspace);`)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making the tables in %s: %w", file, err), db.Close())
	}
	return &store{db, seal}, nil
}

// insert stores a workspace and its secrets, both or neither, under the first
// free form of its name.
func (s *store) insert(w workspace, secrets map[string]string) (workspace, error) {
	tx, err := s.db.Begin()
	if err != nil {
		return w, fmt.Errorf("storing a workspace: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	if w.Name, err = freeName(tx, w.Name); err != nil {
		return w, err
	}
	w.ID = uuid.NewString()
	_, err = tx.Exec(`INSERT INTO workspaces (id, name, runtime, model, external, status) VALUES (?, ?, ?, ?, ?, ?)`,
		w.ID, w.Name, w.Runtime, w.Model, w.External, w.Status)
	for name, value := range secrets {
		if err == nil {
			_, err = tx.Exec(`INSERT INTO secrets VALUES (?, ?, ?)`, w.ID, name, s.seal.seal(w.ID, name, value))
		}
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return w, fmt.Errorf("storing a workspace: %w", err)
	}
	return w, nil
}

func freeName(tx *sql.Tx, name string) (string, error) {
	candidate := name
	for n := 2; n <= maxSameName+1; n++ {
		var taken bool
		if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM workspaces WHERE name = ?)`, candidate).Scan(&taken); err != nil {
			return "", fmt.Errorf("looking for the name of a workspace: %w", err)
		}
		if !taken {
			return candidate, nil
		}
		candidate = fmt.Sprintf("%s (%d)", name, n)
	}
	return "", errNameTaken
}

// begin starts a provisioning and returns its number.
func (s *store) begin(id string) (attempt int, err error) {
	err = s.db.QueryRow(`UPDATE workspaces SET status = 'provisioning', reason = '', attempt = attempt + 1
		WHERE id = ? RETURNING attempt`, id).Scan(&attempt)
	return attempt, known(err)
}

// end notes what became of a provisioning, unless a later one has begun; why is
// nil where the workspace runs.
func (s *store) end(id string, attempt int, why *refusal) error {
	status, reason := "online", ""
	if why != nil {
		status, reason = "failed", why.Error
	}
	done, err := s.db.Exec(`UPDATE workspaces SET status = ?, reason = ? WHERE id = ? AND attempt = ?`, status, reason, id, attempt)
	if err != nil {
		return fmt.Errorf("noting that workspace %s is %s: %w", id, status, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 || why == nil {
		return err
	}
	_, err = s.db.Exec(`INSERT INTO events (workspace, code, error, provider, created) VALUES (?, ?, ?, ?, ?)`,
		id, why.Code, why.Error, why.Provider, time.Now().UTC().Format(time.RFC3339Nano))
	if err != nil {
		return fmt.Errorf("noting why workspace %s failed: %w", id, err)
	}
	return nil
}

func (s *store) get(id string) (w workspace, err error) {
	row := s.db.QueryRow(`SELECT id, name, status, runtime, model, external FROM workspaces WHERE id = ?`, id)
	err = row.Scan(&w.ID, &w.Name, &w.Status, &w.Runtime, &w.Model, &w.External)
	return w, known(err)
}

func (s *store) list() ([]workspace, error) {
	list := []workspace{}
	err := s.each(func(rows *sql.Rows) error {
		var w workspace
		err := rows.Scan(&w.ID, &w.Name, &w.Status, &w.Runtime, &w.Model, &w.External, &w.Reason)
		list = append(list, w)
		return err
	}, `SELECT id, name, status, runtime, model, external, reason FROM workspaces ORDER BY rowid`)
	return list, err
}

// events lists those of a workspace, newest first.
func (s *store) events(id string) ([]event, error) {
	list := []event{}
	err := s.each(func(rows *sql.Rows) error {
		e := event{EventType: "WORKSPACE_PROVISION_FAILED", WorkspaceID: id}
		var created string
		err := rows.Scan(&e.ID, &e.Payload.Code, &e.Payload.Error, &e.Payload.Provider, &created)
		e.CreatedAt, _ = time.Parse(time.RFC3339Nano, created) // we wrote it
		list = append(list, e)
		return err
	}, `SELECT id, code, error, provider, created FROM events WHERE workspace = ? ORDER BY id DESC`, id)
	return list, err
}

func (s *store) remove(id string) error {
	_, err := s.db.Exec(`DELETE FROM secrets WHERE workspace = ?1; DELETE FROM workspaces WHERE id = ?1`, id)
	return err
}

// secrets are those of a workspace, or the tenant's for "".
func (s *store) secrets(workspace string) (map[string]secret, error) {
	out := map[string]secret{}
	err := s.each(func(rows *sql.Rows) error {
		var name string
		var sealed []byte
		if err := rows.Scan(&name, &sealed); err != nil {
			return err
		}
		value, err := s.seal.open(workspace, name, sealed)
		out[name] = secret{value, err != nil}
		return nil
	}, `SELECT name, sealed FROM secrets WHERE workspace = ?`, workspace)
	return out, err
}

func (s *store) setSecret(workspace, name, value string) error {
	_, err := s.db.Exec(`INSERT INTO secrets VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET sealed = excluded.sealed`,
		workspace, name, s.seal.seal(workspace, name, value))
	return err
}

func (s *store) removeSecret(workspace, name string) (found bool, err error) {
	result, err := s.db.Exec(`DELETE FROM secrets WHERE workspace = ? AND name = ?`, workspace, name)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

func (s *store) each(row func(*sql.Rows) error, query string, args ...any) error {
	rows, err := s.db.Query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func known(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return errMissing
	}
	return err
}
