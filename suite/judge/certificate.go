package judge

// checkCertificate reports credentials that reached a host whose certificate proves
// nothing (LIV-14). What a server's provisioning sends once the host is itself again
// is verified, so it is the call that tells, and not the step.
func checkCertificate(_ *Observation, s *StepObservation) []Violation {
	for i := range s.Calls {
		c := &s.Calls[i]
		if len(c.Credentials) > 0 && c.Scheme == "https" && c.Unverified {
			return []Violation{{CertificateIgnored, "LIV-14", 0, "a credential reached a host that cannot prove its name", "the connection ends where the certificate is not the provider's", c.describe()}}
		}
	}
	return nil
}
