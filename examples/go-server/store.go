package main

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	_ "modernc.org/sqlite"
)

var errMissing = errors.New("there is no such workspace")

// A store keeps workspaces and secrets. The tenant's secrets are those of the
// workspace "".
type store struct{ db *sql.DB }

// A workspace is a row, as clients see it.
type workspace struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Status string `json:"status"`
	// Attempt counts the provisionings.
	Attempt int      `json:"attempt"`
	Failure *failure `json:"failure,omitempty"`
}

type failure struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func openStore() (*store, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	db.SetMaxOpenConns(1) // each connection would have a memory of its own
	_, err = db.Exec(`
		CREATE TABLE workspaces (id TEXT PRIMARY KEY, title TEXT, runtime TEXT, model TEXT, external INTEGER,
			status TEXT DEFAULT 'provisioning', attempt INTEGER DEFAULT 0, code TEXT DEFAULT '', detail TEXT DEFAULT '');
		CREATE TABLE env (workspace TEXT, name TEXT, value TEXT, PRIMARY KEY (workspace, name));`)
	if err != nil {
		return nil, fmt.Errorf("making the tables: %w", err)
	}
	return &store{db}, nil
}

// insert stores a workspace and its secrets, both or neither.
func (s *store) insert(title string, q question) (id string, err error) {
	tx, err := s.db.Begin()
	if err != nil {
		return "", fmt.Errorf("storing a workspace: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit
	id = rand.Text()
	_, err = tx.Exec(`INSERT INTO workspaces (id, title, runtime, model, external) VALUES (?, ?, ?, ?, ?)`,
		id, title, q.Runtime, q.Model, q.External)
	for name, value := range q.Own {
		if err == nil {
			_, err = tx.Exec(`INSERT INTO env VALUES (?, ?, ?)`, id, name, value)
		}
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return "", fmt.Errorf("storing a workspace: %w", err)
	}
	return id, nil
}

// begin starts a provisioning and returns its number.
func (s *store) begin(id string) (attempt int, err error) {
	err = s.db.QueryRow(`UPDATE workspaces SET status = 'provisioning', code = '', detail = '', attempt = attempt + 1
		WHERE id = ? RETURNING attempt`, id).Scan(&attempt)
	return attempt, known(err)
}

// end notes what became of a provisioning, unless a later one has begun.
func (s *store) end(id string, attempt int, status string, f failure) error {
	_, err := s.db.Exec(`UPDATE workspaces SET status = ?, code = ?, detail = ? WHERE id = ? AND attempt = ?`,
		status, f.Code, f.Detail, id, attempt)
	return err
}

// question is what the gate is asked about a stored workspace.
func (s *store) question(id string) (q question, err error) {
	row := s.db.QueryRow(`SELECT runtime, model, external FROM workspaces WHERE id = ?`, id)
	if err = row.Scan(&q.Runtime, &q.Model, &q.External); err != nil {
		return q, known(err)
	}
	if q.Own, err = s.env(id); err == nil {
		q.Tenant, err = s.env("")
	}
	return q, err
}

// workspaces returns one workspace, or all for "".
func (s *store) workspaces(id string) ([]workspace, error) {
	list := []workspace{}
	err := s.each(func(rows *sql.Rows) error {
		var w workspace
		var f failure
		err := rows.Scan(&w.ID, &w.Title, &w.Status, &w.Attempt, &f.Code, &f.Detail)
		if f != (failure{}) {
			w.Failure = &f
		}
		list = append(list, w)
		return err
	}, `SELECT id, title, status, attempt, code, detail FROM workspaces WHERE ? IN (id, '') ORDER BY rowid`, id)
	if err == nil && id != "" && len(list) == 0 {
		err = errMissing
	}
	return list, err
}

func (s *store) env(workspace string) (map[string]string, error) {
	env := map[string]string{}
	err := s.each(func(rows *sql.Rows) error {
		var name, value string
		err := rows.Scan(&name, &value)
		env[name] = value
		return err
	}, `SELECT name, value FROM env WHERE workspace = ?`, workspace)
	return env, err
}

func (s *store) setEnv(workspace, name, value string) error {
	_, err := s.db.Exec(`INSERT INTO env VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value`, workspace, name, value)
	return err
}

func (s *store) unsetEnv(workspace, name string) (found bool, err error) {
	result, err := s.db.Exec(`DELETE FROM env WHERE workspace = ? AND name = ?`, workspace, name)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

func (s *store) remove(id string) error {
	if _, err := s.workspaces(id); err != nil {
		return err
	}
	_, err := s.db.Exec(`DELETE FROM env WHERE workspace = ?1; DELETE FROM workspaces WHERE id = ?1`, id)
	return err
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
