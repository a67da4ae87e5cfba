package reference

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/config"
)

const (
	lineWidth = 80
	docColumn = 8
)

const introduction = `vaurien is a chaos proxy: it stands between clients and a server, and some of
what passes it delays, breaks, or answers in the server's place.

Usage:
  vaurien [FLAGS]
  vaurien COMMAND [FLAGS]

Examples:
  vaurien demo
      shows what each behavior does to a client; needs nothing
  vaurien --backend localhost:80 --protocol http --behavior 20:delay,5:error
      on localhost:8000: of 100 exchanges 20 are late by a second, 5 are errors
  vaurien run --backend localhost:5432 --protocol postgres --behavior 10:error \
      --env 'DATABASE_URL=postgres://{addr}/db' -- ./test
      a command behind a proxy
  vaurien matrix --config matrix.yaml -- ./test
      a command once for each way in which a server fails
  vaurien --config vaurien.yaml --http
      many proxies; and then, while it runs, for instance:
      curl -d delay localhost:8080/handler
`

const epilogue = `
What stands in a file goes over the defaults, the environment over the file, and
flags over the environment. A flag's variable has its name in capitals, words
joined by _, after VAURIEN_: --log-level is VAURIEN_LOG_LEVEL. The older names
--local, --distant and --handlers.NAME.OPTION are understood as well.
`

// first are the flags that a newcomer needs, in the order of need.
var first = []string{
	"proxy", "backend", "behavior", "behavior-NAME-OPTION", "protocol",
	"seed", "http", "config", "check", "log-level",
}

// Help writes the text of vaurien --help: the flags that matter first, and
// then all of them.
func Help(out io.Writer, r *vaurien.Registry, commands []Command) error {
	var b bytes.Buffer
	b.WriteString(introduction)
	b.WriteString("\nCommands:\n")
	width := 0
	for _, c := range commands {
		width = max(width, len(c.Name))
	}
	for _, c := range commands {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, c.Name, c.Doc)
	}
	all := chapters(r)
	helpFirst(&b, all)
	for _, c := range all {
		fmt.Fprintf(&b, "\n%s: %s\n", c.title, c.doc)
		for _, s := range c.sections {
			if s.title != "" {
				writeEntry(&b, s.title, s.doc)
			}
			for _, f := range s.fields {
				helpField(&b, f)
			}
		}
	}
	b.WriteString(epilogue)
	_, err := out.Write(b.Bytes())
	return err
}

// helpFirst writes the flags that matter first, each on as few lines as it
// takes.
func helpFirst(b *bytes.Buffer, all []chapter) {
	b.WriteString("\nThe flags that matter first:\n")
	for _, name := range first {
		if name == "behavior-NAME-OPTION" {
			writeEntry(b, "--behavior-NAME-OPTION VALUE", "an option of a behavior: --behavior-delay-sleep 2; all are listed below")
			continue
		}
		found := false
		for _, c := range all {
			for _, f := range c.sections[0].fields {
				if f.Kind == "" && f.Option.Name == name {
					helpField(b, f)
					found = true
				}
			}
		}
		for _, i := range Invocations {
			if i.Flag == name {
				writeEntry(b, strings.TrimSpace("--"+i.Flag+" "+i.Value), i.Doc)
				found = true
			}
		}
		if !found {
			panic("reference: no flag " + name)
		}
	}
}

func helpField(b *bytes.Buffer, f config.Field) {
	head := strings.TrimSpace("--" + f.Flags()[0] + " " + Placeholder(f))
	var notes []string
	if l := limits(f.Option); l != "" {
		notes = append(notes, l)
	}
	if f.Option.Default != "" {
		notes = append(notes, "default "+f.Option.Default)
	}
	doc := f.Option.Doc
	if len(notes) > 0 {
		doc += " [" + strings.Join(notes, "; ") + "]"
	}
	writeEntry(b, head, doc)
}

// writeEntry writes a term and, on the lines below it, what it means.
func writeEntry(b *bytes.Buffer, head, doc string) {
	fmt.Fprintf(b, "  %s\n", head)
	column := 0
	for word := range strings.FieldsSeq(doc) {
		if column > 0 && column+1+len(word) > lineWidth {
			b.WriteByte('\n')
			column = 0
		}
		if column == 0 {
			b.WriteString(strings.Repeat(" ", docColumn))
			column = docColumn
		} else {
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	b.WriteByte('\n')
}
