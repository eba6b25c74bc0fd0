package reports_test

import (
	"testing"
	"time"

	"github.com/molecule-ai/byok-conformance/reports"
	"github.com/molecule-ai/byok-conformance/reports/reportstest"
)

func TestGolden(t *testing.T) {
	interrupted := reportstest.Sample()
	interrupted.Results = interrupted.Results[:1]
	interrupted.Footer = reportstest.Footer(interrupted, reports.Ended{Status: reports.Interrupted, Reason: "SIGINT", Finished: interrupted.Header.Started.Add(time.Second)})
	conformant := reportstest.Sample()
	all := conformant.Results
	conformant.Results = []reports.Result{all[0], all[3], all[4], all[6]}
	conformant.Count()
	for name, run := range map[string]*reportstest.Parts{"whole": reportstest.Sample(), "interrupted": interrupted, "conformant": conformant} {
		reportstest.Golden(t, name+".json", reportstest.JSON(t, run.Run()))
	}
}
