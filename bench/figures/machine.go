package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// facts are what loadgen machine wrote of the measurements of one file. Where
// they were made in several goes that differ, a fact has all its values.
type facts struct{ seen []machine }

// machine is one line of it; the names are those of loadgen machine.
type machine struct {
	Date      string  `json:"date"`
	CPU       string  `json:"cpu"`
	CPUs      int     `json:"cpus"`
	MemoryGiB float64 `json:"memory_gib"`
	Kernel    string  `json:"kernel"`
	Go        string  `json:"go"`
	Vaurien   string  `json:"vaurien"`
	HAProxy   string  `json:"haproxy"`
	Nginx     string  `json:"nginx"`
	Toxiproxy string  `json:"toxiproxy"`
}

// add reads a line, and says whether it was one of these.
func (f *facts) add(line []byte) bool {
	var l struct {
		Machine *machine `json:"machine"`
	}
	if json.Unmarshal(line, &l) != nil || l.Machine == nil {
		return false
	}
	f.seen = append(f.seen, *l.Machine)
	return true
}

// of is the distinct values of one fact.
func (f *facts) of(field string) string {
	var values []string
	for _, m := range f.seen {
		v := fmt.Sprint(reflect.ValueOf(m).FieldByName(field).Interface())
		if v != "" && v != "0" && !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	return strings.Join(values, ", ")
}

// table is the section of the machine.
func (f *facts) table() string {
	var b strings.Builder
	b.WriteString("| measured | on |\n|---|---|\n")
	for _, row := range []struct{ title, value string }{
		{"date", f.of("Date")},
		{"processor", strings.Trim(f.of("CPU")+", cores: "+f.of("CPUs"), ", ")},
		{"memory", f.of("MemoryGiB") + " GiB"},
		{"kernel", "Linux " + f.of("Kernel")},
		{"Vaurien", f.of("Vaurien") + ", built with Go " + f.of("Go")},
		{"HAProxy", f.of("HAProxy")},
		{"nginx", f.of("Nginx")},
		{"Toxiproxy", f.of("Toxiproxy")},
	} {
		fmt.Fprintf(&b, "| %s | %s |\n", row.title, row.value)
	}
	return b.String()
}

// line says in a sentence when a section's figures were made, and of what.
func (f *facts) line() string {
	if len(f.seen) == 0 {
		return ""
	}
	return fmt.Sprintf("Measured %s: Vaurien %s, Linux %s, cores: %s.\n\n", f.of("Date"), f.of("Vaurien"), f.of("Kernel"), f.of("CPUs"))
}
