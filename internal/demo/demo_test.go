package demo_test

import (
	"bytes"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/vaurien-proxy/vaurien/internal/demo"
)

// Every behavior shows what it does, and the same each time.
func TestRun(t *testing.T) {
	var out, complaints bytes.Buffer
	log.SetOutput(&complaints) // where net/http speaks of odd connections
	defer log.SetOutput(os.Stderr)
	if err := demo.Run(t.Context(), &out, 7); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{
		"--behavior 100:dummy", `200 OK "hello from the backend"`,
		"--behavior 100:delay --behavior-delay-sleep 0.4",
		"503 Service Unavailable",
		"200 OK, but the body is",
		"no reply: connection closed (but the backend has served the request)",
		"no reply: timed out",
		"vaurien --help",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if complaints.Len() > 0 {
		t.Errorf("it shows what it should not: %s", complaints.String())
	}
	if t.Failed() {
		t.Log(text)
	}
}
