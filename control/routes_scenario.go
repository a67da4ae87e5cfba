package control

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/vaurien-proxy/vaurien/option"
)

// scenarioRoutes is the part of our own dialect about scenarios, and about the
// end of all chaos.
func (a *api) scenarioRoutes() []route {
	return []route{
		{"GET", "/scenario", a.getScenario, failOwn},
		{"POST", "/scenario", a.startScenario, failOwn},
		{"DELETE", "/scenario", a.stopScenario, failOwn},
		{"PUT", "/scenario/lease", a.renewLease, failOwn},
		{"POST", "/scenario/release/{step}", a.releaseStep, failOwn},
		{"GET", "/stop", a.getStop, failOwn},
		{"POST", "/stop", a.stopAll, failOwn},
		{"POST", "/resume", a.resume, failOwn},
	}
}

func (a *api) getScenario(r *http.Request) (reply, error) {
	if _, err := query(r); err != nil {
		return reply{}, err
	}
	s, err := a.c.Scenario(r.Context())
	return reply{json: s}, err
}

// yamlTypes are what YAML is called: RFC 9512, and what was in use before it.
var yamlTypes = []string{"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"}

func (a *api) startScenario(r *http.Request) (reply, error) {
	q, err := query(r, "lease", "commands", "file")
	if err != nil {
		return reply{}, err
	}
	start := ScenarioStart{File: q.Get("file")}
	if !isFileName(start.File) {
		return reply{}, &option.Error{Place: "?file", Problem: "is no name of a file: write at most 200 characters that can be seen"}
	}
	switch who := q.Get("commands"); who {
	case "":
	case "caller":
		start.CallerRuns = true
	default:
		return reply{}, &option.Error{Place: "?commands", Problem: "is not caller: leave it out, unless you run the rails' commands yourself"}
	}
	if q.Has("lease") {
		if start.Lease, err = decodeFor(q.Get("lease"), "?lease"); err == nil {
			err = checkLease(start.Lease)
		}
		if err != nil {
			return reply{}, err
		}
	}
	if start.Text, err = readBody(r, yamlTypes...); err != nil {
		return reply{}, err
	}
	s, err := a.c.StartScenario(r.Context(), start)
	return reply{status: http.StatusCreated, json: s}, err
}

// isFileName says whether name can stand at the head of a line about an error.
func isFileName(name string) bool {
	return len(name) <= 200 && utf8.ValidString(name) && !strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) })
}

func (a *api) stopScenario(r *http.Request) (reply, error) {
	q, err := query(r, "reason")
	if err != nil {
		return reply{}, err
	}
	s, err := a.c.StopScenario(r.Context(), oneLine.Replace(q.Get("reason")))
	return reply{json: s}, err
}

func (a *api) renewLease(r *http.Request) (reply, error) {
	if _, err := query(r); err != nil {
		return reply{}, err
	}
	s, err := a.c.RenewLease(r.Context())
	return reply{json: s}, err
}

func (a *api) releaseStep(r *http.Request) (reply, error) {
	if _, err := query(r); err != nil {
		return reply{}, err
	}
	s, err := a.c.ReleaseStep(r.Context(), r.PathValue("step"))
	return reply{json: s}, err
}

func (a *api) getStop(r *http.Request) (reply, error) {
	if _, err := query(r); err != nil {
		return reply{}, err
	}
	h, err := a.c.Halted(r.Context())
	return reply{json: h}, err
}

func (a *api) stopAll(r *http.Request) (reply, error) {
	if _, err := query(r); err != nil {
		return reply{}, err
	}
	h, err := a.c.Stop(r.Context())
	return reply{json: h}, err
}

func (a *api) resume(r *http.Request) (reply, error) {
	if _, err := query(r); err != nil {
		return reply{}, err
	}
	h, err := a.c.Resume(r.Context())
	return reply{json: h}, err
}
