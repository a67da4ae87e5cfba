package reference

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/vaurien-proxy/vaurien"
)

// Fidelity writes the page docs/fidelity.md: for each failure of each protocol
// where its bytes come from and what a real client made of it. protocols holds
// the packages of the protocols, with their testdata: the captures of real
// servers, and what clients were seen to parse.
func Fidelity(out io.Writer, r *vaurien.Registry, protocols fs.FS) error {
	var b bytes.Buffer
	b.WriteString(fidelityText)
	for _, k := range r.Protocols() {
		f, ok := protocolOf(k).(vaurien.Failing)
		if !ok {
			continue
		}
		seen, err := clients(protocols, k.Name)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "\n## %s\n\n| kind | bytes | client | what it parsed |\n|---|---|---|---|\n", k.Name)
		for _, failure := range f.Failures() {
			rows := seen[failure.Name]
			if len(rows) == 0 {
				rows = [][2]string{{"none yet", ""}}
			}
			name, source := "`"+failure.Name+"`", failure.Source
			for _, client := range rows {
				row(&b, name, source, client[0], client[1])
				name, source = "", "" // said above
			}
			delete(seen, failure.Name)
		}
		for name := range seen {
			return fmt.Errorf("protocol/%s/testdata/clients.tsv: no failure is named %q", k.Name, name)
		}
	}
	_, err := out.Write(b.Bytes())
	return err
}

// clients reads what clients made of a protocol's failures: by failure, the
// clients and what they parsed.
func clients(protocols fs.FS, protocol string) (map[string][][2]string, error) {
	seen := make(map[string][][2]string)
	table, err := fs.ReadFile(protocols, protocol+"/testdata/clients.tsv")
	if errors.Is(err, fs.ErrNotExist) {
		return seen, nil
	}
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(table)) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(cells) != 3 {
			return nil, fmt.Errorf("protocol/%s/testdata/clients.tsv: %q has %d cells, not 3", protocol, line, len(cells))
		}
		seen[cells[0]] = append(seen[cells[0]], [2]string{cells[1], cells[2]})
	}
	return seen, nil
}

const fidelityText = `# Fidelity

Written by a test from the declarations in the program, the captures of real
servers and what real clients were seen to parse. Do not edit.

Clients decide by an error's code, class and moment whether to try again. So the
bytes of a failure are the server's own: captured from a real one that was
driven into it, and compared with ours field by field, or else written after
the source that is cited. Each failure was sent to at least one real client
through Vaurien; the last column is what it made of it. docs/reference.md says
in which phase each belongs and what it does to the connection.
`
