// Command web bundles the page that the control server shows at its root, from
// src and the packages of package.json into ../control/page/assets. Only who
// changes the page runs it; what it writes is committed.
//
//	npm ci && go run .
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// assets is where the bundle is kept.
const assets = "../control/page/assets"

func main() {
	files, err := bundle()
	if err == nil {
		err = write(files)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "web:", err)
		os.Exit(1)
	}
}

// bundle returns the files of the bundle by their names.
func bundle() (map[string][]byte, error) {
	if _, err := os.Stat("node_modules"); errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the packages are missing: run npm ci first")
	}
	result := api.Build(api.BuildOptions{
		EntryPointsAdvanced: []api.EntryPoint{
			{InputPath: "src/main.js", OutputPath: "page"},
			{InputPath: "src/style/main.css", OutputPath: "page"},
		},
		Outdir: assets,
		Bundle: true,
		// light-dark() of CSS is the newest thing that the page needs: these
		// are the first to have it.
		Engines: []api.Engine{
			{Name: api.EngineChrome, Version: "123"},
			{Name: api.EngineFirefox, Version: "120"},
			{Name: api.EngineSafari, Version: "17.5"},
		},
		Format:            api.FormatESModule,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		LegalComments:     api.LegalCommentsNone, // licenses.txt has them whole
		Banner:            map[string]string{"js": "// Bundled from web/ by esbuild. Licenses: licenses.txt"},
	})
	if len(result.Errors) > 0 {
		text := api.FormatMessages(result.Errors, api.FormatMessagesOptions{})
		return nil, errors.New(strings.TrimSpace(strings.Join(text, "")))
	}
	files := make(map[string][]byte)
	for _, f := range result.OutputFiles {
		files[filepath.Base(f.Path)] = f.Contents
	}
	for _, name := range []string{"index.html", "icon.svg"} {
		text, err := os.ReadFile(filepath.Join("src", name))
		if err != nil {
			return nil, err
		}
		files[name] = text
	}
	var err error
	files["licenses.txt"], err = licenses()
	return files, err
}

// licenses returns the licenses of the packages that the bundle contains.
func licenses() ([]byte, error) {
	one, _ := filepath.Glob("node_modules/*/LICENSE*")
	scoped, _ := filepath.Glob("node_modules/@*/*/LICENSE*")
	all := slices.Sorted(slices.Values(append(one, scoped...)))
	var out strings.Builder
	out.WriteString("page.js and page.css contain code of these packages:\n")
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "node_modules/")
		fmt.Fprintf(&out, "\n== %s\n\n%s\n", name, strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")))
	}
	return []byte(out.String()), nil
}

// write makes the committed bundle these files and no others.
func write(files map[string][]byte) error {
	if err := os.MkdirAll(assets, 0o755); err != nil {
		return err
	}
	old, err := os.ReadDir(assets)
	if err != nil {
		return err
	}
	for _, f := range old {
		if _, stays := files[f.Name()]; !stays {
			if err := os.Remove(filepath.Join(assets, f.Name())); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(assets, name), files[name], 0o644); err != nil {
			return err
		}
		fmt.Printf("%7d %s\n", len(files[name]), name)
	}
	return nil
}
