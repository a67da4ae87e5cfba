//go:build !buggy

package shop_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The shop with its bugs passes all tests but the two that are made for them.
func TestBugsAreFound(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "test", "-json", "-count=1", "-tags", "buggy", ".").Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
		t.Fatalf("go test -tags buggy: %v\n%s", err, out)
	}
	var passed, failed []string
	var said strings.Builder
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var e struct{ Action, Test, Output string }
		must(t, json.Unmarshal(lines.Bytes(), &e))
		said.WriteString(e.Output)
		switch {
		case e.Test == "" || strings.Contains(e.Test, "/"):
		case e.Action == "pass":
			passed = append(passed, e.Test)
		case e.Action == "fail":
			failed = append(failed, e.Test)
		}
	}
	if want := []string{"TestCustomerPaysOnce", "TestNewPriceStays"}; !slices.Equal(slices.Sorted(slices.Values(failed)), want) {
		t.Errorf("%q have failed, and should %q\n%s", failed, want, said.String())
	}
	if want := []string{"TestDeclined", "TestHTTP", "TestOrdinaryFailures", "TestPriceChanges", "TestShop"}; !slices.Equal(slices.Sorted(slices.Values(passed)), want) {
		t.Errorf("%q have passed, and should %q", passed, want)
	}
	for _, b := range blocks(t) {
		if b.kind == "text" {
			shows(t, b.text, said.String())
		}
	}
}
