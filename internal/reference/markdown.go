package reference

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"strings"

	"github.com/vaurien-proxy/vaurien"
	"github.com/vaurien-proxy/vaurien/config"
)

// ExampleINI and ExampleYAML are the configuration files that the page shows.
var (
	//go:embed example.ini
	ExampleINI string
	//go:embed example.yaml
	ExampleYAML string
)

// Markdown writes the reference page.
func Markdown(out io.Writer, r *vaurien.Registry, commands []Command) error {
	var b bytes.Buffer
	b.WriteString("# Reference\n\nWritten by `vaurien docs` from the declarations in the program. Do not edit.\n")

	b.WriteString("\n## Commands\n\n| command | what it does |\n|---|---|\n")
	row(&b, "`vaurien`", "runs the proxies")
	for _, c := range commands {
		row(&b, "`vaurien "+c.Name+"`", c.Doc)
	}
	b.WriteString("\nFlags that are no settings:\n\n| flag | what it does |\n|---|---|\n")
	for _, i := range Invocations {
		row(&b, "`"+strings.TrimSpace("--"+i.Flag+" "+i.Value)+"`", i.Doc)
	}

	b.WriteString(settingsText)
	b.WriteString("\nHow values are written:\n\n| type | how |\n|---|---|\n")
	for _, t := range types {
		row(&b, string(t.name), t.doc)
	}
	for _, c := range chapters(r) {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n", c.title, capital(c.doc))
		for _, s := range c.sections {
			markdownSection(&b, s)
			if c.ofProtocols {
				markdownProtocol(&b, r, s.title)
			}
		}
	}
	fmt.Fprintf(&b, filesText, ExampleINI, ExampleYAML)
	b.WriteString(runningText)
	_, err := out.Write(b.Bytes())
	return err
}

func markdownSection(b *bytes.Buffer, s section) {
	if s.title != "" {
		fmt.Fprintf(b, "\n### %s\n\n%s.\n", s.title, capital(s.doc))
	}
	if len(s.fields) == 0 {
		b.WriteString("\nIt has no options of its own.\n")
		return
	}
	b.WriteString("\n| in files | flag | environment | type | default | what it is |\n|---|---|---|---|---|---|\n")
	for _, f := range s.fields {
		o := f.Option
		names := codes(append([]string{o.Name}, o.Aliases...))
		what := o.Doc
		if l := limits(o); l != "" {
			what += " (" + l + ")"
		}
		def := "none"
		if o.Default != "" {
			def = "`" + o.Default + "`"
		}
		row(b, names, "`"+strings.TrimSpace("--"+f.Flags()[0]+" "+Placeholder(f))+"`", "`"+f.Envs()[0]+"`",
			string(o.Type), def, what)
	}
	if f := s.fields[0]; f.Group == config.OfBehavior {
		fmt.Fprintf(b, "\nOlder flags: `--handlers.%s.OPTION`.\n", f.Kind)
	}
}

func codes(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// row writes a row of a table.
func row(b *bytes.Buffer, cells ...string) {
	for _, c := range cells {
		b.WriteString("| " + strings.ReplaceAll(c, "|", `\|`) + " ")
	}
	b.WriteString("|\n")
}

const settingsText = `
## Settings

A setting has its default, and may be written in a file, in the environment and
as a flag: the file is the machine, the environment is the session, and the
flags are you. Each goes over the one before. Values of behaviors and protocols
are merged option by option; a draw is replaced as a whole.

In names, ` + "`-` and `_`" + ` are the same. Wherever several names are given, the first is
the one to prefer and the others are understood.
`

const filesText = `
## Files

` + "`--config FILE`, or `" + config.FileVariable + "`" + `, names one file. It is ini if its name ends in
` + "`.ini`, `.cfg` or `.conf`, YAML if in `.yaml`, `.yml` or `.json`" + `, and otherwise what it looks
like. Unknown words, words given twice and values of the wrong type are refused
with their file and line.

ini describes one proxy, named ` + "`default`" + `:

` + "```ini\n%s```" + `

` + "`[handler:NAME]` is understood for `[behavior:NAME]`, `local` and `distant` for `proxy` and `backend`." + `

YAML describes any number of proxies by name:

` + "```yaml\n%s```" + `

What is said of a proxy outside ` + "`proxies`" + ` holds for each of them that does not say
otherwise; a file without ` + "`proxies`" + ` describes one that way, named ` + "`default`" + `.
` + "`handlers` is understood for `behaviors`." + ` Options in a draw's list go over those under
` + "`behaviors`" + `.

Flags and the environment describe the proxy named ` + "`default`" + `, or the only one there
is; a seed given there holds for every proxy.
`

const runningText = `
## Running

| signal | what it does |
|---|---|
| ` + "`SIGINT`, `SIGTERM`" + ` | stops accepting and lets sessions end for the time that ` + "`--drain`" + ` gives them; a second one ends at once |
| ` + "`SIGHUP`" + ` | reads the file again and changes the proxies to what it says, without dropping a connection where only plans and backends differ; a file with an error is refused whole and the one before stays in force |
| ` + "`SIGUSR1`" + ` | prints the table of what has been done so far, as it is printed at the end |

| exit status | meaning |
|---|---|
| 0 | ended as it was told to |
| 1 | could not run, such as when an address is in use |
| 2 | something that was written is wrong; standard error says where, one line each |
`
