package main

// provision starts a workspace in the background. The gate is asked again, about
// what is in scope now and not at create, before anything of it runs.
func (s *server) provision(id string) error {
	attempt, err := s.store.begin(id)
	if err != nil {
		return err
	}
	s.provisionings.Go(func() {
		if err := s.store.end(id, attempt, s.mayStart(id)); err != nil {
			s.log.Error("provisioning failed", "workspace", id, "cause", err)
		}
	})
	return nil
}

// mayStart returns why a workspace may not start, or nil.
func (s *server) mayStart(id string) *refusal {
	q, err := s.stored(id)
	if err != nil {
		s.log.Error("provisioning failed", "workspace", id, "cause", err)
		return &refusal{Error: "the workspace could not be read"}
	}
	if s.faults.CreateOnly {
		return nil
	}
	_, refused := s.gate.presence(s.faults.hidden(q))
	if refused != nil {
		s.log.Warn("provisioning refused", "workspace", id, "code", refused.Code, "provider", refused.Provider)
	}
	return refused
}

// stored is the question about a workspace as it is stored now.
func (s *server) stored(id string) (q question, err error) {
	w, err := s.store.get(id)
	if err != nil {
		return q, err
	}
	q = question{runtime: w.Runtime, model: w.Model, external: w.External}
	if q.workspace, err = s.store.secrets(id); err == nil {
		q.tenant, err = s.store.secrets("")
	}
	return q, err
}
