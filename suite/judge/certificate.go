package judge

import "slices"

// checkCertificate reports credentials that reached a host whose certificate proves
// nothing (LIV-14). Where our proxy struck the host with one, no call is verified.
func checkCertificate(_ *Observation, s *StepObservation) []Violation {
	stranger := s.Struck && slices.Contains(s.Step.Secrets.Value(s.Step.Expect.Probed).Answers, "tls-failure")
	for i := range s.Calls {
		c := &s.Calls[i]
		if len(c.Credentials) > 0 && c.Scheme == "https" && (c.Unverified || stranger) {
			return []Violation{{CertificateIgnored, "LIV-14", 0, "a credential reached a host that cannot prove its name", "the connection ends where the certificate is not the provider's", c.describe()}}
		}
	}
	return nil
}
